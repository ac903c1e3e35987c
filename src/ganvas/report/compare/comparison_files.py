"""A comparison of runs as a page and as a table for other programs."""

import csv
import io
from pathlib import Path

from ganvas.disk import explain, replace_file
from ganvas.report.compare.compared_runs import ComparedRuns
from ganvas.report.compare.comparison_page import page_of
from ganvas.report.compare.comparison_text import value_text

COLUMNS = ("run", "path", "metric", "value", "low", "high", "better", "floor")
"""The first columns of a table; ``low`` and ``high`` are the ends of the 95% interval."""

MEASURED = ("samples", "features", "images_seen")
"""The columns after these: how it was measured. Then come the settings that differ."""


def write_page(runs: ComparedRuns, path: Path) -> Path:
    """Write the page of a comparison; returns its path.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    return _write(path, page_of(runs))


def write_csv(runs: ComparedRuns, path: Path) -> Path:
    """Write the table of a comparison, a row a run and metric; returns its path.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    into = io.StringIO()
    writer = csv.DictWriter(into, [*COLUMNS, *MEASURED, *runs.settings], lineterminator="\n")
    writer.writeheader()
    for run, folder in runs.paths.items():
        own = {name: value_text(of[run]) for name, of in runs.settings.items() if run in of}
        own |= {"run": run, "path": str(folder), "images_seen": runs.images[run]}
        for record in runs.figures[run].values() or [{}]:
            known = {name: record[name] for name in (*COLUMNS, *MEASURED) if name in record}
            if record:
                known["features"] = record["features"]["name"]
            writer.writerow(own | known)
    return _write(path, into.getvalue().encode("utf-8", "replace"))


def _write(path: Path, content: bytes) -> Path:
    try:
        replace_file(path, content)
    except OSError as error:
        raise explain(error, str(path)) from None
    return path
