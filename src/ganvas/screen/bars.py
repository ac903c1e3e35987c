"""How far something is: a live bar in a terminal, a display in a notebook, else lines now and then.

Each has ``show`` and ``close``.
"""

import time
from html import escape
from typing import Any, NamedTuple, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ganvas.screen.surroundings import in_notebook

PLAIN_SECONDS = 15.0
"""Between two lines of progress where there is no terminal."""

NOTEBOOK_SECONDS = 0.5
"""Between two updates of a display in a notebook."""


class Facts(NamedTuple):
    """How far something is.

    done, total: in whatever is counted.
    clock: the same as text.
    details: what else there is to say, a line each.
    """

    done: int
    total: int
    clock: str
    details: tuple[str, ...] = ()


class Bar(Protocol):
    """Shows how far something is."""

    def show(self, facts: Facts) -> None:
        """Show where it stands now."""
        ...

    def close(self) -> None:
        """Leave what was shown last; nothing more will come."""
        ...


class TerminalBar:
    """A live bar with its details beside it.

    Args:
        console: of a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.fields[clock]}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[details]}", markup=False),
            console=console,
            refresh_per_second=4,
        )
        self._task: TaskID | None = None

    def show(self, facts: Facts) -> None:
        """Show where it stands now."""
        words: dict[str, Any] = {"clock": facts.clock, "details": "\n".join(facts.details)}
        if self._task is None:
            self._task = self._bar.add_task("", total=facts.total, **words)
            self._bar.start()
        self._bar.update(self._task, total=facts.total, completed=facts.done, **words)

    def close(self) -> None:
        """Leave the bar as it is, and give the terminal back."""
        if self._task is not None:
            self._bar.stop()


class NotebookBar:
    """A display of the cell's that is replaced as things go on. It needs no widgets."""

    def __init__(self) -> None:
        self._display: Any = None
        self._facts: Facts | None = None
        self._last = 0.0

    def show(self, facts: Facts) -> None:
        """Show where it stands now, unless something was shown a moment ago."""
        self._facts = facts
        if time.monotonic() - self._last >= NOTEBOOK_SECONDS:
            self._last = time.monotonic()
            self._write(facts)

    def close(self) -> None:
        """Leave what came last."""
        if self._facts is not None:
            self._write(self._facts)

    def _write(self, facts: Facts) -> None:
        from IPython.display import display  # pyright: ignore[reportMissingImports]

        lines = [facts.clock, *filter(None, facts.details)]
        bar = f'<progress value="{facts.done}" max="{facts.total}" style="width:24em"></progress>'
        html = f"<div>{bar} {'<br>'.join(map(escape, lines))}</div>"
        bundle = {"text/plain": "  ".join(lines), "text/html": html}
        if self._display is None:
            self._display = display(bundle, raw=True, display_id=True)
        else:
            self._display.update(bundle, raw=True)


class PlainLines:
    """A line now and then, for a file or a pipe.

    Args:
        console: where they are printed.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = 0.0

    def show(self, facts: Facts) -> None:
        """Print a line, unless one was printed a moment ago."""
        if time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            self._console.print("  ".join([facts.clock, *filter(None, facts.details)]))

    def close(self) -> None:
        """Leave the lines as they are."""


def bar_on(console: Console) -> Bar:
    """The bar that suits where a console prints."""
    if in_notebook():
        return NotebookBar()
    return TerminalBar(console) if console.is_terminal else PlainLines(console)
