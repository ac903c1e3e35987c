"""What a run tells its listeners, such as a screen, while it trains."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Event:
    """Something that happened.

    kind: ``chosen`` (how the run is played here, and how long), ``progress`` (a log line was
        written), ``sampled``, ``evaluated`` (an evaluation), ``saved``, ``warning`` or ``ended``.
    images: the clock, in images seen.
    total: the clock at which the run will end.
    speed: images a second since the log line before; of ``progress``.
    seconds: trained so far, over all sessions.
    stats: the means since the log line before, or the figures of an evaluation, by name.
    path: the file or folder that was written; None where none was.
    text: a sentence for a screen; empty where the numbers say it.
    """

    kind: str
    images: int
    total: int
    speed: float = 0.0
    seconds: float = 0.0
    stats: Mapping[str, float] = field(default_factory=dict)
    path: Path | None = None
    text: str = ""


Listener = Callable[[Event], None]


def announcer(listeners: Iterable[Listener], total: int) -> Callable[[str], None]:
    """A function that tells listeners what was chosen, before there is a run to tell it.

    Args:
        listeners: called with an event for each text.
        total: images that the run will see.
    """

    def announce(text: str) -> None:
        for listener in listeners:
            listener(Event("chosen", 0, total, text=text))

    return announce
