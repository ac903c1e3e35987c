"""Screens that cannot stop a command, and that show names as they are. Imports nothing slow."""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

from ganvas.cli.wording import worded

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDEST = 10_000
"""Columns of the widest table that is printed whole."""


class Unfailing:
    """A text stream that never raises: characters it lacks are replaced, and once something could
    not be written (a pipe that was closed, a terminal that is gone, a full disk) nothing is.

    ``lost`` is the error then.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: Exception | None = None

    def write(self, text: str) -> int:
        """Write a text if the stream still can; returns its length as if it could."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush the stream if it still can."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, call: Callable[[], object]) -> None:
        if self.lost is not None:
            return
        try:
            call()
        except (OSError, ValueError) as error:  # ValueError: it was closed
            self.lost = error
            # What is still in its buffer must go somewhere, or Python complains at the very end.
            with contextlib.suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())


@contextlib.contextmanager
def screens() -> Iterator[Unfailing]:
    """Within, stdout and stderr are ``Unfailing``, and warnings are a line each; yields stdout."""
    before = sys.stdout, sys.stderr
    with contextlib.ExitStack() as stack:
        # A process may begin without them (`>&-`).
        whole = [s or stack.enter_context(open(os.devnull, "w")) for s in before]
        for stream in whole:
            stack.enter_context(_replacing(stream))
        out, err = map(Unfailing, whole)
        stack.enter_context(warnings.catch_warnings())
        warnings.showwarning = lambda message, *_, **__: print(
            f"warning: {worded(str(message))}", file=err
        )
        sys.stdout, sys.stderr = out, err  # pyright: ignore[reportAttributeAccessIssue]
        try:
            yield out
        finally:
            out.flush()
            err.flush()
            sys.stdout, sys.stderr = before


@contextlib.contextmanager
def _replacing(stream: Any) -> Iterator[None]:
    """Characters that a stream's encoding lacks are replaced, for a while."""
    if not hasattr(stream, "reconfigure"):  # it encodes nothing
        yield
        return
    errors = stream.errors
    stream.reconfigure(errors="replace")
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            stream.reconfigure(errors=errors)


def console(*, stderr: bool = False) -> "Console":
    """Shows text as it is: no markup, no emoji, no line broken but by the terminal itself."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


def new_table() -> "Table":
    """A table without lines, whose columns are still to be added."""
    from rich.table import Table

    return Table(box=None, header_style="bold", pad_edge=False)


def show_table(table: "Table") -> None:
    """Print a table. Columns that are not to be wrapped are whole, whatever the screen's width."""
    screen = console()
    least = screen.measure(table, options=screen.options.update(max_width=WIDEST)).minimum
    screen.width = max(screen.width, least)
    screen.print(table, soft_wrap=False)
