"""How far an evaluation is: a bar a stage in a terminal or a notebook, else a line a stage."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ganvas.evaluation.samples import Progress as Listening
from ganvas.screen.bars import Facts, NotebookBar
from ganvas.screen.console import console
from ganvas.screen.guarded import Guarded
from ganvas.screen.surroundings import in_notebook, is_wanted


class Stages:
    """Progress of stages; use as a context manager around them.

    Args:
        stderr: on the error stream, where the output is for figures.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        self._console = console(stderr=stderr)
        self._notebook = NotebookBar() if in_notebook() else None
        self._live = self._console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,} of {task.total:,}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._named: set[str] = set()
        self._safely = Guarded("the work goes on")

    def __enter__(self) -> "Stages":
        if self._live:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._bar.stop()
        if self._notebook is not None:
            self._notebook.close()

    def update(self, what: str, done: int, total: int) -> None:
        """Show how far a stage is; ``what`` is its name, and a detail after a colon."""
        self._safely(self._update, what, done, total)

    def _update(self, what: str, done: int, total: int) -> None:
        stage, _, detail = what.partition(": ")
        label = f"{stage} {detail}".strip()
        if self._notebook is not None:
            self._notebook.show(Facts(done, total, f"{label}: {done:,} of {total:,}"))
        elif self._live:
            if stage not in self._tasks:
                self._tasks[stage] = self._bar.add_task(stage, total=total)
            self._bar.update(self._tasks[stage], completed=done, total=total, description=label)
        elif stage not in self._named:
            self._named.add(stage)
            self._console.print(f"{stage}: {total:,}")


@contextmanager
def shown_stages(show: bool | None, progress: Listening | None) -> Iterator[Listening | None]:
    """Who is told how far an evaluation is: whom the caller names, or a screen where one is wanted.

    Args:
        show: see ``is_wanted``.
        progress: that of the caller; None lets the screen show it.
    """
    if progress is not None or not is_wanted(show):
        yield progress
        return
    with Stages() as stages:
        yield stages.update
