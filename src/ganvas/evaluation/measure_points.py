"""The figures of points: how well they follow the mixture that they are to come from."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ganvas.data.builtin.clouds import CLOUDS, COUNTS
from ganvas.evaluation.result import Evaluation, provenance
from ganvas.metrics.figure import Figure
from ganvas.metrics.mixture import point_figures

FEATURES = {
    "name": "points", "version": "2", "hash": "none", "size": None, "resize": "none", "classes": 0,
}  # fmt: skip
"""What stands in a record where other figures name their feature network. 2: ``reverse-kl`` is of
points near a mode."""


def measure_points(points: Tensor, name: str, about: Mapping[str, Any]) -> Evaluation:
    """The figures of points against a mixture, beside those of as many points of the mixture.

    Args:
        points: [N, 2].
        name: of the mixture: ``ring``, ``grid`` or ``spiral``.
        about: of the points, for the records; see ``provenance``.
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
        "fingerprint": "none",
        "floor": "as many points of the mixture itself",
    }
    pairs: list[tuple[Figure, Figure | None]] = list(zip(figures, baselines, strict=True))
    return Evaluation(pairs, provenance(about, len(points), reference, FEATURES))
