"""Scores during training: the same figures as ``ganvas evaluate``, and which clock was best."""

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ganvas.data import Dataset
from ganvas.errors import UsageError, UserError
from ganvas.evaluation.evaluation import Evaluation, measure
from ganvas.evaluation.reals import Progress, Reals, Sources, held_out
from ganvas.features import load_features
from ganvas.recipes.build import conditions_of
from ganvas.recipes.recipe import Recipe
from ganvas.report.subject import known_features, read
from ganvas.sampling import generate


class NoFeatures(UserError):
    """``auto`` found no feature network that knows the images."""


class Scorer:
    """Evaluates a run's generator now and then.

    Args:
        recipe: one that has an ``evaluation``.
        images: what is trained on. source: what it was loaded from, if not the recipe's own.
        device: where networks run.
        seconds: that the longest evaluation of earlier sessions took.
        progress: called with (what, done, total) while the real images are read, which is now.

    Raises:
        UserError: the feature network cannot be had, or does not read these images.
    """

    def __init__(
        self,
        recipe: Recipe,
        images: Dataset,
        source: Any,
        device: torch.device,
        seconds: float = 0.0,
        progress: Progress | None = None,
    ) -> None:
        assert recipe.evaluation is not None
        self.settings = recipe.evaluation
        data = recipe.data
        place = data.source if source is None else source
        others = held_out(place, data.split, images, fit=data.fit, white=data.white)
        sources = Sources(images, others)
        name = self.settings.features
        name = known_features(images) if name == "auto" else name
        if name is None:
            raise NoFeatures(
                "no feature network knows these images, so nothing is measured during training: "
                "say --evaluation.features, such as efficientnet-lite0, to measure"
            )
        count = self.settings.count
        network = load_features(name).to(device)
        self.reals = Reals(sources, network, count=count, progress=progress)
        for metric in self.settings.metrics:
            self.reals.against(metric)
            self.reals.floor(metric)
        self._about = {"ema": recipe.half_life is not None, "seed": recipe.seed, "truncation": None}
        self._latents = generate.latents(recipe.seed, count, recipe.generator.latent)
        known = conditions_of(recipe, images)
        self._told = None if known is None else known.draw(recipe.seed, count)
        self._labels = known.labels(self._told) if known and self._told is not None else None
        self._names = () if known is None else known.names
        self.seconds = seconds
        """Of the longest evaluation so far."""
        self.newest: Evaluation | None = None

    def score(self, generator: nn.Module, images: int, subject: str) -> Evaluation:
        """The figures of the generator as it is at ``images`` seen.

        Raises:
            NonFinite: it draws numbers that are none.
            UsageError: a metric does not apply, or none gives the figure ``best``.
        """
        began = time.monotonic()
        pixels = generate.draw(generator, self._latents, self._told).permute(0, 3, 1, 2)
        samples = read(pixels, self.reals.network, None, self._labels, self._names)
        about = {"subject": subject, "images_seen": images, **self._about}
        found = measure(samples, self.reals, self.settings.metrics, about, asked=True)
        self.check_best(found)
        self.seconds = max(self.seconds, time.monotonic() - began)
        self.newest = found
        return found

    def check_best(self, found: Evaluation) -> None:
        """Raise UsageError if the figure by which the best is chosen is not among these."""
        if self.settings.best not in found:
            names = ", ".join(figure.name for figure, _ in found.figures)
            why = "".join(f" ({reason})" for reason in found.skipped.values())
            raise UsageError(
                f"no figure {self.settings.best!r} to choose the best by{why}: evaluation.best may "
                f"be one of {names}"
            )

    @property
    def clock(self) -> int | None:
        """Images seen at the newest evaluation of this session."""
        return None if self.newest is None else self.newest.provenance["images_seen"]

    def is_better(self, found: Evaluation, best: Mapping[str, Any] | None) -> bool:
        """Whether these figures beat the best so far (a ``summary``)."""
        if best is None:
            return True
        figure = found[self.settings.best]
        gain = best["value"] - figure.value
        return gain > 0 if figure.better == "lower" else gain < 0

    def summary(self, found: Evaluation) -> dict[str, Any]:
        """What a checkpoint remembers of the best evaluation."""
        figure = found[self.settings.best]
        clock = found.provenance["images_seen"]
        return {"metric": figure.name, "value": figure.value, "images": clock}


def log_record(found: Evaluation) -> dict[str, float]:
    """The figures as numbers of a log: ``metric/frechet``, ``metric/kid/low``, ``floor/kid``."""
    numbers: dict[str, float] = {}
    for figure, floor in found.figures:
        numbers[f"metric/{figure.name}"] = figure.value
        if figure.interval is not None:
            low, high = figure.interval
            numbers |= {f"metric/{figure.name}/low": low, f"metric/{figure.name}/high": high}
        if floor is not None:
            numbers[f"floor/{figure.name}"] = floor.value
    return numbers
