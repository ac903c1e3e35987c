"""Which samples are asked for, checked in one place."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ganvas.errors import UsageError

Keyed = Callable[[int, int, int], Tensor]
"""Called with (seed, count, first), gives rows [count, ...]; the i-th depends on (seed, first + i)
alone."""


@dataclass(frozen=True)
class Request:
    """Which samples are asked for.

    count: how many; None for one of each of ``seeds``, or for as many as is usual.
    seed: from which they all come; None for 0.
    seeds: one sample for each of these instead; any iterable of whole numbers, kept as a tuple.
    truncation: above 0 and below 100; the smaller, the less variety and the fewer failures. None
        changes nothing.
    label: the class of all of them, by name or number; None for classes as often as in the data.
    attributes: those to set, by name; the others come as in the data.
    first: the index of the first sample among those of ``seed``.

    Raises:
        UsageError: what contradicts itself, or lies out of range.
    """

    count: int | None = None
    seed: int | None = None
    seeds: Iterable[int] | None = None
    truncation: float | None = None
    label: str | int | None = None
    attributes: Mapping[str, bool] | None = None
    first: int = 0

    def __post_init__(self) -> None:
        if self.seeds is not None:
            seeds = _checked(tuple(self.seeds), self.seed, self.count)
            object.__setattr__(self, "seeds", seeds)
            object.__setattr__(self, "count", len(seeds))
        if self.count is not None and self.count < 1:
            raise UsageError(f"`count` must be at least 1, not {self.count}")
        if self.label is not None and self.attributes:
            raise UsageError("no run knows both: say `label` or `attributes`, not both")
        if self.truncation is not None:
            check_truncation(self.truncation)

    def of(self, usual: int) -> "Request":
        """The same for ``usual`` samples, where it does not say how many."""
        return self if self.count is not None else replace(self, count=usual)

    def parts(self, size: int) -> Iterator["Request"]:
        """Requests for ``size`` samples each, the last for the rest, that together ask the same."""
        for start in range(0, self.total, size):
            count = min(size, self.total - start)
            if self.seeds is None:
                yield replace(self, count=count, first=self.first + start)
            else:
                yield replace(self, count=count, seeds=tuple(self.seeds)[start : start + count])

    def rows(self, keyed: Keyed) -> Tensor:
        """What ``keyed`` gives for each sample: [count, ...]."""
        if self.seeds is None:
            return keyed(self.seed or 0, self.total, self.first)
        return torch.cat([keyed(seed, 1, 0) for seed in self.seeds])

    @property
    def total(self) -> int:
        """How many samples are asked for, where it says so."""
        assert self.count is not None
        return self.count


def check_truncation(truncation: float) -> None:
    """Raise UsageError unless a truncation is a number above 0 and below 100."""
    if not 0 < truncation < 100:
        raise UsageError(f"`truncation` must be more than 0, such as 0.7, not {truncation}")


def _checked(seeds: tuple[int, ...], seed: int | None, count: int | None) -> tuple[int, ...]:
    """The seeds, unless there are none or other arguments contradict them."""
    if not seeds:
        raise UsageError("`seeds` names no image")
    if seed is not None:
        raise UsageError(f"`seeds` names a seed for each image: leave `seed={seed}` away")
    if count not in (None, len(seeds)):
        raise UsageError(f"`seeds` names {len(seeds)} images: leave `count={count}` away")
    return seeds
