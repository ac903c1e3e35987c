"""The screen of a training run: its bar, what happened, and at the end where everything lies."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganvas.screen.bars import Bar, Facts, bar_on
from ganvas.screen.console import console
from ganvas.screen.guarded import Guarded
from ganvas.screen.hints import call
from ganvas.screen.surroundings import in_notebook, is_wanted
from ganvas.store.event import Event, Listener
from ganvas.words import duration


def _draw_more(path: Path) -> str:
    return f"{call('load', path)}.sample(64)"


class TrainingScreen:
    """Shows a session's events; use as a context manager around it.

    Whatever goes wrong with it is a warning, and the session goes on without it.

    Args:
        worded: makes a user's text of a text of Python.
        draw_more: the call, in Python's words, that draws more samples of a run folder.
    """

    def __init__(
        self,
        worded: Callable[[str], str] = str,
        draw_more: Callable[[Path], str] = _draw_more,
    ) -> None:
        self.console = console()
        self._worded = worded
        self._draw_more = draw_more
        self._bar: Bar | None = None
        self._newest = ""
        self._metrics = (0, "")
        self._safely = Guarded("training goes on")

    def __enter__(self) -> "TrainingScreen":
        return self

    def __exit__(self, *_: object) -> None:
        self._safely(self._close)

    def reading(self, done: int, total: int) -> None:
        """Show how many of ``total`` images have been read."""
        self._safely(self._reading, done, total)

    def listen(self, event: Event) -> None:
        """Show an event of the session."""
        self._safely(self._show, event)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _reading(self, done: int, total: int) -> None:
        text = f"reading images {done:,} of {total:,}"
        if in_notebook() and total:
            self._move(Facts(done, total, text))
            if done >= total:
                self._close()
        elif self.console.is_terminal and total:
            self.console.print(text, end="\n" if done >= total else "\r")

    def _show(self, event: Event) -> None:
        if event.kind == "chosen":
            self.console.print(self._worded(event.text))
        elif event.kind == "asked":
            self.console.print(f"another process asks: {event.text}")
        elif event.kind == "warning":
            self.console.print(f"warning: {self._worded(event.text)}", style="yellow")
        elif event.kind == "sampled" and event.path is not None:
            folder = event.path.parent
            place = folder.parent if folder.name == "samples" else folder
            if not self._newest:
                self.console.print(f"run folder: {place}")
            # Short, since a bar cuts what is wider than the terminal.
            self._newest = f"newest samples: {event.path.relative_to(place)}"
        elif event.kind == "evaluated":
            self._metrics = (event.images, self._worded(event.text))
            self.console.print(f"{event.images:,} images: {self._metrics[1]}")
        elif event.kind == "progress":
            self._move(_facts(event, self._newest))
        elif event.kind == "ended":
            self._close()
        elif event.kind == "concluded" and event.path is not None:
            self._conclude(event, event.path)

    def _move(self, facts: Facts) -> None:
        if self._bar is None:
            self._bar = bar_on(self.console)
        self._bar.show(facts)

    def _conclude(self, event: Event, path: Path) -> None:
        """Say where everything lies, and how to go on."""
        stopped = bool(event.text)
        end = "stopped and saved" if stopped else "finished"
        lines = [
            f"{end}: {event.images:,} images in {duration(event.seconds)}",
            f"  samples     {path / 'samples.png'}",
            f"  checkpoint  {path / 'checkpoints' / f'{event.images:09d}'}",
            f"  report      {path / 'report.html'}",
        ]
        images, metrics = self._metrics
        if metrics and images == event.images:
            lines.insert(1, f"  metrics     {metrics}")
        if stopped or event.images < event.total:
            lines.append(f"  go on with  {self._typed(call('resume', path))}")
        else:
            lines.append(f"  draw more   {self._typed(self._draw_more(path))}")
        self.console.print("\n".join(lines))

    def _typed(self, call: str) -> str:
        """A call as the user types it."""
        return self._worded(f"`{call}`").strip("`")


@contextmanager
def shown(
    show: bool | None, listeners: Iterable[Listener], reading: Any
) -> Iterator[tuple[list[Listener], Any]]:
    """Listeners and who is told of data that are read; a screen is among them where one is wanted.

    Args:
        show: see ``is_wanted``.
        listeners: those of the caller.
        reading: that of the caller; None lets the screen show it.
    """
    if not is_wanted(show):
        yield list(listeners), reading
        return
    with TrainingScreen() as screen:
        yield [screen.listen, *listeners], reading or screen.reading


def _facts(event: Event, newest: str) -> Facts:
    """Speed, time left and losses, as text."""
    left = (event.total - event.images) / event.speed if event.speed else 0.0
    losses = {k.split("/")[1]: v for k, v in event.stats.items() if k.startswith("loss/")}
    text = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
    rates = f"{event.speed:,.0f} images/s  {duration(left)} left"
    clock = f"{event.images:,} of {event.total:,} images"
    return Facts(event.images, event.total, clock, (rates, f"losses: {text}", newest))
