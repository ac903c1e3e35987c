"""The picture of a run of points: the discriminator's scores over the plane, and the points.

Blue: it takes points there for drawn; red: for real; grey: it cannot tell. The line is where the
score is 0. Light dots are real points, dark ones the generator's.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ganvas.data import Dataset
from ganvas.data.builtin.clouds import SHAPE
from ganvas.data.plane import INK, PAPER, REACH, SIDE, Colour, blank, blend, dots, finished
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions
from ganvas.sampling.generate import evaluating, latents, sample_values

POINTS = 1_000
"""Real points, and samples, in a picture."""

SAMPLED = SIDE // 2
"""Scores a side: waves of a hundredth of the plane are still seen, at a quarter of the time."""

DRAWN, UNKNOWN, REAL = (37, 99, 190), (176, 184, 198), (224, 92, 62)
LINE = (250, 250, 252)
STEPS = 12
"""Shades from grey to either colour: bands like a map's, and animations a third of the size."""


@dataclass(frozen=True, eq=False)
class PointPicture:
    """What a picture shows beside the scores.

    reals: real points, float32 [N, 2], about -1 to 1.
    latents: of the points that are sampled, [M, latent].
    conditions: that they are sampled with, [M, K]; None where the generator takes none.
    pack: points that the discriminator scores together; 0 where its input is not points.
    """

    reals: Tensor
    latents: Tensor
    conditions: Tensor | None = None
    pack: int = 1

    def draw(self, generator: nn.Module, discriminator: nn.Module | None) -> Image.Image:
        """The picture now, ``SIDE`` pixels a side.

        Args:
            discriminator: one score, or a map of them, a point. Without one, where it takes
                conditions, or where its input is not points, the ground is grey.

        Raises:
            NonFinite: the generator draws numbers that are not finite.
        """
        canvas = blank(colour=UNKNOWN)
        if discriminator is not None and self.conditions is None and self.pack:
            paint(canvas, field(discriminator, len(canvas), self.pack))
        points = sample_values(generator, self.latents, self.conditions).flatten(1)
        dots(canvas, self.reals, PAPER, radius=1.3, opacity=0.75)
        dots(canvas, points, INK, radius=1.3, opacity=0.75)
        return finished(canvas)


def point_picture(
    recipe: Recipe, dataset: Dataset, conditions: Conditions | None = None
) -> PointPicture | None:
    """The picture of a run on points; None where it is trained on images.

    Its latents are the first that the seed would draw.
    """
    if not dataset.are_points:
        return None
    rows = None if conditions is None else conditions.sample(recipe.seed, POINTS)
    latent = latents(recipe.seed, POINTS, recipe.generator.latent)
    return PointPicture(dataset.pixels[:POINTS].flatten(1), latent, rows, _pack(recipe))


def _pack(recipe: Recipe) -> int:
    """Points that the discriminator scores together; 0 where its input is not points."""
    pack = recipe.game.multiple
    shape = recipe.game.discriminator_input(SHAPE, recipe.generator.latent)
    return pack if shape == (pack * SHAPE[0], *SHAPE[1:]) else 0


def legend(recipe: Recipe) -> list[tuple[Colour, str]]:
    """What the colours of such a picture mean, in the order in which a reader asks."""
    known = [(INK, "drawn points"), (PAPER, "points to learn")]
    if recipe.condition is not None or not _pack(recipe):
        return known  # the ground is grey: no discriminator is asked
    return [
        *known,
        (REAL, "red: the discriminator takes points here for real"),
        (DRAWN, "blue: for drawn"),
        (UNKNOWN, "grey: it cannot tell, least of all on the white line"),
    ]


@torch.no_grad()
def field(discriminator: nn.Module, side: int = SIDE, pack: int = 1) -> np.ndarray:
    """A discriminator's scores over the plane as it is shown: float64 [side, side], top row first.

    They are computed at ``SAMPLED`` places a side and smoothly filled in between. Where it scores
    ``pack`` points together, these are all the same.
    """
    steps = (torch.arange(SAMPLED) + 0.5) / SAMPLED * 2 - 1
    y, x = torch.meshgrid(-REACH * steps, REACH * steps, indexing="ij")
    places = torch.stack([x, y], 2).view(-1, *SHAPE).repeat(1, pack, 1, 1)
    device = next(discriminator.parameters()).device
    with evaluating(discriminator):
        found = [discriminator(part.to(device)) for part in places.split(1 << 14)]
    scores = torch.cat([getattr(each, "scores", each).float().cpu() for each in found])
    coarse = scores.view(SAMPLED, SAMPLED, -1).mean(2).numpy()
    fine = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(fine, np.float64)


def paint(canvas: np.ndarray, scores: np.ndarray) -> None:
    """Lay scores [side, side] over a canvas: its colours, and the line where they are 0.

    The shade is tanh(score / 2), which is 2p - 1 where the score is the logit of p.
    """
    shade = np.tanh(np.nan_to_num(scores) / 2)
    steps = np.rint(shade * STEPS) / STEPS
    blend(canvas, np.clip(steps, 0, 1), REAL)
    blend(canvas, np.clip(-steps, 0, 1), DRAWN)
    down, right = np.gradient(scores)
    # To first order this is how many pixels away the score is 0.
    away = np.abs(scores) / np.maximum(np.hypot(down, right), 1e-9)
    blend(canvas, np.clip(1.2 - away, 0, 1) * 0.8, LINE)
