"""Values that change with the clock. The clock is images seen, never rounds, epochs or seconds.

A schedule is a plain number (constant) or one of the small value classes here; all are absolute,
so that extending a run changes nothing about its past. ``at`` reads any of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Linear:
    """A straight line from ``start`` to ``end`` between two moments; constant outside them.

    As an EMA half-life, ``Linear(0, 10_000, 200_000)`` is StyleGAN2-ADA's ramp:
    ``min(10_000, images x 0.05)``.

    start: the value up to ``begin``.
    end: the value from ``until`` on.
    until: images seen.
    begin: images seen.
    """

    start: float
    end: float
    until: int
    begin: int = 0

    def __call__(self, images: int) -> float:
        """The value when so many images have been seen."""
        return self.start + (self.end - self.start) * _progress(images, self.begin, self.until)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from ``start`` to ``end`` between two moments; constant outside them.

    start: the value up to ``begin``.
    end: the value from ``until`` on.
    until: images seen.
    begin: images seen.
    """

    start: float
    end: float
    until: int
    begin: int = 0

    def __call__(self, images: int) -> float:
        """The value when so many images have been seen."""
        part = _progress(images, self.begin, self.until)
        return self.end + (self.start - self.end) * 0.5 * (1 + math.cos(math.pi * part))


@dataclass(frozen=True)
class Geometric:
    """From ``start`` to ``end`` by equal ratios between two moments; constant outside them.

    start: the value up to ``begin``; more than 0.
    end: the value from ``until`` on; more than 0.
    until: images seen.
    begin: images seen.

    Raises:
        ValueError: an end that is not more than 0.
    """

    start: float
    end: float
    until: int
    begin: int = 0

    def __post_init__(self) -> None:
        if not min(self.start, self.end) > 0:
            raise ValueError(f"a geometric schedule needs ends above 0, not {self}")

    def __call__(self, images: int) -> float:
        """The value when so many images have been seen."""
        part = _progress(images, self.begin, self.until)
        return self.start * (self.end / self.start) ** part


Schedule = float | Linear | Cosine | Geometric


def at(schedule: Schedule, images: int) -> float:
    """The value of ``schedule`` when ``images`` images have been seen."""
    return schedule(images) if callable(schedule) else float(schedule)


def ends(schedule: Schedule) -> tuple[float, float]:
    """The first and the last value of a schedule; it lies between them."""
    if isinstance(schedule, Linear | Cosine | Geometric):
        return schedule.start, schedule.end
    return float(schedule), float(schedule)


def moved_ends(settings: Any, old: int, new: int) -> Any:
    """A schedule that ends when ``old`` images are seen, as one that ends with ``new``, fewer.

    It begins where it did, but no later than after four fifths of ``new``, or in proportion where
    that is later. (What comes before a fall is what a short run can spare least.) Other schedules
    and other values stay as they are. Of settings (a dataclass, a tuple, a mapping), all
    schedules in them are changed so.
    """
    if isinstance(settings, Mapping):
        return {name: moved_ends(each, old, new) for name, each in settings.items()}
    if isinstance(settings, tuple):
        return tuple(moved_ends(each, old, new) for each in settings)
    if not is_dataclass(settings) or isinstance(settings, type):
        return settings
    if isinstance(settings, Linear | Cosine | Geometric):
        if settings.until != old:
            return settings
        latest = max(new * 4 // 5, settings.begin * new // old)
        return replace(settings, begin=min(settings.begin, latest), until=new)
    found = {each.name: getattr(settings, each.name) for each in fields(settings) if each.init}
    return replace(settings, **{name: moved_ends(each, old, new) for name, each in found.items()})


def _progress(images: int, begin: int, until: int) -> float:
    if until <= begin:
        return float(images >= until)
    return min(max((images - begin) / (until - begin), 0.0), 1.0)
