"""Vectors: a list of numbers, such as features or the numbers of a table's row."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from PIL.Image import Image as Picture
from torch import Tensor

from ganvas.domains.domain import Domain
from ganvas.domains.pictures import cells


@dataclass(frozen=True)
class Vector(Domain):
    """A vector. Stored, network form and finished: float32 [D], in any range.

    size: D.
    """

    name: ClassVar[str] = "vector"
    noun: ClassVar[str] = "vectors"
    field: ClassVar[str] = "vector"
    caption: ClassVar[str] = "training vectors"
    class_columns: ClassVar[int | None] = 1

    size: int

    @property
    def shape(self) -> tuple[int]:
        """(D,)."""
        return (self.size,)

    def words(self) -> str:
        """How many numbers it has."""
        return f"{self.size:,} numbers each"

    def noise(self, count: int, generator: torch.Generator) -> Tensor:
        """Standard normal numbers, float32 [count, D]."""
        return torch.randn(count, self.size, generator=generator)

    def sheet(
        self, finished: Tensor, columns: int | None = None, labels: Tensor | None = None
    ) -> Picture:
        """A row of cells for each: blue below 0, white at 0, red above."""
        return cells(finished)
