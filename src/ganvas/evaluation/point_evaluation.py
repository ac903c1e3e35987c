"""The figures of points: how well they follow the mixture that they are to come from."""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from torch import Tensor

from ganvas.data.builtin.clouds import CLOUDS, COUNTS
from ganvas.evaluation.evaluation import FORMAT, Evaluation
from ganvas.metrics.figure import Figure
from ganvas.metrics.mixture import point_figures
from ganvas.version import versions

FEATURES = {
    "name": "points", "version": "2", "hash": "none", "size": None, "resize": "none", "classes": 0,
}  # fmt: skip
"""What stands in a record where other figures name their feature network. 2: ``reverse-kl`` is of
points near a mode."""


def measure_points(points: Tensor, name: str, about: Mapping[str, Any]) -> Evaluation:
    """The figures of points [N, 2] against a mixture; their floor is that of as many real ones."""
    cloud = CLOUDS[name]()
    reals, _ = cloud.sample(min(len(points), COUNTS["test"]), name, "test")
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
