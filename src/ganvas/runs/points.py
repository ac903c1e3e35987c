"""The figures of a run on points: how well it follows the mixture that its points come from."""

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from torch import Tensor, nn

from ganvas.data import Images
from ganvas.data.points import CLOUDS, COUNTS
from ganvas.engine import sampling
from ganvas.errors import UsageError
from ganvas.metrics.figure import Figure
from ganvas.metrics.points import point_figures
from ganvas.recipes.build import conditions_of
from ganvas.recipes.recipe import Recipe
from ganvas.runs.evaluation import FORMAT, Evaluation
from ganvas.runs.record import versions
from ganvas.runs.run import Run
from ganvas.runs.scoring import Scorer
from ganvas.runs.subject import about_run

FEATURES = {
    "name": "points", "version": "2", "hash": "none", "size": None, "resize": "none", "classes": 0,
}  # fmt: skip
"""What stands in a record where other figures name their feature network. 2: ``reverse-kl`` is of
points near a mode."""


def evaluate_points(
    run: Run, *, data: Any, count: int, seed: int, truncation: float | None, **others: Any
) -> Evaluation:
    """Measure ``count`` points of a run against the mixture ``data``, by default its own.

    Raises:
        UsageError: another source, or options (``others``) that only images have.
    """
    name = run.record.data if data is None else data
    if not isinstance(name, str) or name not in CLOUDS:
        raise UsageError(f"this run draws points: --data may be {', '.join(CLOUDS)}, not {data!r}")
    given = [f"--{option}" for option, value in others.items() if value not in (None, "auto")]
    if given:
        raise UsageError(f"{', '.join(given)}: for images; points have figures of their own")
    points = run.sample(count, seed=seed, truncation=truncation)
    return measure_points(points, name, about_run(run, seed, truncation))


def measure_points(points: Tensor, name: str, about: Mapping[str, Any]) -> Evaluation:
    """The figures of points [N, 2] against a mixture; their floor is that of as many real ones."""
    cloud = CLOUDS[name]()
    reals, _ = cloud.draw(min(len(points), COUNTS["test"]), name, "test")
    ours, floor = (
        point_figures(each, cloud.centres, cloud.sigma, cloud.modes, cloud.directions)
        for each in (points, reals)
    )
    reference = {
        "data": name,
        "part": "held-out",
        "images": len(reals),
        "fingerprint": "none",
        "floor": "as many points of the mixture itself",
    }
    provenance = {
        **about,
        "samples": len(points),
        "reference": reference,
        "features": FEATURES,
        "versions": versions(),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "format": FORMAT,
    }
    pairs: list[tuple[Figure, Figure | None]] = list(zip(ours, floor, strict=True))
    return Evaluation(pairs, provenance)


class PointScorer(Scorer):
    """Evaluates the generator of a run on points while it trains; as ``Scorer`` does of images."""

    def __init__(self, recipe: Recipe, images: Images, seconds: float = 0.0) -> None:
        assert recipe.evaluation is not None
        self.settings = recipe.evaluation
        self.seconds = seconds
        self.newest: Evaluation | None = None
        self._name = images.name
        self._about = {"ema": recipe.half_life is not None, "seed": recipe.seed, "truncation": None}
        count = recipe.evaluation.count
        self._latents = sampling.latents(recipe.seed, count, recipe.generator.latent)
        known = conditions_of(recipe, images)
        self._told = None if known is None else known.draw(recipe.seed, count)

    def score(self, generator: nn.Module, images: int, subject: str) -> Evaluation:
        """The figures of the generator as it is at ``images`` seen.

        Raises:
            NonFinite: it draws numbers that are none.
            UsageError: none of them is the figure ``best``.
        """
        began = time.monotonic()
        points = sampling.values(generator, self._latents, self._told).flatten(1)
        about = {"subject": subject, "images_seen": images, **self._about}
        found = measure_points(points, self._name, about)
        self.check_best(found)
        self.seconds = max(self.seconds, time.monotonic() - began)
        self.newest = found
        return found
