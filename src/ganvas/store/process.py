"""Whether a process of this machine still lives, told apart from a later one of its number."""

import os
from pathlib import Path


def born(pid: int) -> str:
    """When a process began, in ticks since its machine started; empty where Linux does not say."""
    return _stat(pid)[1]


def is_gone(pid: int, when: str) -> bool:
    """Whether a process of this machine has ended.

    Args:
        pid: its number.
        when: what ``born`` said of it while it lived.
    """
    if os.name == "nt":  # os.kill would end it there; nobody else is asked
        return False
    try:
        os.kill(pid, 0)  # sends nothing
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # it lives, and is another user's
        pass
    state, began = _stat(pid)
    return state in ("Z", "X") or (bool(when) and began != when)


def _stat(pid: int) -> tuple[str, str]:
    """A process's state and the moment at which it began, by ``/proc``; empty without it."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "", ""
    facts = text.rpartition(")")[2].split()  # after its name, which may hold anything
    return facts[0], facts[19]
