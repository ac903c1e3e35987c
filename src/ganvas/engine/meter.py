"""Means of whatever a round reports, gathered on the device and read only when they are wanted."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


class Meter:
    """Running sums by name. ``add`` never waits for the device; ``read`` does."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, float] = {}

    def add(self, stats: Mapping[str, Tensor]) -> None:
        """Add each value's mean."""
        means = dict(zip(stats, _means(list(stats.values())), strict=True))
        known = [name for name in means if name in self._sums]
        if known:  # in one go: to launch a kernel takes longer than to add a number
            sums = [self._sums[name] for name in known]
            added = torch._foreach_add(sums, [means[name] for name in known])  # pyright: ignore[reportPrivateImportUsage]
            means.update(zip(known, added, strict=True))
        self._sums.update(means)
        for name in means:
            self._counts[name] = self._counts.get(name, 0.0) + 1.0

    def means(self) -> dict[str, Tensor]:
        """The mean of each since the last read, on the device."""
        return {name: total / self._counts[name] for name, total in self._sums.items()}

    def read(self) -> dict[str, float]:
        """The means since the last read, and start again. One transfer from the device."""
        means = self.means()
        self._sums, self._counts = {}, {}
        values = torch.stack(list(means.values())).tolist() if means else []
        return dict(zip(means, values, strict=True))

    def state(self) -> dict[str, list[float]]:
        """Sums and counts as numbers, for a checkpoint (they survive JSON exactly)."""
        return {name: [total.item(), self._counts[name]] for name, total in self._sums.items()}

    def restore(self, state: Mapping[str, list[float]], device: torch.device) -> None:
        """Go on from what ``state`` returned."""
        self._sums = {name: _as_summed(total, device) for name, (total, _) in state.items()}
        self._counts = {name: count for name, (_, count) in state.items()}


class Tally(Meter):
    """What the turns of one round report: means, and what hooks are to get as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._turns: dict[str, list[Tensor]] = {}

    def observe(self, parts: Sequence[Mapping[str, Tensor]]) -> None:
        """Note what the micro-batches of a turn observed, [n, ...] by name, in their order."""
        for name in parts[0]:
            rows = torch.cat([part[name].detach() for part in parts])
            self._turns.setdefault(name, []).append(rows)

    def observed(self) -> dict[str, Tensor]:
        """All of it by name: [turns, N, ...]."""
        return {name: torch.stack(turns) for name, turns in self._turns.items()}


def _as_summed(total: float, device: torch.device) -> Tensor:
    """A sum in the type it had: float32, unless that does not hold it."""
    kind = torch.float32
    if torch.tensor(total, dtype=kind).item() != total and not math.isnan(total):
        kind = torch.float64
    return torch.tensor(total, dtype=kind, device=device)


def _wide(value: Tensor) -> Tensor:
    """The same, at least float32."""
    # Nearly all are: asked for nothing, ``to`` would take as long as the sum that is to come.
    if value.dtype == torch.float32:
        return value
    return value.to(torch.promote_types(value.dtype, torch.float32))


def _means(values: list[Tensor]) -> Sequence[Tensor]:
    """The mean of each, at least float32; in one go where they are alike, as rows of one move."""
    values = [_wide(value.detach()) for value in values]
    if not any(value.ndim for value in values):
        return values
    if len({value.shape for value in values}) == 1:
        return torch.stack(values).flatten(1).mean(1).unbind()
    return [value.mean() for value in values]
