"""Evaluations during training: the same figures as ``ganvas evaluate``, and which was the best."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.data.builtin.clouds import CLOUDS
from ganvas.domains.writers import whole
from ganvas.errors import UsageError
from ganvas.evaluation.feature_choice import known_features
from ganvas.evaluation.measure import measure
from ganvas.evaluation.measure_points import measure_points
from ganvas.evaluation.real_features import RealFeatures
from ganvas.evaluation.real_images import RealImages, held_out
from ganvas.evaluation.result import Evaluation
from ganvas.evaluation.samples import Progress, Samples
from ganvas.features import FeatureNetwork, load_features
from ganvas.recipes.build.prepared import Prepared, conditions_of
from ganvas.recipes.build.sampler import sampler_of
from ganvas.sampling.request import Request

UNKNOWN = (
    "no feature network knows these images, so nothing is measured during training: "
    "say `evaluation.features`, such as efficientnet-lite0, to measure"
)
"""Why a run of ``evaluation.features=auto`` is not evaluated."""

NO_MIXTURE = (
    f"these points come from none of {', '.join(CLOUDS)}, so nothing is measured during training"
)
"""Why a run on points of somebody's own is not evaluated."""


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


class ImageEvaluator(Evaluator):
    """Evaluates a generator of images against the run's real ones.

    Args:
        prepared: as for ``Evaluator``.
        real: what is trained on, and what is held out.
        network: reads these and the samples.
        progress: called with (what, done, total) while the real images are read, which is now.

    Raises:
        UserError: the feature network does not read these images.
    """

    def __init__(
        self,
        prepared: Prepared,
        real: RealImages,
        network: FeatureNetwork,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(prepared)
        count, metrics = self.settings.count, self.settings.metrics
        self._reals = RealFeatures(real, network, count=count, progress=progress)
        self._reals.prepare(metrics)
        self._classes = () if self._conditions is None else self._conditions.names

    def _measure(
        self, drawn: Tensor, labels: Tensor | None, about: Mapping[str, Any]
    ) -> Evaluation:
        samples = Samples(drawn.permute(0, 3, 1, 2), labels, self._classes)
        return measure(samples, self._reals, self.settings.metrics, about, required=True)


class PointEvaluator(Evaluator):
    """Evaluates a generator of points in the plane against the mixture they are to come from.

    Args:
        prepared: as for ``Evaluator``; its images are points, and named after their mixture.
    """

    def __init__(self, prepared: Prepared) -> None:
        super().__init__(prepared)
        self._mixture = prepared.target.name

    def _measure(
        self, drawn: Tensor, labels: Tensor | None, about: Mapping[str, Any]
    ) -> Evaluation:
        return measure_points(drawn, self._mixture, about)


Found = tuple[Evaluator | None, list[str]]
"""What evaluates a run while it trains; or None, and why nothing does."""


def evaluator_of(prepared: Prepared, device: torch.device, progress: Any = None) -> Found:
    """What evaluates a run while it trains; or None, and why nothing does where that was asked for.

    Args:
        prepared: the ``evaluation`` of its recipe says what to measure; None measures nothing.
        device: where networks run.
        progress: called with (done, total) while the real images are read.

    Raises:
        UserError: the feature network cannot be had, or does not read these images.
    """
    if prepared.recipe.evaluation is None:
        return None, []
    domain = prepared.target.domain
    found = EVALUATORS.get(domain.name)
    if found is None:
        return None, [f"no metric reads {domain.noun}, so nothing is measured during training"]
    return found(prepared, device, progress)


def _image_evaluator(prepared: Prepared, device: torch.device, progress: Any) -> Found:
    recipe, dataset = prepared.recipe, prepared.target
    assert recipe.evaluation is not None
    name = recipe.evaluation.features
    name = known_features(dataset) if name == "auto" else name
    if name is None:
        return None, [UNKNOWN]
    network = load_features(name).to(device)
    data = recipe.sources[recipe.game.target]
    place = prepared.given.get(recipe.game.target, data.source)
    others = held_out(place, data.split, dataset, fit=data.fit, white=data.white)
    read = None if progress is None else lambda what, done, total: progress(done, total)
    return ImageEvaluator(prepared, RealImages(dataset, others), network, read), []


def _point_evaluator(prepared: Prepared, device: torch.device, progress: Any) -> Found:
    if prepared.target.name not in CLOUDS:
        return None, [NO_MIXTURE]
    return PointEvaluator(prepared), []


EVALUATORS = {"image": _image_evaluator, "points": _point_evaluator}
"""What evaluates items of a domain, by its name."""
