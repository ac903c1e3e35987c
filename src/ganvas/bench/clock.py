"""Exclusive amounts by label: what a span took, without what the spans inside it took."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from ganvas.engine.device import synchronise

Label = tuple[str, str]
"""(whose, what), such as ("discriminator", "backward")."""

REST: Label = ("", "rest")
"""All that happens within no span."""


@dataclass(frozen=True)
class Gauge:
    """Something that grows, such as time.

    read: its present value.
    between: from two such values to the amount between them.
    finish: called once before amounts are asked for.
    """

    read: Callable[[], Any]
    between: Callable[[Any, Any], float]
    finish: Callable[[], None] = lambda: None


def seconds(device: torch.device) -> Gauge:
    """Time on a device, in seconds: on CUDA that of its own stream, which nothing waits for."""

    def stamp() -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def now() -> float:
        synchronise(device)
        return time.perf_counter()

    if device.type == "cuda":
        return Gauge(
            stamp, lambda a, b: a.elapsed_time(b) / 1e3, lambda: torch.cuda.synchronize(device)
        )
    return Gauge(time.perf_counter if device.type == "cpu" else now, lambda a, b: b - a)


class Clock:
    """Nested spans on one gauge; what lies between ``begin`` and ``end`` is measured."""

    def __init__(self, gauge: Gauge) -> None:
        self.gauge = gauge
        self._open: list[Label] = [REST]
        self._marks: list[tuple[Label, Any]] = []

    def push(self, label: Label) -> None:
        """Begin a span inside the present one."""
        self._open.append(label)
        self._mark()

    def pop(self) -> None:
        """End the present span."""
        self._open.pop()
        self._mark()

    def begin(self) -> None:
        """Measure from here on; what was measured before is forgotten."""
        self._marks = []
        self._mark()

    def end(self) -> dict[Label, float]:
        """The amount of each label since ``begin``; together they are the whole."""
        self._mark()
        self.gauge.finish()
        sums: dict[Label, float] = {}
        for (label, start), (_, stop) in pairwise(self._marks):
            sums[label] = sums.get(label, 0.0) + self.gauge.between(start, stop)
        return sums

    def _mark(self) -> None:
        self._marks.append((self._open[-1], self.gauge.read()))


def median_lap(
    clock: Clock, play: Callable[[], None], limit: float, least: int = 3
) -> dict[Label, float]:
    """Measure ``play`` again and again for ``limit`` seconds, at least ``least`` times.

    Returns:
        The amounts of one of them: that whose whole is the median.
    """
    laps, began = [], time.perf_counter()
    while len(laps) < least or time.perf_counter() - began < limit:
        clock.begin()
        play()
        laps.append(clock.end())
    return sorted(laps, key=lambda lap: sum(lap.values()))[len(laps) // 2]
