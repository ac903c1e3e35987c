"""``status.json``: how a run is at this moment, for other processes to watch.

It is replaced as a whole every few seconds while a run is trained, and last when that ends. Runs of
older versions have none.
"""

import dataclasses
import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ganvas.disk import Tolerant, replace_file
from ganvas.store import process
from ganvas.words import duration

FORMAT = 1
FILE = "status.json"

BEAT = 2.0
"""Seconds between two beats, at least."""

OLD = 10.0
"""Seconds after which a beat is old: only then is it asked whether the process is gone."""

LIVE = ("preparing", "training", "evaluating")
"""States of a run that a process is busy with."""

ENDINGS = {"request": "on request", "minutes": "as its minutes were over"}
"""Why a run was stopped, in words; other reasons are signals."""


@dataclass(frozen=True)
class Newest:
    """The newest sample grid, checkpoint or evaluation.

    images: seen when it was made.
    path: its file or folder, in the run folder; empty for an evaluation.
    text: the figures of an evaluation in words; empty for others.
    """

    images: int
    path: str = ""
    text: str = ""


@dataclass(frozen=True)
class Status:
    """How a run is.

    state: ``preparing`` (what comes before the first round), ``training``, ``evaluating``,
        ``stopped``, ``ended`` or ``failed``.
    images: seen, the clock.
    total: images that will have been seen at the end.
    speed: images a second at the last log line, or before it since training began.
    seconds: trained so far, over all sessions.
    left: seconds until the end, by the speed or the minutes; None where nobody knows.
    why: of ``stopped``: a signal's name, ``request`` (another process asked) or ``minutes``; of
        ``failed``: the error. Otherwise empty.
    newest: the newest ``sample``, ``checkpoint`` and ``evaluation``, where there is one.
    beat: when this was written, as ISO 8601 in UTC.
    epoch: the same in seconds since 1970.
    host: the machine's name.
    pid: the number of the process.
    born: when that began, in ticks of its machine; empty where that is not to be had.
    format: of this file.
    """

    state: str
    images: int
    total: int
    speed: float
    seconds: float
    left: float | None
    why: str = ""
    newest: Mapping[str, Newest] = field(default_factory=dict)
    beat: str = ""
    epoch: float = 0.0
    host: str = ""
    pid: int = 0
    born: str = ""
    format: int = FORMAT

    def state_now(self, now: float | None = None) -> str:
        """The state, or ``lost`` where the process was killed: its beat is old and it is gone.

        What became of a process of another machine is not known; its state stays.

        Args:
            now: seconds since 1970, by default those of this moment.
        """
        now = time.time() if now is None else now
        is_old = self.state in LIVE and now - self.epoch > OLD and self.host == socket.gethostname()
        return "lost" if is_old and process.is_gone(self.pid, self.born) else self.state

    def is_live(self) -> bool:
        """Whether a process is busy with the run, as far as can be known."""
        return self.state_now() in LIVE

    def words(self) -> str:
        """The state in a few words, such as ``training: 37%, 1,200 images/s, 3 min 20 s left``."""
        state, share = self.state_now(), f"{100 * self.images // max(self.total, 1)}%"
        if state == "ended":
            return state
        if state == "failed":
            return f"failed at {share}: {self.why}"
        if state == "lost":
            return f"lost at {share}: its process was killed"
        if state == "stopped":
            return f"stopped at {share} {ENDINGS.get(self.why, f'by {self.why}')}"
        facts = [share]
        if self.speed:
            facts.append(f"{self.speed:,.0f} images/s")
        if self.left is not None:
            facts.append(f"{duration(self.left)} left")
        return f"{state}: {', '.join(facts)}"


class StatusFile:
    """Keeps ``status.json`` in a run folder. What cannot be written is a warning, the first time.

    Args:
        folder: the run folder.
        images: the clock at which this session begins.
    """

    def __init__(self, folder: Path, images: int) -> None:
        self._folder = folder
        self._tolerant = Tolerant(folder / FILE)
        self._due = time.monotonic() + BEAT
        before = read_status(folder)
        found = {} if before is None else before.newest
        self._newest = {what: each for what, each in found.items() if each.images <= images}
        pid = os.getpid()
        self._who = {"host": socket.gethostname(), "pid": pid, "born": process.born(pid)}

    def is_due(self) -> bool:
        """Whether it is time for a beat; it then is not for some seconds."""
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + BEAT
        return True

    def note(self, what: str, images: int, path: Path | None = None, text: str = "") -> None:
        """There is a new ``sample``, ``checkpoint`` or ``evaluation``; the next beat says so."""
        place = "" if path is None else path.relative_to(self._folder).as_posix()
        self._newest[what] = Newest(images, place, text)

    def write(self, status: Status) -> None:
        """Replace the file; the moment, the process and what is newest are filled in here."""
        now = datetime.now(timezone.utc)
        moment: dict[str, Any] = {
            "beat": now.isoformat(timespec="milliseconds"),
            "epoch": round(now.timestamp(), 3),
        }
        plain = dataclasses.asdict(replace(status, newest=self._newest, **moment, **self._who))
        with self._tolerant:
            content = json.dumps(plain, indent=1).encode()
            replace_file(self._folder / FILE, content, flush=False)


def read_status(path: Path) -> Status | None:
    """The status of a run folder; None where there is none, or what is there is damaged."""
    try:
        plain: dict[str, Any] = json.loads((path / FILE).read_bytes())
        newest = {what: Newest(**each) for what, each in plain.pop("newest").items()}
        known: dict[str, Any] = {each.name: each.type for each in dataclasses.fields(Status)}
        found = {name: value for name, value in plain.items() if name in known}
        if not all(isinstance(value, known[name]) for name, value in found.items()):
            return None
        return Status(newest=newest, **found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
