"""What a metric returns: a number, how sure it is, and which way is better."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Z95 = 1.959963984540054
"""Standard errors either side of a normal estimate that hold 95% of its distribution."""


class Estimate(NamedTuple):
    """A value and its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Figure:
    """One number of a metric.

    name: such as ``frechet``. interval: 95%, where there is one. better: which way is. note: what
    a reader must know. details: further numbers, for the record. kept: what a picture of it needs,
    which no record holds.
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
