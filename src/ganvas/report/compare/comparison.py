"""``ganvas.compare``: runs beside each other, to print, to look at, to save."""

from collections.abc import Iterable
from pathlib import Path
from shutil import get_terminal_size

from ganvas.report.compare import comparison_files, comparison_page, comparison_text
from ganvas.report.compare.compared_runs import ComparedRuns, read_runs
from ganvas.store.run import Run

Comparable = str | Path | Run
"""A run, by its folder or opened."""


class Comparison(ComparedRuns):
    """Several runs beside each other: ``print`` it, leave it at the end of a notebook's cell, or
    save it. What it holds is said in ``ComparedRuns``."""

    def __str__(self) -> str:
        """The settings that differ and the figures, a column a run, and what to beware of."""
        return comparison_text.text(self, get_terminal_size().columns)

    def __repr__(self) -> str:
        """The names of the runs."""
        return f"Comparison({', '.join(self.paths)})"

    def _repr_html_(self) -> str:
        """The same as tables, for a notebook."""
        return comparison_page.tables(self)

    def save(self, path: str | Path) -> Path:
        """Write a self-contained page: the tables, figures with their intervals, the curves of all
        runs over each other, samples. Returns its path.

        Raises:
            UserError: the disk is full or cannot be written.
        """
        return comparison_files.write_page(self, Path(path))

    def to_csv(self, path: str | Path) -> Path:
        """Write a table: a row a run and metric, with its interval, the samples, the features, the
        images seen, and a column a setting that differs. Returns its path.

        A run that was never evaluated has one row, without a metric.

        Raises:
            UserError: the disk is full or cannot be written.
        """
        return comparison_files.write_csv(self, Path(path))


def compare(runs: Iterable[Comparable]) -> Comparison:
    """Set runs beside each other: the settings that differ, their newest figures, their curves.

    Nothing is trained, measured or written.

    Args:
        runs: at least two, by their folders or opened. Such that were never evaluated may be among
            them: they have settings and curves.

    Raises:
        UsageError: there is no run at a path, or fewer than two runs are given.
    """
    return Comparison(**vars(read_runs(runs)))
