"""What a metric is: a function of samples and of what they are compared with, to figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from torch import Tensor

from ganvas.errors import UsageError
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure

Figures = float | Tensor | Figure | Sequence[Figure]
"""What a metric may return: figures, one of them, or a number alone."""

Compared = Literal["reference", "training"]
"""The real items that samples are compared with."""


@dataclass(frozen=True)
class Metric:
    """A metric, of the project or of a user's own.

    ``compute`` takes the samples and the real items, and returns its figures; it raises
    ``NotApplicable`` where these items, features or numbers do not allow it. A number alone is one
    figure that has the metric's name, and of which lower is better. It may be called with two sets
    of real items, which gives the real baseline::

        def brightness(samples: FeatureSet, reference: FeatureSet) -> Figure:
            ours, theirs = (each.items.float().mean() for each in (samples, reference))
            return Figure("brightness", float((ours - theirs).abs()), note="grey levels")

        register(Metric(brightness, reads="image", needs_features=False), "brightness")

    compute: the function.
    compares_with: the ``reference``, or the ``training`` items, among which copies are searched.
    reads: the name of the domain whose items it reads, such as ``image``; None for any, as of a
        metric that looks at features alone.
    needs_features: whether it looks at features, logits or known classes. Where no metric does, no
        feature network is loaded.

    Raises:
        UsageError: ``compares_with`` is neither.
    """

    compute: Callable[[FeatureSet, FeatureSet], Figures]
    compares_with: Compared = "reference"
    reads: str | None = None
    needs_features: bool = True

    def __post_init__(self) -> None:
        if self.compares_with not in get_args(Compared):
            raise UsageError(
                f"a metric compares with {' or '.join(get_args(Compared))}, not "
                f"{self.compares_with!r}"
            )

    def figures(self, name: str, samples: FeatureSet, other: FeatureSet) -> list[Figure]:
        """The figures of samples.

        Args:
            name: of the metric.
            samples: what is measured.
            other: what they are compared with.

        Raises:
            NotApplicable: these items, features or numbers do not allow the metric.
            UsageError: the metric returns something else than figures.
        """
        found = self.compute(samples, other)
        figures = list(found) if isinstance(found, Sequence) else [found]
        return [_figure(name, each) for each in figures]


def _figure(name: str, found: object) -> Figure:
    """A figure that a metric returned; of a number alone, that of the metric's name."""
    if isinstance(found, Figure):
        return found
    try:
        return Figure(name, float(found))  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, RuntimeError):  # the last one from a tensor of several numbers
        raise UsageError(
            f"the metric {name} returned {type(found).__name__}: return a Figure, a list of "
            f"figures, or a number"
        ) from None
