"""The conditions of a data set, from which samples get theirs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas import keys
from ganvas.errors import UsageError

NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


@dataclass(frozen=True)
class Conditions:
    """The conditions of a data set.

    names: of the K numbers of a condition.
    exclusive: whether a condition is a class, one-hot; otherwise each number is an attribute, 0 or
        1.
    rows: the conditions that occur, uint8 [M, K].
    counts: how often each of these occurs, [M].
    """

    names: tuple[str, ...]
    exclusive: bool
    rows: Tensor
    counts: Tensor

    def sample(self, seed: int, count: int, first: int = 0) -> Tensor:
        """Rows float32 [count, K], each as often as in the data; the i-th by (seed, first + i)
        alone.
        """
        edges = self.counts.double().cumsum(0) / self.counts.sum()
        places = torch.tensor(
            [
                torch.rand((), generator=keys.generator(seed, "condition", first + i)).item()
                for i in range(count)
            ],
            dtype=torch.float64,
        )
        return self.rows[torch.searchsorted(edges, places).clamp(max=len(edges) - 1)].float()

    def of_label(self, label: str) -> Tensor:
        """The row float32 [K] of a class by its name; by its number where no class is named by one.

        Raises:
            UsageError: there are no classes, or none like that.
        """
        if not self.exclusive:
            raise UsageError(
                f"this run knows attributes ({self.listed()}), not labels: say `attributes`"
            )
        if label in self.names:
            return F.one_hot(torch.tensor(self.names.index(label)), len(self.names)).float()
        named_by_numbers = any(map(NUMBER.fullmatch, self.names))
        if not named_by_numbers and label.isdecimal() and int(label) < len(self.names):
            return F.one_hot(torch.tensor(int(label)), len(self.names)).float()
        raise UsageError(f"no label {label!r}: there are {self.listed()}")

    def with_attributes(self, rows: Tensor, wanted: Mapping[str, bool]) -> Tensor:
        """Rows [N, K] with some attributes set.

        Args:
            rows: [N, K], which stay as they are.
            wanted: by name, whether an attribute is to be there.

        Raises:
            UsageError: there are no attributes, or none of that name.
        """
        if self.exclusive:
            raise UsageError(
                f"this run knows labels ({self.listed()}), not attributes: say `label`"
            )
        rows = rows.clone()
        for name, value in wanted.items():
            if name not in self.names:
                raise UsageError(f"no attribute {name!r}: there are {self.listed()}")
            rows[:, self.names.index(name)] = float(value)
        return rows

    def labels(self, rows: Tensor) -> Tensor | None:
        """Numbers of classes int64 [N] of rows [N, K]; None for attributes."""
        return rows.argmax(1) if self.exclusive else None

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for a JSON file; of classes the rows are left out."""
        rows = [] if self.exclusive else ["".join(map(str, row)) for row in self.rows.tolist()]
        known = {"names": list(self.names), "exclusive": self.exclusive}
        return {**known, "rows": rows, "counts": self.counts.tolist()}

    def listed(self) -> str:
        """The names, separated by commas; of many, the first twelve."""
        first = ", ".join(self.names[:12])
        return first + (f" and {len(self.names) - 12} more" if len(self.names) > 12 else "")


def from_plain(plain: Mapping[str, Any]) -> Conditions:
    """Conditions from what ``Conditions.plain`` returned."""
    names = tuple(plain["names"])
    rows = torch.eye(len(names), dtype=torch.uint8)
    if not plain["exclusive"]:
        rows = torch.tensor([[int(bit) for bit in row] for row in plain["rows"]]).to(torch.uint8)
    return Conditions(names, plain["exclusive"], rows, torch.tensor(plain["counts"]))
