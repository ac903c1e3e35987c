"""Signals that act at the end of a round: the first asks to stop, a second stops at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODES = {"SIGINT": 130, "SIGTERM": 143}


class Interrupt:
    """``signal`` is the name of the signal that asked to stop, or None."""

    signal: str | None = None


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Catch Ctrl-C and SIGTERM while inside; outside the main thread nothing is caught."""
    asked = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def handle(number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if asked.signal is not None:
            os._exit(EXIT_CODES[name])  # checkpoints are whole or not there: nothing can be hurt
        asked.signal = name

    before = {s: signal.signal(s, handle) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
