"""The screen of a training run: a live bar in a terminal, plain lines in a file."""

import time
from shlex import quote
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ganvas.cli.screen import console
from ganvas.cli.wording import worded
from ganvas.store.run import Run
from ganvas.training.events import Event
from ganvas.words import duration

PLAIN_SECONDS = 15.0
"""Between two lines of progress where there is no terminal."""


class TrainingScreen:
    """Shows a session's events; use as a context manager around it."""

    def __init__(self) -> None:
        self.console = console()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._last_plain = 0.0
        self._newest = ""
        self._metrics = (0, "")

    def __enter__(self) -> "TrainingScreen":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def reading(self, done: int, total: int) -> None:
        """Show how many of ``total`` images have been read."""
        if self.console.is_terminal and total:
            end = "\n" if done >= total else "\r"
            self.console.print(f"reading images {done:,} of {total:,}", end=end)

    def listen(self, event: Event) -> None:
        """Show an event of the session."""
        if event.kind == "chosen":
            self.console.print(worded(event.text))
        elif event.kind == "asked":
            self.console.print(f"another process asks: {event.text}")
        elif event.kind == "warning":
            self.console.print(f"warning: {worded(event.text)}", style="yellow")
        elif event.kind == "sampled" and event.path is not None:
            folder = event.path.parent
            place = folder.parent if folder.name == "samples" else folder
            if not self._newest:
                self.console.print(f"run folder: {place}")
            # Short, since a bar cuts what is wider than the terminal.
            self._newest = f"newest samples: {event.path.relative_to(place)}"
        elif event.kind == "evaluated":
            self._metrics = (event.images, worded(event.text))
            self.console.print(f"{event.images:,} images: {self._metrics[1]}")
        elif event.kind == "progress":
            self._show(event)

    def conclude(self, run: Run, *, stopped: bool) -> None:
        """Say where everything lies."""
        path = run.path
        end = "stopped and saved" if stopped else "finished"
        lines = [
            f"{end}: {run.images:,} images in {duration(run.seconds)}",
            f"  samples     {path / 'samples.png'}",
            f"  checkpoint  {path / 'checkpoints' / f'{run.images:09d}'}",
            f"  report      {path / 'report.html'}",
        ]
        images, metrics = self._metrics
        if metrics and images == run.images:
            lines.insert(1, f"  metrics     {metrics}")
        if stopped or run.images < run.recipe.images:
            lines.append(f"  go on with  ganvas resume {quote(str(path))}")
        else:
            lines.append(f"  draw more   ganvas sample {quote(str(path))} --out grid.png")
        self.console.print("\n".join(lines))

    def _show(self, event: Event) -> None:
        facts = _facts(event)
        if not self.console.is_terminal:
            if time.monotonic() - self._last_plain >= PLAIN_SECONDS:
                self._last_plain = time.monotonic()
                clock = f"{event.images:,} of {event.total:,} images"
                line = "  ".join([clock, facts["rates"], facts["losses"]])
                self.console.print(line)
            return
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.fields[clock]}", markup=False),
                BarColumn(bar_width=24),
                TextColumn(
                    "{task.fields[rates]}\n{task.fields[losses]}\n{task.fields[newest]}",
                    markup=False,
                ),
                console=self.console,
                refresh_per_second=4,
            )
            self._task = self._bar.add_task("", total=event.total, clock="", newest="", **facts)
            self._bar.start()
        assert self._task is not None
        clock = f"{event.images:,} of {event.total:,} images"
        self._bar.update(
            self._task,
            total=event.total,
            completed=event.images,
            clock=clock,
            newest=self._newest,
            **facts,
        )


def _facts(event: Event) -> dict[str, Any]:
    """Speed, time left and losses, as text."""
    left = (event.total - event.images) / event.speed if event.speed else 0.0
    losses = {k.split("/")[1]: v for k, v in event.stats.items() if k.startswith("loss/")}
    text = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
    return {
        "rates": f"{event.speed:,.0f} images/s  {duration(left)} left",
        "losses": f"losses: {text}",
    }
