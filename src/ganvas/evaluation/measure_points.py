"""The figures of points: how well they follow the mixture that they are to come from."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from ganvas.data import Dataset
from ganvas.data.builtin.clouds import CLOUDS, COUNTS
from ganvas.domains import Points
from ganvas.evaluation.measure import measure
from ganvas.evaluation.real_features import RealFeatures
from ganvas.evaluation.real_items import load_real_items
from ganvas.evaluation.result import Evaluation, provenance
from ganvas.evaluation.samples import Samples
from ganvas.features import FeatureNetwork, Origin, Reading
from ganvas.metrics.figure import Figure
from ganvas.metrics.metric_table import METRICS
from ganvas.metrics.mixture import point_figures

ORIGIN = Origin("points", "2", "none", None, "none")
"""What stands in a record where other figures name their feature network. 2: ``reverse-kl`` is of
points near a mode."""


def is_mixture(dataset: Dataset) -> bool:
    """Whether items are points of a mixture that is known."""
    return dataset.domain == Points() and dataset.name in CLOUDS


def of_points(metrics: Iterable[str]) -> list[str]:
    """Those of the metrics that say that they read points: a user's own, beside the mixture's."""
    return [name for name in metrics if name in METRICS and METRICS[name].reads == Points.name]


def measure_points(
    points: Tensor, name: str, about: Mapping[str, Any], metrics: Iterable[str] = ()
) -> Evaluation:
    """The figures of points against a mixture, beside those of as many points of the mixture.

    Args:
        points: [N, 2].
        name: of the mixture: ``ring``, ``grid`` or ``spiral``.
        about: of the points, for the records; see ``provenance``.
        metrics: further ones, that read points; their features are the coordinates.

    Raises:
        UsageError: one of these does not apply.
    """
    cloud = CLOUDS[name]()
    reals, _ = cloud.sample(min(len(points), COUNTS["test"]), name, "test")
    figures, baselines = (
        point_figures(each, cloud.centres, cloud.sigma, cloud.modes, cloud.directions)
        for each in (points, reals)
    )
    reference = {
        "data": name,
        "part": "held-out",
        "images": len(reals),
        "noun": Points.noun,
        "fingerprint": "none",
        "floor": "as many points of the mixture itself",
    }
    pairs: list[tuple[Figure, Figure | None]] = list(zip(figures, baselines, strict=True))
    features = {**asdict(ORIGIN), "classes": len(ORIGIN.classes)}
    return Evaluation(
        [*pairs, *_further(points, name, list(metrics))],
        provenance(about, len(points), reference, features),
    )


def _further(
    points: Tensor, mixture: str, metrics: list[str]
) -> list[tuple[Figure, Figure | None]]:
    """The figures of further metrics beside their real baselines."""
    if not metrics:
        return []
    network = FeatureNetwork(ORIGIN, lambda items: Reading(items.flatten(1)), reads=Points.name)
    reals = RealFeatures(load_real_items(mixture), network, count=len(points))
    samples = Samples.finished(Points(), points)
    return measure(samples, reals, metrics, {}, required=True).figures
