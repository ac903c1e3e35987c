"""Which parts are not of ganvas: what a user registered, where, and which of it a recipe uses."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganvas.errors import UsageError
from ganvas.recipes.own_source import OwnSource

NAMED_AS_TEXT = {
    "loss": "loss",
    "generator_loss": "loss",
    "metrics": "metric",
    "features": "feature network",
    "source": "data source",
}
"""Settings that name a part by a text alone, and what it is; any other has its name under
``kind``."""


@dataclass(frozen=True)
class OwnPart:
    """A part that a user registered.

    what: what it is, such as ``generator`` or ``loss``.
    kind: its name in recipes.
    made_by: the name of its class, or of what was registered.
    module: where it was registered; ``__main__`` of a script or a notebook.
    file: the file in which; None where there is none.
    source: of the part, as it was then; None where Python has none.
    """

    what: str
    kind: str
    made_by: str
    module: str
    file: Path | None = None
    source: OwnSource | None = field(default=None, compare=False)

    def __str__(self) -> str:
        place = self.module if self.file is None else self.file.name
        return f"{self.what} {self.kind!r} ({self.made_by} of {place})"

    def replaces(self, other: "OwnPart") -> bool:
        """Whether it is of the same file, or of a module of the same name, as a plug-in and a run's
        copy of it are."""
        return self.module == other.module or (self.file is not None and self.file == other.file)


_known: dict[tuple[str, str], OwnPart] = {}
_made: dict[tuple[str, str], object] = {}
_classes: dict[type, OwnPart] = {}


def note(part: OwnPart, names: Collection[str], made: object) -> None:
    """Note a part that is about to be registered.

    Args:
        part: the part.
        names: of all parts of its sort.
        made: what is registered, such as a class.

    Raises:
        UsageError: its name is that of a part of ganvas, or of one of another file.
    """
    before = _known.get((part.what, part.kind))
    if before is None and part.kind in names:
        raise UsageError(f"{part.what} {part.kind!r} is a part of ganvas: choose another name")
    if before is not None and not part.replaces(before):
        raise UsageError(f"there is a {before} already: choose another name")
    _known[part.what, part.kind] = part
    _made[part.what, part.kind] = made
    if isinstance(made, type):
        _classes[made] = part


def known() -> list[OwnPart]:
    """All that were registered in this process, in that order."""
    return list(_known.values())


def registered(part: OwnPart) -> object:
    """What was registered as this part: a class, or an object."""
    return _made[part.what, part.kind]


def own_part(settings: object) -> OwnPart | None:
    """The part that has these settings, or this class of settings; None for a part of ganvas."""
    return _classes.get(settings if isinstance(settings, type) else type(settings))


def used_in(plain: Mapping[str, Any]) -> list[OwnPart]:
    """Those that a recipe, or a part of one, uses; ``plain`` is its plain form."""
    named, as_text = set(_named(plain)), set(NAMED_AS_TEXT.values())
    return [
        part
        for part in _known.values()
        if (part.what if part.what in as_text else "", part.kind) in named
    ]


def _named(plain: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """All names of parts in plain data, each with what it is, where that is known."""
    if isinstance(plain, Mapping):
        for name, each in plain.items():
            yield from _named(each, name)
    elif isinstance(plain, list | tuple):
        for each in plain:
            yield from _named(each, key)
    elif isinstance(plain, str) and (key == "kind" or key in NAMED_AS_TEXT):
        yield NAMED_AS_TEXT.get(key, ""), plain
