"""How much memory this process may use: the machine's, or less where control groups limit it.

A container learns of such a limit nowhere else, and is killed when it passes it.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
MEMORY = Path("/proc/meminfo")


def total_memory() -> int | None:
    """Bytes of memory for all processes here; None where the system does not say."""
    found = [limit for folder in _groups() if (limit := _limit(folder)) is not None]
    with contextlib.suppress(AttributeError, OSError, ValueError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(found, default=None)


def free_memory() -> int | None:
    """Bytes of memory that may still be used; None where the system does not say."""
    found = [left for folder in _groups() if (left := _left(folder)) is not None]
    with contextlib.suppress(OSError, StopIteration):
        lines = MEMORY.read_text().splitlines()
        found.append(next(int(line.split()[1]) << 10 for line in lines if "MemAvailable" in line))
    return min(found, default=None)


def _groups() -> Iterator[Path]:
    """The folders of this process's groups and of all groups around them: each may have a limit.

    In a container the root is often its own group, and the path to it does not exist.
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
    """Bytes below a group's limit; files that the system caches in memory do not count as used."""
    most, used = _limit(folder), _number(folder, "memory.current", "memory.usage_in_bytes")
    if most is None or used is None:
        return None
    kept = 0
    with contextlib.suppress(OSError, ValueError):
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        kept = int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    return max(0, most - used + kept)


def _number(folder: Path, *names: str) -> int | None:
    """The number in the first of these files that holds one; the word ``max`` is no number."""
    for name in names:
        with contextlib.suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None
