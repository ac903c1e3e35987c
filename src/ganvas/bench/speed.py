"""Images a second: sides that play in turn, A B A B, so that what disturbs one disturbs both."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ganvas.engine.device import synchronise

PAIRS = 7
"""Chunks a side, and so pairs of two sides."""


@dataclass(frozen=True)
class Side:
    """One loop. round: plays one; batch: images that both players see in it; cycle: rounds until
    every lazy penalty has been played once; warm: rounds, in whole cycles, before any counts."""

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
    """Images/s of a side: the median of its chunks, their range, and each. warm_up: seconds."""

    median: float
    low: float
    high: float
    chunks: tuple[float, ...]
    chunk_rounds: int
    warm_up: float


@dataclass(frozen=True)
class Ratio:
    """One figure over another, pair by pair: what disturbs one of a pair disturbs the other."""

    median: float
    low: float
    high: float
    pairs: tuple[float, ...]


def in_turn(
    sides: Sequence[Side],
    limit: float,
    beside: Callable[[], None] = lambda: None,
    pairs: int = PAIRS,
) -> list[Speed]:
    """Warm each side up, then let them play so many chunks each in turn.

    Args:
        sides: which.
        limit: seconds a side, warm-up apart; a chunk is at least one cycle, whatever it takes.
        beside: called after each side has played a chunk, to measure something else.
        pairs: chunks a side.
    """
    warm, cycles = [], []
    for side in sides:
        warm.append(side.play(-(-side.warm // side.cycle)))
        once = side.play(1)
        warm[-1] += once
        cycles.append(max(1, round(limit / pairs / once)))
    rates: list[list[float]] = [[] for _ in sides]
    for _ in range(pairs):
        for side, count, found in zip(sides, cycles, rates, strict=True):
            found.append(count * side.cycle * side.batch / side.play(count))
        beside()
    return [
        Speed(statistics.median(found), min(found), max(found), tuple(found), count * side.cycle, w)
        for side, count, found, w in zip(sides, cycles, rates, warm, strict=True)
    ]


def ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    pairs = tuple(a / b for a, b in zip(first, second, strict=True))
    return Ratio(statistics.median(pairs), min(pairs), max(pairs), pairs)
