"""Streams that cannot stop a command, and warnings as lines. Imports nothing slow."""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from ganvas.cli.wording import worded


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
