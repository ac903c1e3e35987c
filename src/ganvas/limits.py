"""How much memory this process may use: what the machine has, or its control groups allow if that
is less. A container does not see such a limit anywhere else, and is killed where it is passed."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
MEMORY = Path("/proc/meminfo")


def total_memory() -> int | None:
    """Bytes there are, for all that run here; None where the system does not tell."""
    found = [limit for folder in _groups() if (limit := _limit(folder)) is not None]
    with contextlib.suppress(AttributeError, OSError, ValueError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(found, default=None)


def free_memory() -> int | None:
    """Bytes that may still be used; None where the system does not tell."""
    found = [left for folder in _groups() if (left := _left(folder)) is not None]
    with contextlib.suppress(OSError, StopIteration):
        lines = MEMORY.read_text().splitlines()
        found.append(next(int(line.split()[1]) << 10 for line in lines if "MemAvailable" in line))
    return min(found, default=None)


def _groups() -> Iterator[Path]:
    """The folders of this process's groups, and of all that these lie in: each may have a limit.

    In a container the root is often its own group, and the path to it is not there.
    """
    try:
        lines = OWN.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = GROUPS / "memory" if controllers else GROUPS  # version 1, or 2
        place = top / path.lstrip("/")
        yield from (place, *(above for above in place.parents if above.is_relative_to(top)))


def _limit(folder: Path) -> int | None:
    return _number(folder, "memory.max", "memory.limit_in_bytes")


def _left(folder: Path) -> int | None:
    """What a group's limit leaves; files that the system keeps in memory do not count."""
    most, used = _limit(folder), _number(folder, "memory.current", "memory.usage_in_bytes")
    if most is None or used is None:
        return None
    kept = 0
    with contextlib.suppress(OSError, ValueError):
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        kept = int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    return max(0, most - used + kept)


def _number(folder: Path, *names: str) -> int | None:
    """The first of these files that holds a number; ``max`` is none."""
    for name in names:
        with contextlib.suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None
