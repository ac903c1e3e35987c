"""Settings laid one over another: those of a recipe, of files that start from it, and overrides.

A layer gives settings by dotted keys, by nested mappings, or both. Within one layer their order
says nothing: what a mapping says comes before what is set by a longer dotted key. A later layer is
laid over an earlier one, key by key. A word in place of a part, also in a list, is its ``kind``,
and in place of a source it is where the source lies.
"""

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ganvas.errors import UsageError
from ganvas.recipes import flat, reading
from ganvas.recipes.parts import FAMILIES, USUALLY_UNNAMED, kind_of

Path = tuple[str, ...]


def join(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A recipe as plain data, each layer laid over those before it.

    Which settings there are is the game's to say: where a later layer has another game, what an
    earlier one set for its own is left behind.

    Raises:
        UsageError: an unknown game, or settings of one layer that contradict each other.
    """
    games: dict[str, Any] = {}
    names: list[Collection[str]] = []
    for layer in layers:
        of_game = {key: each for key, each in layer.items() if str(key).split(".")[0] == "game"}
        lay(games, nested(of_game))
        names.append(_names(games))
    game = flat.game_of(games)
    known, sources = flat.meaningful(game), {flat.source_setting(name) for name in game.sources}
    plain: dict[str, Any] = {}
    fits: dict[str, bool] = {}
    for layer, own in zip(layers, names, strict=True):
        changes = nested(layer, sources)
        lay(plain, changes, sources)
        fits.update({key: key in own for key in changes})
    whole = {key: each for key, each in plain.items() if key in known or not fits[key]}
    if flat.ENCODER not in known and whole.get(flat.ENCODER) is not None:
        raise UsageError(f"the game {kind_of(game)} has no encoder: leave `encoder` away")
    return whole


def nested(given: Mapping[str, Any], sources: Collection[str] = ()) -> dict[str, Any]:
    """Settings as nested mappings, the same in whatever order they are given.

    Args:
        given: by dotted keys, ``{"generator.width": 96}``, by nested mappings, or both.
        sources: the settings in whose place a word stands for ``source``, and not for ``kind``.

    Raises:
        UsageError: two of them contradict each other.
    """
    found: dict[str, Any] = {}
    by: dict[Path, str] = {}
    keys = sorted((tuple(str(key).split(".")), value) for key, value in given.items())
    for key, value in sorted(keys, key=lambda each: len(each[0])):
        for path, leaf in _leaves(key, reading.to_plain(value)):
            this = _said(".".join(path), leaf)
            if not _put(found, path, leaf, sources, by):
                other = next(by[place] for place in by if _is_inside(place, path))
                raise UsageError(f"{other} and {this} contradict each other: say one of them")
            by[path] = this
    return found


def lay(
    plain: dict[str, Any], changes: Mapping[str, Any], sources: Collection[str] = (), at: str = ""
) -> None:
    """Lay nested changes over plain data, in place. Another ``kind`` starts afresh; the items of a
    list are named by their positions, ``{"0": {"weight": 5}}``.

    Args:
        plain: what is changed.
        changes: from ``nested``.
        sources: as for ``nested``.
        at: where this is in the whole recipe, such as ``game.``; for messages.

    Raises:
        UsageError: a setting inside one that has none.
    """
    if "kind" in changes and _changes_kind(plain, changes["kind"]):
        plain.clear()
    for key, value in changes.items():
        plain[key] = _laid(plain.get(key), value, sources, f"{at}{key}")


def _laid(below: Any, value: Any, sources: Collection[str], where: str) -> Any:
    """What stands at a setting after a value is laid over what stood there."""
    if isinstance(below, dict) and isinstance(value, str):
        value = {"source": value} if where in sources else _as_kind(value)
    if not isinstance(value, Mapping):
        return copy.deepcopy(value)
    if isinstance(below, str):
        below = {_short(where, sources): below}
    if isinstance(below, list) and "kind" in value:  # one part where there may be several
        alone, first = dict(value), value.get("0")
        if isinstance(first, Mapping) and "kind" not in first:
            alone.update(alone.pop("0"))
        return [copy.deepcopy(alone)]
    if isinstance(below, list):
        items: dict[str, Any] = {str(i): each for i, each in enumerate(below)}
        _check_inside(where, value, set(value) <= set(items), f"a list of {len(items)}")
        lay(items, value, at=f"{where}.")
        return list(items.values())
    if below is None or ("kind" in value and not isinstance(below, dict)):
        below = {}
    _check_inside(where, value, isinstance(below, dict), "a plain value")
    lay(below, value, at=f"{where}.")
    return below


def _check_inside(where: str, value: Mapping[str, Any], fits: bool, what: str) -> None:
    if not fits:
        inside = f"{where}.{next(iter(value), '')}"
        raise UsageError(f"unknown setting {inside!r}: `{where}` is {what}")


def _names(plain: Mapping[str, Any]) -> Collection[str]:
    """The settings that the game of plain data has; none where a later layer must complete it."""
    try:
        return flat.meaningful(flat.game_of(plain))
    except UsageError:
        return ()


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Each value that is no mapping, or an empty one, and where it is."""
    if not isinstance(value, Mapping) or not value:
        yield path, value
        return
    for key, each in value.items():
        yield from _leaves((*path, str(key)), each)


def _put(
    found: dict[str, Any], path: Path, leaf: Any, sources: Collection[str], known: Collection[Path]
) -> bool:
    """Put a value where it belongs; whether it goes with what stands there.

    Args:
        found: the settings of shorter dotted keys.
        path: where it belongs.
        leaf: the value.
        sources: as for ``nested``.
        known: the places of values, in ``found``, that stand there as they were given.
    """
    place: Any = found
    is_listed = False
    for depth, key in enumerate(path[:-1], 1):
        place = _inside(place, key, _short(".".join(path[:depth]), sources))
        is_listed = is_listed or isinstance(place, list)
    if not isinstance(place, dict):
        return False
    before = place.setdefault(path[-1], copy.deepcopy(leaf))
    if isinstance(before, dict) and isinstance(leaf, str):
        return _put(before, (_short(".".join(path), sources),), leaf, sources, ())
    place[path[-1]] = copy.deepcopy(leaf)
    return before == leaf or (path[-1] != "kind" and (is_listed or path in known))


def _inside(place: Any, key: str, short: str) -> Any:
    """What stands at a key of a mapping, or at a position of a list, to put a setting into it; None
    where nothing can be.

    short: what a word there stands for.
    """
    at: Any = key
    if isinstance(place, dict):
        place.setdefault(key, {})
    elif isinstance(place, list) and key.isdecimal() and int(key) < len(place):
        at = int(key)
    else:
        return None
    if isinstance(place[at], str):
        place[at] = {short: place[at]}
    return place[at]


def _is_inside(one: Path, other: Path) -> bool:
    """Whether one of two places is, or is inside, the other."""
    return one == other[: len(one)] or other == one[: len(other)]


def _short(where: str, sources: Collection[str]) -> str:
    """What a word stands for in place of a mapping."""
    return "source" if where in sources else "kind"


def _as_kind(word: str) -> str | dict[str, str]:
    """A word in place of a part as its kind; as it is where no table has it: it may be a number."""
    return {"kind": word} if any(word in table for table in FAMILIES.values()) else word


def _said(where: str, value: Any) -> str:
    """A setting and its value, for a message."""
    if value is None:
        return f"`{where}=null`"
    return f"`{where}={value}`" if isinstance(value, str | int | float) else f"`{where}`"


def _changes_kind(plain: Mapping[str, Any], kind: Any) -> bool:
    """Whether a part becomes one of another kind; one without a name takes any, except where older
    recipes name none and mean the first of the table."""
    if "kind" in plain:
        return plain["kind"] != kind
    return any(kind in table and kind != next(iter(table)) for table in USUALLY_UNNAMED)
