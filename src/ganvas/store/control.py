"""``control.json``: what another process asks of the one that trains a run.

    ask("runs/0001-mnist", "sample")

The request is obeyed at the end of a round, within seconds, and its file is removed.
"""

import contextlib
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from ganvas.disk import explain, replace_file
from ganvas.errors import UsageError, UserError
from ganvas.store import run_folder
from ganvas.store.status import read_status

FILE = "control.json"

REQUESTS = ("stop", "save", "sample", "evaluate")
"""What can be asked for: stop as Ctrl-C does; a checkpoint; ``samples.png``; an evaluation."""

LARGEST = 4096
"""Bytes of a request, at most."""


@dataclass(frozen=True)
class Request:
    """What is asked for.

    do: one of ``REQUESTS``.
    id: of who asks, by which ``events.jsonl`` names the request once it is obeyed.
    """

    do: str
    id: str = ""


def ask(run: str | Path, do: str) -> str:
    """Ask the process that trains a run for something; a request to stop replaces one that waits.

    Args:
        run: the run folder.
        do: one of ``REQUESTS``.

    Returns:
        The ``id`` that the event ``asked`` in ``events.jsonl`` has once it is obeyed.

    Raises:
        UsageError: there is no such request, no process trains the run, or another request waits.
        UserError: the disk is full or cannot be written.
    """
    path = run_folder.find(run)
    if do not in REQUESTS:
        raise UsageError(f"a run cannot be asked for {do!r}: say one of {', '.join(REQUESTS)}")
    status = read_status(path)
    if status is None or not status.is_live():
        raise UsageError(f"{path} is not being trained now, so nothing can be asked of it")
    file = path / FILE
    if do != "stop" and file.exists():
        raise UsageError(f"another request to {path} waits to be obeyed: ask again in a moment")
    request = {"do": do, "id": uuid.uuid4().hex[:12]}
    try:
        replace_file(file, json.dumps(request).encode(), flush=False)
    except OSError as error:
        raise explain(error, str(file)) from None
    return request["id"]


def take(path: Path) -> Request | None:
    """Remove the request that waits in a run folder, and return it; None where there is none.

    Raises:
        UserError: it is damaged, or asks for what is not known. It is removed all the same.
    """
    file = path / FILE
    if not file.exists():
        return None
    taken = path / f".tmp-{os.getpid()}-{FILE}"
    try:
        os.replace(file, taken)  # first, so that a request that comes meanwhile is not lost
    except OSError:
        return None
    try:
        return _parsed(taken)
    finally:
        with contextlib.suppress(OSError):
            taken.unlink()


def clear(path: Path) -> None:
    """Remove what nobody is there to obey."""
    with contextlib.suppress(OSError):
        (path / FILE).unlink(missing_ok=True)


def _parsed(file: Path) -> Request:
    try:
        with open(file, "rb") as opened:
            plain = json.loads(opened.read(LARGEST))
        request = Request(str(plain["do"]), str(plain.get("id", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{FILE} was damaged and is removed: nothing was done") from None
    if request.do not in REQUESTS:
        shown = repr(request.do[:40])
        raise UserError(f"{FILE} asked for {shown}, which nobody knows: nothing was done")
    return request
