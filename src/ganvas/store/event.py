"""What happens in a session, as its listeners are told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ganvas.recipes.reading import registered


@dataclass(frozen=True)
class Event:
    """Something that happened.

    kind: ``chosen`` (how the run is played here, and how long), ``progress`` (a log line was
        written), ``sampled``, ``evaluated`` (an evaluation), ``saved``, ``asked`` (another process
        asks for what ``text`` says), ``warning``, ``ended`` (the last round is played) or
        ``concluded`` (all is written, ``path`` is the run folder, ``text`` the signal that stopped
        the session, if one did).
    images: the clock, in images seen.
    total: the clock at which the run will end.
    speed: images a second since the log line before; of ``progress``.
    seconds: trained so far, over all sessions.
    stats: the means since the log line before, or the figures of an evaluation, by name.
    path: the file or folder that was written; None where none was.
    text: a sentence for a screen; empty where the numbers say it.
    request: the id of what was asked for; of ``asked``.
    """

    kind: str
    images: int
    total: int
    speed: float = 0.0
    seconds: float = 0.0
    stats: Mapping[str, float] = field(default_factory=dict)
    path: Path | None = None
    text: str = ""
    request: str = ""


Listener = Callable[[Event], None]
"""Is called with every event of a session."""

LISTENERS: dict[str, Listener] = {}
"""What plug-ins register, by name."""


def found_listeners(given: Iterable[Listener | str]) -> list[Listener]:
    """These listeners, some of which are registered under a name.

    Raises:
        UsageError: no listener has this name.
    """
    return [
        registered(each, LISTENERS, "listener") if isinstance(each, str) else each for each in given
    ]
