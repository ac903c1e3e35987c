"""All parts that a recipe may name, each with its settings and their defaults."""

import dataclasses
import json
import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.data.source_names import SOURCES
from ganvas.domains import DOMAINS
from ganvas.features import FEATURES
from ganvas.losses.adversarial import LOSSES
from ganvas.losses.penalty_kinds import PENALTIES
from ganvas.metrics.metric_table import METRICS
from ganvas.recipes import own_parts, parts, reading

TABLES: Mapping[str, Mapping[str, Any]] = {
    "game": parts.GAMES,
    "generator": parts.GENERATORS,
    "discriminator": parts.DISCRIMINATORS,
    "encoder": parts.ENCODERS,
    "translator": parts.TRANSLATORS,
    "loss": LOSSES,
    "penalty": PENALTIES,
    "term": parts.TERMS,
    "optimiser": parts.OPTIMISERS,
    "schedule": parts.SCHEDULES,
    "augmentation": parts.AUGMENTATIONS,
    "condition": parts.CONDITIONS,
    "metric": METRICS,
    "feature network": FEATURES,
    "domain": DOMAINS,
    "data source": ChainMap[str, Any](SOURCES, BUILTIN),
}
"""The tables of parts, by what their parts are."""

SETTINGS = {**own_parts.NAMED_AS_TEXT, "augment": "augmentation", "data": "data source"}
"""Settings that are called otherwise than their parts."""

SENTENCE = re.compile(r"(?<!\bal)(?<!\beq)\.\s")
"""Where a sentence ends: a full stop that is not one of ``et al.`` or ``eq.``"""


@dataclass(frozen=True)
class Entry:
    """A part of the catalogue.

    what: what it is, such as ``generator``.
    kind: its name in recipes.
    settings: each with its default, such as ``width=64``; without one where it must be given.
    summary: the first sentence of its docstring; empty where it has none.
    own: who registered it; None for a part of ganvas.
    """

    what: str
    kind: str
    settings: str
    summary: str
    own: own_parts.OwnPart | None = None


def catalogue() -> list[Entry]:
    """All parts, a user's own first."""
    known = {(part.what, part.kind): part for part in own_parts.known()}
    own = [
        _entry(part.what, part.kind, own_parts.registered(part), part)
        for part in known.values()
        if part.what != "recipe"
    ]
    built_in = [
        _entry(what, kind, part)
        for what, table in TABLES.items()
        for kind, part in table.items()
        if (what, kind) not in known
    ]
    return own + built_in


def sort_of(name: str, sorts: Iterable[str]) -> str | None:
    """The sort of parts that a name means: its own, singular or plural, or that of a setting, such
    as ``augment``, ``game.terms`` or ``generator_optimiser``; None where there is no such."""
    known = {each: sort for sort in sorts for each in (sort, _plural(sort))} | SETTINGS
    last = name.rpartition(".")[2]
    return known.get(last) or known.get(last.rpartition("_")[2])


def _plural(sort: str) -> str:
    if sort.endswith("y"):
        return f"{sort[:-1]}ies"
    return f"{sort}es" if sort.endswith("s") else f"{sort}s"


def summary(part: object) -> str:
    """The first sentence of the docstring of a class, a function, or what an object is made of."""
    texts = (_docstring(each).strip() for each in (part, *_functions(part)))
    text = next((text for text in texts if text), "")
    return SENTENCE.split(" ".join(text.partition("\n\n")[0].split()))[0].rstrip(".")


def _entry(what: str, kind: str, part: Any, own: own_parts.OwnPart | None = None) -> Entry:
    has_settings = isinstance(part, type) and dataclasses.is_dataclass(part)
    settings = dataclasses.fields(part) if has_settings else ()
    return Entry(what, kind, ", ".join(map(_setting, settings)), summary(part), own)


def _docstring(part: object) -> str:
    """Its own docstring: neither that of an object's class, nor one that a dataclass made."""
    text = getattr(part, "__doc__", None) or ""
    is_made = text.startswith(f"{getattr(part, '__name__', '')}(")
    return text if hasattr(part, "__name__") and not is_made else ""


def _functions(part: object) -> Iterator[object]:
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        values = (getattr(value, "func", value) for value in vars(part).values())  # of a partial
        yield from (value for value in values if callable(value))


def _setting(field: dataclasses.Field[Any]) -> str:
    """A setting and its default, as YAML has it; of a part its kind."""
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    if default is dataclasses.MISSING:
        return field.name
    plain = reading.to_plain(default)
    if isinstance(plain, dict):
        plain = plain.get("kind", plain)
    text = plain if isinstance(plain, str) else json.dumps(plain, default=str)
    return f"{field.name}={text}"
