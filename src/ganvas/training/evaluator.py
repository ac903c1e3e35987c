"""Evaluations during training: the same figures as ``ganvas evaluate``, and which was the best."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.data import Dataset
from ganvas.domains.writers import whole
from ganvas.errors import UsageError
from ganvas.evaluation.feature_choice import known_features, unknown
from ganvas.evaluation.measure import measure
from ganvas.evaluation.measure_points import is_mixture, measure_points, of_points
from ganvas.evaluation.metric_choice import needing_features, reads, refusal
from ganvas.evaluation.real_features import RealFeatures
from ganvas.evaluation.real_items import RealItems, held_out
from ganvas.evaluation.result import Evaluation
from ganvas.evaluation.samples import Progress, Samples
from ganvas.features import FeatureNetwork, load_features
from ganvas.features.no_features import no_features
from ganvas.recipes.build.prepared import Prepared, conditions_of
from ganvas.recipes.build.sampler import sampler_of
from ganvas.recipes.recipe import EvaluationSettings
from ganvas.sampling.request import Request


class Evaluator(ABC):
    """Evaluates a run's generator now and then.

    Args:
        prepared: its recipe has an ``evaluation``.

    Attributes:
        settings: the recipe's.
        newest: the last evaluation of this session; None before the first.
    """

    def __init__(self, prepared: Prepared) -> None:
        recipe = prepared.recipe
        assert recipe.evaluation is not None
        self.settings = recipe.evaluation
        self._best = recipe.evaluation.best
        # As often as in the images that are compared with: a run that goes on with new ones keeps,
        # for its own samples, the conditions that it began with.
        self._conditions = conditions_of(recipe, prepared.dataset)
        self._prepared = replace(prepared, conditions=self._conditions)
        self._request = Request(self.settings.count, recipe.seed)
        self._about = {"ema": recipe.half_life is not None, "seed": recipe.seed, "truncation": None}
        self.newest: Evaluation | None = None

    @abstractmethod
    def _measure(
        self, drawn: Tensor, labels: Tensor | None, about: Mapping[str, Any]
    ) -> Evaluation:
        """The figures of finished samples.

        Args:
            drawn: [N, ...].
            labels: the class that each was asked to be, int64 [N]; None without.
            about: goes into the records.
        """

    def evaluate(self, network: nn.Module, images: int, run: str) -> Evaluation:
        """The figures of samples.

        Args:
            network: makes them, as it is now.
            images: images seen.
            run: is named in the records.

        Raises:
            NonFinite: the network draws numbers that are not finite.
            UsageError: a metric does not apply, or none gives the figure ``best``.
        """
        drawn, labels = whole(sampler_of(self._prepared, network).stream(self._request))
        about = {"subject": run, "images_seen": images, **self._about}
        found = self._measure(drawn, labels, about)
        self._check_best(found)
        self.newest = found
        return found

    def _check_best(self, found: Evaluation) -> None:
        """Raise UsageError if the figure by which the best is chosen is not among these."""
        if self._best not in found and found.figures and self.settings.usual:
            self._best = found.figures[0][0].name
        if self._best not in found:
            names = ", ".join(figure.name for figure, _ in found.figures)
            why = "".join(f" ({reason})" for reason in found.skipped.values())
            raise UsageError(
                f"no figure {self._best!r} to choose the best by{why}: evaluation.best may be one "
                f"of {names}"
            )

    @property
    def clock(self) -> int | None:
        """Images seen at the newest evaluation of this session."""
        return None if self.newest is None else self.newest.provenance["images_seen"]

    def is_better(self, found: Evaluation, best: Mapping[str, Any] | None) -> bool:
        """Whether these figures beat the best so far (a ``summary``)."""
        if best is None:
            return True
        figure = found[self._best]
        gain = best["value"] - figure.value
        return gain > 0 if figure.better == "lower" else gain < 0

    def summary(self, found: Evaluation) -> dict[str, Any]:
        """What a checkpoint remembers of the best evaluation."""
        figure = found[self._best]
        clock = found.provenance["images_seen"]
        return {"metric": figure.name, "value": figure.value, "images": clock}


class ItemEvaluator(Evaluator):
    """Evaluates a generator against the run's real items.

    Args:
        prepared: as for ``Evaluator``.
        real: what is trained on, and what is held out.
        network: reads these and the samples.
        metrics: those of the recipe that can be measured; None takes all of the recipe's.
        progress: called with (what, done, total) while the real items are read, which is now.

    Raises:
        UserError: the feature network does not read these items.
    """

    def __init__(
        self,
        prepared: Prepared,
        real: RealItems,
        network: FeatureNetwork,
        metrics: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(prepared)
        self._metrics = self.settings.metrics if metrics is None else metrics
        self._reals = RealFeatures(real, network, count=self.settings.count, progress=progress)
        self._reals.prepare(self._metrics)
        self._classes = () if self._conditions is None else self._conditions.names

    def _measure(
        self, drawn: Tensor, labels: Tensor | None, about: Mapping[str, Any]
    ) -> Evaluation:
        samples = Samples.finished(self._reals.real.domain, drawn, labels, self._classes)
        required = not self.settings.usual
        return measure(samples, self._reals, self._metrics, about, required=required)


class PointEvaluator(Evaluator):
    """Evaluates a generator of points in the plane against the mixture they are to come from.

    Args:
        prepared: as for ``Evaluator``; its items are points, and named after their mixture.
    """

    def __init__(self, prepared: Prepared) -> None:
        super().__init__(prepared)
        self._mixture = prepared.target.name
        self._metrics = of_points(self.settings.metrics)

    def _measure(
        self, drawn: Tensor, labels: Tensor | None, about: Mapping[str, Any]
    ) -> Evaluation:
        return measure_points(drawn, self._mixture, about, self._metrics)


Found = tuple[Evaluator | None, list[str]]
"""What evaluates a run while it trains; or None, and what is not measured and why."""


def evaluator_of(prepared: Prepared, device: torch.device, progress: Any = None) -> Found:
    """What evaluates a run while it trains, or None; and what is not measured, and why.

    Args:
        prepared: the ``evaluation`` of its recipe says what to measure; None measures nothing.
        device: where networks run.
        progress: called with (done, total) while the real items are read.

    Raises:
        UserError: the feature network cannot be had, or does not read these items.
    """
    settings, items = prepared.recipe.evaluation, prepared.target
    if settings is None:
        return None, []
    if is_mixture(items):
        return PointEvaluator(prepared), []
    network, metrics, problems = _network_for(settings, items)
    if not metrics:
        return None, [*problems, "nothing is measured during training"]
    read = None if progress is None else lambda what, done, total: progress(done, total)
    real = _real_items(prepared)
    return ItemEvaluator(prepared, real, network.to(device), metrics, read), problems


def _network_for(
    settings: EvaluationSettings, items: Dataset
) -> tuple[FeatureNetwork, list[str], list[str]]:
    """The feature network, the metrics that can be measured with it, and why others cannot."""
    domain = items.domain
    problems = [refusal(name, domain) for name in settings.metrics if not reads(name, domain)]
    metrics = [name for name in settings.metrics if reads(name, domain)]
    needing = needing_features(metrics)
    if not needing and settings.features == "auto":
        return no_features(), metrics, problems
    name = known_features(items) if settings.features == "auto" else settings.features
    if name is not None:
        return load_features(name), metrics, problems
    problems.append(f"{unknown(domain)}; during training, {', '.join(needing)} cannot be measured")
    return no_features(), [name for name in metrics if name not in needing], problems


def _real_items(prepared: Prepared) -> RealItems:
    """What is trained on, and what is held out."""
    source, items = prepared.recipe.game.target, prepared.target
    data = prepared.recipe.sources[source]
    place = prepared.given.get(source, data.source)
    others = held_out(place, data.split, items, fit=data.fit, white=data.white)
    return RealItems(items, others)
