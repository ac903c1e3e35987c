"""What a session lets others know while it lives: its listeners, such as a screen, and, through
files, any process."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganvas import own_code
from ganvas.engine.engine import Engine
from ganvas.errors import UserError
from ganvas.store import control
from ganvas.store.event import Event, Listener
from ganvas.store.event_log import EventLog
from ganvas.store.status import LIVE, Status, StatusFile
from ganvas.training.stopwatch import Stopwatch

NEWEST = {"sampled": "sample", "evaluated": "evaluation"}
"""What there is a newest of after an event."""


class Listeners:
    """Several listeners as one; the first failure of each is a warning and its last call."""

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._listeners = list(listeners)

    def __call__(self, event: Event) -> None:
        """Call each with the event."""
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception as error:
                self._listeners.remove(listener)
                name = getattr(listener, "__qualname__", type(listener).__name__)
                warnings.warn(
                    f"{name} stopped listening, training goes on: {own_code.described(error)}",
                    RuntimeWarning,
                    stacklevel=2,
                )


class Announcer:
    """Tells listeners what was chosen before there is a run to tell it, and keeps it for the run.

    Args:
        listeners: called with an event for each text.
        total: images that the run will see.

    Attributes:
        listeners: the same, as one.
        said: every text so far.
    """

    def __init__(self, listeners: Iterable[Listener], total: int) -> None:
        self.said: list[str] = []
        self.listeners = Listeners(listeners)
        self._total = total

    def __call__(self, text: str) -> None:
        """Tell one text."""
        self.said.append(text)
        self.listeners(Event("chosen", 0, self._total, text=text))


class News:
    """Tells listeners of events, adds these to ``events.jsonl``, and keeps ``status.json``.

    Args:
        path: the run folder.
        engine: has the clock.
        stopwatch: of the session.
        total: the clock at which the run will end, whenever it is asked.
        listener: called with every event.
    """

    def __init__(
        self,
        path: Path,
        engine: Engine,
        stopwatch: Stopwatch,
        total: Callable[[], int],
        listener: Listener,
    ) -> None:
        self._path = path
        self._engine = engine
        self._stopwatch = stopwatch
        self._total = total
        self._listener = listener
        self._status, self._state = StatusFile(path, engine.images), "preparing"
        self._events = EventLog(path)

    def open(self, kind: str, said: Iterable[str]) -> None:
        """Begin the session's events.

        Args:
            kind: ``began`` or ``resumed``.
            said: what listeners were told before there was a folder.
        """
        self._events.append(kind, self._engine.images)
        for text in said:
            self._events.append("chosen", self._engine.images, text=text)

    def begin(self) -> None:
        """From here on other processes can watch the session and ask it for something."""
        control.clear(self._path)
        self.show("preparing")

    def show(self, state: str | None = None, why: str = "") -> None:
        """Write the status: a new state, or the one that still holds."""
        self._state = state or self._state
        images, total, watch = self._engine.images, self._total(), self._stopwatch
        left = watch.left(images, total) if self._state in LIVE else None
        speed, seconds = round(watch.newest_speed(images), 1), round(watch.seconds(), 2)
        self._status.write(Status(self._state, images, total, speed, seconds, left, why))

    def beat(self) -> bool:
        """Write the status if the last beat was some seconds ago; whether it was."""
        is_due = self._status.is_due()
        if is_due:
            self.show()
        return is_due

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """The state within, and no longer, whatever becomes of the evaluation."""
        before = self._state
        self.show("evaluating")
        try:
            yield
        finally:
            self.show(before)

    def has_newest(self, what: str, *, path: Path | None = None, text: str = "") -> None:
        """There is a new ``sample``, ``checkpoint`` or ``evaluation``."""
        self._status.note(what, self._engine.images, path, text)

    def tell(self, kind: str, **more: Any) -> None:
        """Tell of an event; it is written down too, unless it stands in the log.

        Args:
            kind: see ``Event``.
            more: what else an ``Event`` has, by name.
        """
        if kind in NEWEST:
            self.has_newest(NEWEST[kind], path=more.get("path"), text=more.get("text", ""))
        if kind != "progress":
            self._events.append(kind, self._engine.images, **more)
        self._tell_listeners(kind, **more)

    def asked(self, request: control.Request) -> None:
        """Tell of what another process asks for."""
        self.tell("asked", text=request.do, request=request.id)

    def ended(self) -> None:
        """Tell the listeners alone that this session has played its last round."""
        self._tell_listeners("ended")

    def end(self, signal: str | None, seconds: float) -> None:
        """Write down that the session is over, or what ``signal`` stopped it, and tell of it.

        seconds: trained so far, as the last checkpoint says.
        """
        why = signal or ("minutes" if self._engine.images < self._total() else "")
        self._close("stopped" if why else "ended", why)
        text = signal or ""
        self._tell_listeners("concluded", seconds=seconds, path=self._path, text=text)

    def fail(self, error: BaseException) -> None:
        """Write down what error ended the session, and where in a user's own code it was."""
        is_said = isinstance(error, UserError)
        self._close("failed", str(error) if is_said else own_code.described(error))

    def _close(self, state: str, why: str) -> None:
        control.clear(self._path)
        self._events.append(state, self._engine.images, text=why)
        self.show(state, why)

    def _tell_listeners(self, kind: str, **more: Any) -> None:
        more = {"seconds": self._stopwatch.seconds(), **more}
        self._listener(Event(kind, self._engine.images, self._total(), **more))
