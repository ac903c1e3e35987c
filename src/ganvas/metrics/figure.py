"""What a metric returns: a number, how sure it is, and which way is better."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Z95 = 1.959963984540054
"""Standard errors either side of a normal estimate that hold 95% of its distribution."""


class Estimate(NamedTuple):
    """A value, and the lower and the upper end of its 95% interval."""

    value: float
    low: float
    high: float


def squared_distance(value: float, error: float) -> Estimate:
    """The 95% interval of a squared distance, from its estimate and that estimate's standard error.

    The error grows with the distance, so an estimate that came out low claims too little of it and
    value ± 1.96 errors misses on that side. The interval is symmetric on another scale instead: y =
    asinh(value / 2 errors) above zero, logarithmic far from it, and plain below, where an estimate
    can only lie by chance.
    """
    if error <= 0:
        return Estimate(value, value, value)
    scale = 2 * error
    middle = math.asinh(value / scale) if value > 0 else value / scale
    reach = Z95 * error / math.hypot(max(value, 0.0), scale)
    ends = (middle - reach, middle + reach)
    low, high = (scale * (math.sinh(y) if y > 0 else y) for y in ends)
    return Estimate(value, low, high)


@dataclass(frozen=True)
class Figure:
    """One number of a metric.

    name: such as ``frechet``.
    value: in the metric's own unit.
    interval: the ends of its 95% interval; None where the metric gives none.
    better: whether a lower or a higher value is better.
    note: what a reader must know; "" where there is nothing.
    details: further numbers, for the record.
    kept: what a picture of it needs, which no record holds; None of most.
    """

    name: str
    value: float
    interval: tuple[float, float] | None = None
    better: Literal["lower", "higher"] = "lower"
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    kept: Any = None


class NotApplicable(Exception):
    """A metric that these images, features or numbers do not allow; the text says why."""
