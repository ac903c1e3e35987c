"""Sources that go by a name: those that are built in, and those of a user's own."""

from collections.abc import Callable
from typing import Any

from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.data.part import Part
from ganvas.errors import NoSuchPart

SOURCES: dict[str, Callable[[str], Any]] = {}
"""By name, what gives the items of a part, ``train``, ``test`` or ``all``, in whatever form
``load_dataset`` takes; or None where the source has no such part."""


def is_builtin(source: Any) -> bool:
    """Whether a source is built in: only a plain string; Path("mnist") and "./mnist" are paths."""
    return isinstance(source, str) and source in BUILTIN


def is_own(source: Any) -> bool:
    """Whether a source is one of a user's own, by its name."""
    return isinstance(source, str) and source in SOURCES


def is_named(source: Any) -> bool:
    """Whether a source is a name, and no path."""
    return is_builtin(source) or is_own(source)


def names() -> tuple[str, ...]:
    """The names of all sources."""
    return (*BUILTIN, *SOURCES)


def own_items(source: str, part: Part) -> tuple[Any, Part]:
    """What a source of a user's own gives, and which part of that is wanted.

    Raises:
        NoSuchPart: it has no such part.
    """
    asked = part.split if part.split in ("test", "all") else "train"
    found = SOURCES[source](asked)
    if found is None:
        raise NoSuchPart(f"{source} has no {asked} part")
    return found, part if asked == "train" else Part("train", part.limit)
