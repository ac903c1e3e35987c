"""Settings from plain data and back: types coerced, every unknown key named with a suggestion."""

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from ganvas.errors import UsageError, unknown
from ganvas.networks.protocols import DiscriminatorSettings, GeneratorSettings
from ganvas.recipes.other_names import ours
from ganvas.recipes.own_parts import own_part
from ganvas.recipes.parts import FAMILIES, FAMILY_NAMES, USUALLY_UNNAMED, kind_of

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """A part of a recipe as dictionaries, lists and plain values; see ``flat`` for a whole one."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        kind = kind_of(value)
        return fields if kind is None else {"kind": kind, **fields}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: Any, value: Any, where: str = "") -> Any:
    """An object of type ``kind`` from plain data; ``where`` is its dotted place, for messages.

    Raises:
        UsageError: an unknown or missing key, an unknown kind, or a value of the wrong type.
    """
    if _is_union(kind):
        return _one_of(get_args(kind), value, where)
    if kind in FAMILIES:
        return _part([kind], value, where)
    if dataclasses.is_dataclass(kind):
        return _fields(typing.cast(type, kind), value, where)
    if get_origin(kind) is tuple:
        return _several(get_args(kind), value, where)
    return _leaf(kind, value, where)


def _several(items: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    """A tuple; one part, or name, of any number may be given alone, without a list."""
    any_number = items[1:] == (...,)
    if not isinstance(value, list | tuple):
        is_name = any_number and items[0] is str and isinstance(value, str)
        if not is_name and not _is_settings(items[0]):
            return _leaf(tuple[items], value, where)
        if not isinstance(value, str | Mapping):
            raise UsageError(f"{where} cannot be {value!r}: name a part, or a list of them")
        value = [value]
    if any_number:
        items = items[:1] * len(value)
    if len(items) != len(value):
        raise UsageError(f"{where} needs {len(items)} values, not {len(value)}")
    parts = zip(items, value, strict=True)
    return tuple(from_plain(item, each, f"{where}.{i}") for i, (item, each) in enumerate(parts))


def registered(name: str, table: Mapping[str, T], what: str) -> T:
    """What is registered under a name.

    Args:
        name: the name.
        table: of parts that only users have.
        what: what they are called.

    Raises:
        UsageError: nothing has this name.
    """
    if name in table:
        return table[name]
    if not table:
        raise UsageError(
            f"there is no {what} {name!r}: name the file that registers it (`plugin=FILE.py`)"
        )
    raise UsageError(unknown(name, table, what))


def _is_settings(kind: Any) -> bool:
    return kind in FAMILIES or dataclasses.is_dataclass(kind)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    deep = [k for k in kinds if _is_settings(k)]
    flat = tuple(kind for kind in kinds if kind not in deep)
    table = _table(deep)
    is_name = isinstance(value, str) and value in table and str not in flat
    if deep and (isinstance(value, Mapping) or is_name or not flat):
        has_table = any(kind in FAMILIES for kind in deep)
        return _part(deep, value, where) if has_table else from_plain(deep[0], value, where)
    return _leaf(Union[flat], value, where)  # noqa: UP007


def _part(families: Sequence[Any], value: Any, where: str) -> Any:
    table = _table(families)
    if isinstance(value, str):
        value = {"kind": value}
    if not isinstance(value, Mapping):
        raise UsageError(f"{where} needs a kind: one of {', '.join(table)}")
    usual = len(table) == 1 or any(set(table) >= set(known) for known in USUALLY_UNNAMED)
    kind = value.get("kind", next(iter(table)) if usual else None)
    if kind is None:
        raise UsageError(f"{where} needs a kind: one of {', '.join(table)}")
    if kind not in table:
        other = _of_another_family(str(kind), families[0])
        if other is not None:
            raise UsageError(f"{where} cannot be {kind!r}: {other}")
        raise UsageError(unknown(str(kind), table, f"kind for {where}"))
    return _fields(table[kind], {k: v for k, v in value.items() if k != "kind"}, where)


def _table(families: Iterable[Any]) -> dict[str, type]:
    """All parts of these families by name."""
    return {name: part for kind in families for name, part in FAMILIES.get(kind, {}).items()}


def _of_another_family(kind: str, wanted: Any) -> str | None:
    """What a name stands for that is none of the wanted family's; None where it is no name."""
    family = next((each for each in FAMILY_NAMES if kind in FAMILIES[each]), None)
    if family is None:
        return None
    noun = FAMILY_NAMES[family]
    noun = f"{'an' if noun[0] in 'ae' else 'a'} {noun}"
    if own_part(FAMILIES[family][kind]) is None:
        return f"it is {noun}"
    why, how = "", f"say family={wanted.__name__}"
    if (family, wanted) == (DiscriminatorSettings, GeneratorSettings):
        why, how = ", as settings without a field `latent` are", f"{how}, or add the field"
    if (family, wanted) == (GeneratorSettings, DiscriminatorSettings):
        why = ", as settings with a field `latent` are"
    return f"it is registered as {noun}{why}: {how}"


def _fields(cls: type, value: Any, where: str) -> Any:
    if isinstance(value, cls):
        return value
    if isinstance(value, str) and "kind" in typing.get_type_hints(cls):
        value = {"kind": value}
    if not isinstance(value, Mapping):
        raise UsageError(f"{where or 'the recipe'} needs settings (key: value), not {value!r}")
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    given = settings({field.name: hints[field.name] for field in fields}, value, where)
    for field in fields:
        required = (field.default, field.default_factory) == (dataclasses.MISSING,) * 2
        if required and field.name not in given:
            name = f"{where}.{field.name}" if where else field.name
            raise UsageError(f"`{name}` is missing: it has no default, so it must be set")
    try:
        return cls(**given)
    except ValueError as error:
        raise UsageError(f"{where or 'the recipe'}: {error}") from None


def settings(types: Mapping[str, Any], value: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The values of settings from plain data; ``types`` has the type of each setting that there is.

    Raises:
        UsageError: as ``from_plain``.
    """
    prefix = f"{where}." if where else ""
    for key, each in value.items():
        if key not in types:
            here = ours(str(key), each, None if where else value)
            if here is not None and f"`{prefix}{key}`" in here:
                here = f"of another kind; this one has {', '.join(types)}"
            names = [f"{prefix}{name}" for name in types]
            raise UsageError(
                unknown(f"{prefix}{key}", names)
                if here is None
                else f"unknown setting {f'{prefix}{key}'!r}: here it is {here}"
            )
    return {key: from_plain(types[key], each, f"{prefix}{key}") for key, each in value.items()}


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _leaf(kind: Any, value: Any, where: str) -> Any:
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].lower()
        raise UsageError(f"{where} cannot be {value!r}: {reason}") from None
