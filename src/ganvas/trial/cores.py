"""How many processor cores others leave to this process."""

import os
import time
from collections.abc import Callable
from pathlib import Path

MOMENT = 0.3
"""Seconds of a short look: thirty ticks of Linux's accounts."""

STAT = Path("/proc/stat")


def free() -> float | None:
    """How many cores are free now: ``watch`` for a moment."""
    watched = watch()
    time.sleep(MOMENT)
    return watched()


def watch() -> Callable[[], float | None]:
    """Begin; what is returned tells, when called, how many of this process's cores others left
    alone since then, on average; what it used itself counts as left.

    Without Linux's accounts it goes by the load of the minute before; None where the system does
    not tell that either (Windows).
    """
    cores = _cores()
    before, used, began = ticks(cores), time.process_time(), time.monotonic()
    if before is None:
        left = _by_load(len(cores))
        return lambda: left

    def left_alone() -> float | None:
        now = ticks(cores)
        if now is None or sum(now) <= sum(before):
            return None
        idle = (now[1] - before[1]) / (sum(now) - sum(before))
        ours = (time.process_time() - used) / (time.monotonic() - began)
        return min(len(cores) * idle + ours, len(cores))

    return left_alone


def ticks(cores: set[int], stat: Path = STAT) -> tuple[int, int] | None:
    """Ticks so far in which these cores were busy (for other guests of the machine too), and in
    which they had nothing to do; None where the system keeps no such accounts."""
    names = {f"cpu{core}" for core in cores}
    try:
        rows = [line.split() for line in stat.read_text().splitlines()]
    except OSError:
        return None
    counts = [[int(number) for number in row[1:9]] for row in rows if row and row[0] in names]
    if len(counts) < len(cores):
        return None
    idle = sum(count[3] + count[4] for count in counts)  # the fifth waits for a disk
    return sum(map(sum, counts)) - idle, idle


def _cores() -> set[int]:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _by_load(count: int) -> float | None:
    try:
        return max(count - os.getloadavg()[0], 0.0)
    except (AttributeError, OSError):
        return None
