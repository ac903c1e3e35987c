"""``events.jsonl``: what happened in a run, over all of its sessions, a line each.

A resume cuts nothing off: a line tells what happened once, even where the run was killed after it
and has played that moment again since.
"""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ganvas.disk import Tolerant
from ganvas.store.json_lines import START, Part, Place, append_lines, read_on

FILE = "events.jsonl"


class EventLog:
    """Adds to a run's ``events.jsonl``. What cannot be written is a warning, the first time.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tolerant = Tolerant(folder / FILE)

    def append(self, kind: str, images: int, *, path: Path | None = None, **more: Any) -> None:
        """Add a line: the time, the clock, the kind, and what of the rest is not empty.

        Args:
            kind: an event's (see ``training/events.py``), or ``began``, ``resumed``, ``stopped``
                or ``failed``.
            images: seen, the clock.
            path: what was written, in the run folder.
            more: other facts by name, such as ``text``.
        """
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        if path is not None:
            more = {"path": path.relative_to(self._folder).as_posix(), **more}
        facts = {name: value for name, value in more.items() if value}
        with self._tolerant:
            append_lines(
                self._folder / FILE, [{"time": now, "images": images, "kind": kind, **facts}]
            )


def read_events(path: Path, place: Place = START) -> Part:
    """The events of a run folder after ``place``; a line that a kill cut short is left out."""
    return read_on(path / FILE, place)
