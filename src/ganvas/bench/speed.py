"""Images a second: loops that play in turn, A B A B, so that what disturbs one disturbs both."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ganvas.engine.device import synchronise

PAIRS = 7
"""Chunks of each loop, and so pairs of two loops."""


@dataclass(frozen=True)
class TimedLoop:
    """A training loop to be timed.

    round: plays one round.
    batch: images that both players see in a round.
    cycle: rounds until every lazy penalty has been played once.
    device: the one it plays on.
    warm: rounds before any is counted; rounded up to whole cycles.
    """

    round: Callable[[], None]
    batch: int
    cycle: int
    device: torch.device
    warm: int = 2

    def play(self, cycles: int) -> float:
        """Seconds that so many whole cycles take; the device is waited for at the ends alone."""
        synchronise(self.device)
        began = time.perf_counter()
        for _ in range(cycles * self.cycle):
            self.round()
        synchronise(self.device)
        return time.perf_counter() - began


@dataclass(frozen=True)
class Speed:
    """Images/s of a loop.

    median, low, high: of its chunks.
    chunks: each of them.
    chunk_rounds: rounds of a chunk.
    warm_up: seconds of the rounds before.
    """

    median: float
    low: float
    high: float
    chunks: tuple[float, ...]
    chunk_rounds: int
    warm_up: float


@dataclass(frozen=True)
class Ratio:
    """One figure over another, pair by pair: what disturbs one of a pair disturbs the other.

    median, low, high: of the pairs.
    pairs: each of them.
    """

    median: float
    low: float
    high: float
    pairs: tuple[float, ...]


def in_turn(
    loops: Sequence[TimedLoop],
    limit: float,
    beside: Callable[[], None] = lambda: None,
    pairs: int = PAIRS,
) -> list[Speed]:
    """Warm each loop up, then let them play so many chunks each in turn.

    Args:
        loops: which.
        limit: seconds a loop, warm-up apart; a chunk is at least one cycle, whatever it takes.
        beside: called after each loop has played a chunk, to measure something else.
        pairs: chunks a loop.

    Returns:
        The speed of each loop, in their order.
    """
    warm, cycles = [], []
    for loop in loops:
        warm.append(loop.play(-(-loop.warm // loop.cycle)))
        once = loop.play(1)
        warm[-1] += once
        cycles.append(max(1, round(limit / pairs / once)))
    rates: list[list[float]] = [[] for _ in loops]
    for _ in range(pairs):
        for loop, count, found in zip(loops, cycles, rates, strict=True):
            found.append(count * loop.cycle * loop.batch / loop.play(count))
        beside()
    return [
        Speed(statistics.median(found), min(found), max(found), tuple(found), count * loop.cycle, w)
        for loop, count, found, w in zip(loops, cycles, rates, warm, strict=True)
    ]


def ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """Each of the first over its partner of the second."""
    pairs = tuple(a / b for a, b in zip(first, second, strict=True))
    return Ratio(statistics.median(pairs), min(pairs), max(pairs), pairs)
