"""``ganvas.register``: how a part of a user's own gets its name."""

import inspect
import re
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar, overload

from torch import nn

from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.data.dataset import Dataset
from ganvas.data.source_names import SOURCES
from ganvas.domains import DOMAINS, Domain
from ganvas.engine.optimiser import OptimiserSettings
from ganvas.errors import UsageError
from ganvas.features import FEATURES, Features
from ganvas.games.parts.augmentation import Augment
from ganvas.games.parts.term import Term
from ganvas.games.setup import GameSettings
from ganvas.losses.adversarial import LOSSES, AdversarialLoss, unlabelled
from ganvas.losses.penalty_kinds import PENALTIES, PenaltyKind
from ganvas.metrics.metric import Metric
from ganvas.metrics.metric_table import METRICS
from ganvas.networks.protocols import (
    DiscriminatorSettings,
    GeneratorSettings,
)
from ganvas.recipes import own_source, yaml
from ganvas.recipes.condition_settings import ConditionSettings
from ganvas.recipes.own_parts import OwnPart, note
from ganvas.recipes.parts import CONDITIONS, FAMILIES, FAMILY_NAMES, GAMES, OPTIMISERS, TERMS
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import RECIPES
from ganvas.store.event import LISTENERS, Listener
from ganvas.store.log import LOGGERS, Logger


@dataclass(frozen=True)
class Sort:
    """What parts of one sort are, and where they stand.

    name: what such a part is called.
    type: the class that they are of; a family of networks and the like.
    table: all of them by name.
    entry: from a part to what stands in the table.
    needs: methods that a class must have of its own.
    taken: names of the project's parts that do not stand in the table.
    """

    name: str
    type: Any
    table: dict[str, Any]
    entry: Callable[[Any], Any] = lambda part: part
    needs: tuple[str, ...] = ()
    taken: Collection[str] = ()


OBJECTS = (
    Sort("loss", AdversarialLoss, LOSSES, unlabelled),
    Sort("penalty", PenaltyKind, PENALTIES),
    Sort("metric", Metric, METRICS),
    Sort("feature network", Features, FEATURES),
    Sort("recipe", Recipe, RECIPES, lambda recipe: lambda: recipe),
)
"""Sorts whose parts are objects."""

CLASSES = (
    Sort("domain", Domain, DOMAINS),
    Sort("game", GameSettings, GAMES, needs=("build",)),
    Sort("term", Term, TERMS),
    Sort("optimiser", OptimiserSettings, OPTIMISERS, needs=("numbers", "moments")),
    Sort("condition", ConditionSettings, CONDITIONS, needs=("conditions", "rows")),
)
"""Sorts whose parts are classes of their own."""

FUNCTIONS = (
    Sort("logger", Logger, LOGGERS),
    Sort("listener", Listener, LISTENERS),
    Sort("recipe", Recipe, RECIPES),
    Sort("data source", Dataset, SOURCES, taken=BUILTIN),
)
"""Sorts whose parts are called: functions, or classes."""

NAME = re.compile(r"[^\W_][\w-]*")
"""What a name looks like on a command line and in a file."""

T = TypeVar("T")


@overload
def register(part: T, kind: str | None = None, family: Any = None) -> T: ...
@overload
def register(
    part: None = None, kind: str | None = None, family: Any = None
) -> Callable[[T], T]: ...
def register(part: Any = None, kind: str | None = None, family: Any = None) -> Any:
    """Give a part of one's own a name, by which recipes, overrides and options know it.

    Also a decorator: ``@register``, or ``@register(kind="mine")``. The same module may register a
    name again, as a notebook's cell that runs twice does: the newest part is taken.

    Args:
        part: an ``AdversarialLoss``, a ``PenaltyKind``, a ``Metric``, ``Features`` or a ``Recipe``;
            a subclass of ``Term``, ``GameSettings``, ``OptimiserSettings``, ``ConditionSettings``
            or ``Domain``; a dataclass with ``build(shape)``, the settings of a network; or one that
            is called with images, an augmentation; a class of loggers, with ``write``, ``image``
            and ``close``.
        kind: its name, of letters, digits, ``-`` and ``_``; by default that of its class in lower
            case, of a function its own. A domain and a recipe have one.
        family: of network settings, the interface that the role of a game asks for, such as
            ``TranslatorSettings``; by default a generator's where they have a field ``latent``, and
            otherwise a discriminator's. Functions always have one: ``Listener`` for what is called
            with events, ``Logger`` for what makes a logger from the path of a run folder,
            ``Recipe`` for what returns one, ``Dataset`` for what gives a part of a data source.

    Returns:
        The part.

    Raises:
        UsageError: it is none of these, or its name cannot be one, or is that of another part.
    """
    caller = sys._getframe(1)
    if part is None:
        return lambda each: _register(each, kind, family, caller)
    return _register(part, kind, family, caller)


def _register(part: Any, kind: str | None, family: Any, caller: FrameType) -> Any:
    sort = _sort_of(part, family)
    kind = _checked_name(_own_name(part, sort) if kind is None else kind, sort)
    if sort.type is Domain and kind != part.name:
        raise UsageError(f"{part.__name__}.name is {part.name!r}: a domain has no other name")
    _check_methods(part, sort)
    names = caller.f_globals
    file = names.get("__file__")
    own = OwnPart(
        sort.name,
        kind,
        getattr(part, "__qualname__", kind),
        names.get("__name__", "__main__"),
        None if file is None else Path(file).resolve(),
        own_source.find(part, caller),
    )
    note(own, {*sort.table, *sort.taken}, part)
    sort.table[kind] = sort.entry(part)
    return part


def _sort_of(part: Any, family: Any) -> Sort:
    is_class = isinstance(part, type)
    for sort in OBJECTS:
        if family in (None, sort.type) and isinstance(part, sort.type):
            return sort
    for sort in CLASSES:
        if family in (None, sort.type) and is_class and issubclass(part, sort.type):
            _check_fields(part)
            return sort
    if family is not None:
        return _of_family(part, family)
    if is_class and issubclass(part, Logger):
        return FUNCTIONS[0]
    if is_class and is_dataclass(part):
        return _of_family(part, _usual_family(part))
    raise _no_part(part)


def _check_fields(part: type) -> None:
    """Raise UsageError where what a class declares are no settings: it is no dataclass itself."""
    own = {} if "__dataclass_fields__" in vars(part) else inspect.get_annotations(part)
    if any("ClassVar" not in str(each) for each in own.values()):
        raise _no_part(part)


def _check_methods(part: Any, sort: Sort) -> None:
    """Raise UsageError where a class lacks what all of its sort must have."""
    lacking = [name for name in sort.needs if getattr(part, name) is getattr(sort.type, name)]
    lacking += sorted(getattr(part, "__abstractmethods__", ()))
    if lacking:
        raise UsageError(f"{part.__name__}, a {sort.name}, lacks {' and '.join(lacking)}")


def _no_part(part: Any) -> UsageError:
    """The error for what cannot be registered, with what to write instead."""
    if isinstance(part, nn.Module) or (isinstance(part, type) and issubclass(part, nn.Module)):
        why = "is a network: register its settings, a dataclass whose build(shape) returns it"
    elif isinstance(part, type) and (hasattr(part, "build") or inspect.get_annotations(part)):
        why = "is no dataclass: write @dataclass(frozen=True) between @register and the class"
    elif inspect.isfunction(part):
        why = "is a function: say what it is, such as family=Listener"
    elif is_dataclass(part):
        why = "is an object: register its class"
    else:
        why = "is no part that ganvas knows: see `ganvas.extend` for what there may be"
    return UsageError(f"{getattr(part, '__name__', repr(part))} {why}")


def _usual_family(part: type) -> Any:
    """What a dataclass is the settings of."""
    if not hasattr(part, "build") and any("__call__" in vars(each) for each in part.__mro__):
        return Augment
    is_generator = any(field.name == "latent" for field in fields(part))
    return GeneratorSettings if is_generator else DiscriminatorSettings


def _of_family(part: Any, family: Any) -> Sort:
    """The table of a family; a new one of a user's own family."""
    for sort in FUNCTIONS:
        if family is sort.type and callable(part):
            return sort
    method = "__call__(images, uniform, strength)" if family is Augment else "build(shape)"
    if not is_dataclass(part) or not hasattr(part, method.partition("(")[0]):
        name = getattr(part, "__name__", repr(part))
        raise UsageError(f"{name} must be a dataclass with a method {method}")
    name = FAMILY_NAMES.get(family, getattr(family, "__name__", str(family)).lower())
    return Sort(name, family, FAMILIES.setdefault(family, {}))


def _own_name(part: Any, sort: Sort) -> str:
    """The name of a part that was given none.

    Raises:
        UsageError: it has none.
    """
    if isinstance(part, Recipe):
        return part.name
    if sort.type is Domain:
        if not isinstance(getattr(part, "name", None), str):
            raise UsageError(f"{part.__name__} needs a name: write name = 'my-items' in its class")
        return part.name
    if not hasattr(part, "__name__"):
        raise UsageError(f"a {sort.name} needs a name: register(…, {'my-' + sort.name!r})")
    return part.__name__.lower()


def _checked_name(kind: Any, sort: Sort) -> str:
    """The name, if files and options can say it.

    Raises:
        UsageError: they cannot.
    """
    if isinstance(kind, str) and NAME.fullmatch(kind) and yaml.read(kind) == kind:
        return kind
    raise UsageError(
        f"{kind!r} cannot name a {sort.name}: take letters, digits, '-' and '_', beginning with a "
        f"letter or digit, and no word that YAML takes for a value, such as true or null"
    )
