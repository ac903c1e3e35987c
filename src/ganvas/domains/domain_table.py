"""All kinds of items by name, and how a run's record names one."""

from collections.abc import Mapping, Sequence
from typing import Any

from ganvas.domains.clip import Clip
from ganvas.domains.domain import Domain
from ganvas.domains.image import Image
from ganvas.domains.points import Points
from ganvas.domains.tokens import Tokens
from ganvas.domains.vector import Vector
from ganvas.domains.writers import ending_error, ending_of

DOMAINS: dict[str, type[Domain]] = {
    kind.name: kind for kind in (Image, Points, Tokens, Clip, Vector)
}
"""Every kind of item by its name."""


def from_plain(plain: Mapping[str, Any]) -> Domain:
    """The domain of what ``Domain.plain`` gave, also after a journey through JSON.

    Raises:
        KeyError: an unknown name.
        TypeError: other fields than such a domain has.
    """
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items() if k != "name"}
    return DOMAINS[plain["name"]](**fields)


def of_shape(shape: Sequence[int]) -> Domain:
    """The domain of items of which only the shape (C, H, W) was written down, as older runs did."""
    points = Points()
    return points if tuple(shape) == points.shape else Image(*shape)


def check_ending(out: str) -> None:
    """Refuse a path that samples of no domain can be written to.

    Raises:
        UsageError: it has another ending.
    """
    endings = (".png", ".npz", ".gif", ".webp", ".txt", "/")
    if ending_of(out) not in endings:
        raise ending_error(out, endings)
