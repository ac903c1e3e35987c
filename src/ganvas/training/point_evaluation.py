"""Evaluations of points during training."""

import time

from torch import nn

from ganvas.data import Dataset
from ganvas.evaluation.evaluation import Evaluation
from ganvas.evaluation.point_evaluation import measure_points
from ganvas.recipes.build import conditions_of
from ganvas.recipes.recipe import Recipe
from ganvas.sampling import generate
from ganvas.training.evaluating import Scorer


class PointScorer(Scorer):
    """Evaluates the generator of a run on points while it trains; as ``Scorer`` does of images."""

    def __init__(self, recipe: Recipe, images: Dataset, seconds: float = 0.0) -> None:
        assert recipe.evaluation is not None
        self.settings = recipe.evaluation
        self.seconds = seconds
        self.newest: Evaluation | None = None
        self._name = images.name
        self._about = {"ema": recipe.half_life is not None, "seed": recipe.seed, "truncation": None}
        count = recipe.evaluation.count
        self._latents = generate.latents(recipe.seed, count, recipe.generator.latent)
        known = conditions_of(recipe, images)
        self._told = None if known is None else known.draw(recipe.seed, count)

    def score(self, generator: nn.Module, images: int, subject: str) -> Evaluation:
        """The figures of the generator as it is at ``images`` seen.

        Raises:
            NonFinite: it draws numbers that are none.
            UsageError: none of them is the figure ``best``.
        """
        began = time.monotonic()
        points = generate.values(generator, self._latents, self._told).flatten(1)
        about = {"subject": subject, "images_seen": images, **self._about}
        found = measure_points(points, self._name, about)
        self.check_best(found)
        self.seconds = max(self.seconds, time.monotonic() - began)
        self.newest = found
        return found
