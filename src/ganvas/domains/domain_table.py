"""All kinds of items by name, and how a run's record names one."""

from collections.abc import Mapping, Sequence
from typing import Any

from ganvas.domains.clip import Clip
from ganvas.domains.domain import Domain
from ganvas.domains.image import Image
from ganvas.domains.points import Points
from ganvas.domains.tokens import Tokens
from ganvas.domains.vector import Vector
from ganvas.errors import UsageError

DOMAINS: dict[str, type[Domain]] = {
    kind.name: kind for kind in (Image, Points, Tokens, Clip, Vector)
}
"""Every kind of item by its name."""


def check_known(domain: Domain) -> None:
    """Raise UsageError unless records of runs can name this kind of item."""
    if DOMAINS.get(domain.name) is not type(domain):
        kind = type(domain).__name__
        raise UsageError(f"{kind} is no domain that a run can name: call ganvas.register({kind})")


def from_plain(plain: Mapping[str, Any]) -> Domain:
    """The domain of what ``Domain.plain`` gave, also after a journey through JSON.

    Raises:
        UsageError: an unknown name.
        KeyError: no name.
        TypeError: other fields than such a domain has.
    """
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items() if k != "name"}
    kind = DOMAINS.get(plain["name"])
    if kind is None:
        raise UsageError(
            f"nothing here knows items of the kind {plain['name']!r}: name the plug-in that does "
            f"with `plugin=FILE`, or update ganvas"
        )
    return kind(**fields)


def of_shape(shape: Sequence[int]) -> Domain:
    """The domain of items of which only the shape (C, H, W) was written down, as older runs did."""
    points = Points()
    return points if tuple(shape) == points.shape else Image(*shape)
