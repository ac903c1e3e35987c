"""Points in the plane: two numbers, shown where they lie."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from PIL.Image import Image as Picture
from torch import Tensor

from ganvas.domains import ground, plane
from ganvas.domains.domain import Domain, Key, Score


@dataclass(frozen=True)
class Points(Domain):
    """A point in the plane.

    Stored and network form: float32 [2, 1, 1], in about [-1, 1]: the two coordinates stand where an
    image has its channels, so that networks for images take points too. Finished: float32 [2].
    """

    name: ClassVar[str] = "points"
    noun: ClassVar[str] = "points"
    field: ClassVar[str] = "points"
    caption: ClassVar[str] = "points to learn"
    sheet_count: ClassVar[int] = 1_000
    shown_count: ClassVar[int] = 10_000
    class_columns: ClassVar[int | None] = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(2, 1, 1)."""
        return 2, 1, 1

    def words(self) -> str:
        """The same for all points."""
        return "points in the plane"

    def counted(self, count: int) -> str:
        """ "100,000 points in the plane"."""
        return f"{count:,} {self.words()}"

    def noise(self, count: int, generator: torch.Generator) -> Tensor:
        """Random points in the square from -1 to 1, float32 [count, 2, 1, 1]."""
        steps = torch.randint(0, 256, (count, *self.shape), dtype=torch.uint8, generator=generator)
        return steps.float() / 127.5 - 1

    def finish(self, values: Tensor) -> Tensor:
        """Coordinates (x, y), float32 [N, 2].

        Raises:
            NonFinite: coordinates are not finite.
        """
        return super().finish(values).flatten(1)

    def to_stored(self, finished: Tensor) -> Tensor:
        """Coordinates float32 [N, 2] as [N, 2, 1, 1]."""
        return finished.view(-1, *self.shape)

    def sheet(
        self, finished: Tensor, columns: int | None = None, labels: Tensor | None = None
    ) -> Picture:
        """Points where they lie: in ink, or in a colour a class."""
        return plane.scatter(finished, labels)

    def counted_of(self, count: int, source: str) -> str:
        """So many points of a source, such as "100,000 points of ring"."""
        return f"{count:,} {self.noun} of {source}"

    def contact_sheet(
        self, stored: Tensor, labels: Tensor | None, order: Tensor, count: int, columns: int
    ) -> Picture:
        """The first ``shown_count`` points, whatever the order, a colour a class."""
        most = self.shown_count
        return self.sheet(
            self.finish(stored[:most]), labels=None if labels is None else labels[:most]
        )

    def portrait(
        self,
        samples: Tensor,
        reals: Tensor,
        score: Score | None = None,
        columns: int | None = None,
    ) -> Picture:
        """The discriminator's scores over the plane, and the points on it.

        Blue: it takes points there for drawn; red: for real; grey: it cannot tell. The line is
        where the score is 0. Light dots are real points, dark ones the generator's. Without scores
        the ground is grey.
        """
        canvas = plane.blank(colour=ground.UNKNOWN)
        if score is not None:
            ground.paint(canvas, scores_over_the_plane(score, len(canvas)))
        plane.dots(canvas, reals, plane.PAPER, radius=1.3, opacity=0.75)
        plane.dots(canvas, samples, plane.INK, radius=1.3, opacity=0.75)
        return plane.finished(canvas)

    def key(self, *, scored: bool) -> Key:
        """The dots, and what the ground means, in the order in which a reader asks."""
        dots = [(plane.INK, "drawn points"), (plane.PAPER, self.caption)]
        return [*dots, *ground.KEY] if scored else dots


def scores_over_the_plane(score: Score, side: int = plane.SIDE) -> np.ndarray:
    """Scores over the plane as it is shown: float64 [side, side], top row first.

    They are computed at ``ground.SAMPLED`` places a side and smoothly filled in between. A map of
    scores a point counts with its mean.
    """
    steps = (torch.arange(ground.SAMPLED) + 0.5) / ground.SAMPLED * 2 - 1
    y, x = torch.meshgrid(-plane.REACH * steps, plane.REACH * steps, indexing="ij")
    scores = score(torch.stack([x, y], 2).view(-1, 2, 1, 1))
    return ground.filled(scores.view(ground.SAMPLED, ground.SAMPLED, -1).mean(2).numpy(), side)
