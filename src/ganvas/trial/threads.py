"""How many threads: as few as do.

Threads that share their cores with others wait for each other, and can be eight times slower than
one. So more are taken only where they are clearly faster all along, and where the cores are free.
"""

from collections.abc import Mapping, Sequence

MARGIN = 0.9
"""The share of the time of fewer threads that more must stay under."""

SPARE = 0.25
"""Of a core, that others may use beside: a system always does something."""

BUSY = "others use the cores"


def halvings(most: int) -> list[int]:
    """``most``, a half and a quarter of it, and one."""
    return sorted({most, most // 2, most // 4, 1} - {0}, reverse=True)


def fits(threads: int, free: float | None) -> bool:
    """Whether so many threads have a core each; None is not known."""
    return threads == 1 or free is None or threads <= free + SPARE


def fewest(times: Mapping[int, Sequence[float]], free: float | None) -> int:
    """The number of threads to play with.

    Args:
        times: seconds of rounds with each number, played in turn; fewer where it was hopeless.
        free: cores that others left alone meanwhile, where that is known.
    """
    counts = sorted(times)
    chosen = counts[0]
    for count in counts[1:]:
        if fits(count, free) and faster(times[count], times[chosen]):
            chosen = count
    return chosen


def faster(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether our rounds were clearly shorter than theirs, in the first half of the trial and in
    the second: what disturbs it does not last so long."""
    count = min(len(ours), len(theirs))
    halves = [slice(0, count // 2), slice(count // 2, count)] if count > 1 else [slice(0, 1)]
    return all(sum(ours[half]) < MARGIN * sum(theirs[half]) for half in halves)
