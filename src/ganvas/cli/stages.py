"""How far an evaluation is."""

import sys

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ganvas.cli.screen import console


class Stages:
    """Progress on the error stream: a bar a stage in a terminal, else a line a stage."""

    def __init__(self) -> None:
        screen = console(stderr=True)
        self._live = screen.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,} of {task.total:,}"),
            TimeRemainingColumn(),
            console=screen,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._named: set[str] = set()

    def __enter__(self) -> "Stages":
        if self._live:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._bar.stop()

    def update(self, what: str, done: int, total: int) -> None:
        """Show how far a stage is; ``what`` is its name, and a detail after a colon."""
        stage, _, detail = what.partition(": ")
        if not self._live:
            if stage not in self._named:
                self._named.add(stage)
                print(f"{stage}: {total:,}", file=sys.stderr)
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=total)
        label = f"{stage} {detail}".strip()
        self._bar.update(self._tasks[stage], completed=done, total=total, description=label)
