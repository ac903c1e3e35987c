"""Signals that act at the end of a round: the first asks to stop, a second stops at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

REQUEST = "request"
"""Stands in place of a signal's name where another process asked to stop (``store/control.py``)."""

EXIT_CODES = {"SIGHUP": 129, "SIGINT": 130, REQUEST: 130, "SIGTERM": 143}


class Interrupt:
    """Whether a signal, or another process, has asked to stop.

    signal: its name, such as ``SIGINT``, or ``REQUEST``; None as long as none has come.
    """

    signal: str | None = None


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Catch Ctrl-C, SIGTERM and, unless it was ignored (``nohup``), SIGHUP while inside; outside
    the main thread nothing is caught."""
    asked = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def handle(number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if asked.signal is not None:
            if name == "SIGHUP":  # a terminal that closes sends it, and then its shell once more
                return
            os._exit(EXIT_CODES[name])  # checkpoints are whole or not there: nothing can be hurt
        asked.signal = name

    wanted = [signal.SIGINT, signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up is not None and signal.getsignal(hang_up) != signal.SIG_IGN:
        wanted.append(hang_up)
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
