"""Which recipe was asked for: a name or a file, data, and overrides made one."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganvas.data.source_names import is_named
from ganvas.errors import UsageError, unknown
from ganvas.recipes import overlay, recipe_table
from ganvas.recipes.flat import source_setting
from ganvas.recipes.recipe import Recipe
from ganvas.store import run_folder
from ganvas.store.run import IN_MEMORY, Run
from ganvas.trial.batch_size import AUTO


def resolve(
    recipe: str | Path | Recipe | None = None,
    data: Any = None,
    overrides: dict[str, Any] | None = None,
    start: str | Path | None = None,
) -> Recipe:
    """The recipe that ``train`` would run.

    Args:
        recipe: a name, a YAML file or a Recipe; by default ``folder`` with data, else ``mnist``.
        data: a path or built-in name, or images in memory; of each source by name where there are
            several.
        overrides: dotted keys and their values.
        start: a run whose weights to begin with; its recipe too, where none is given.

    Raises:
        UsageError: an unknown name or key, or a value that cannot be.
    """
    changes, given = dict(overrides or {}), by_name(data)
    for name, each in given.items():
        setting = source_setting(name)
        place = changes.setdefault(f"{setting}.source", place_of(each))
        if place != place_of(each):
            raise UsageError(f"`{setting}` and `{setting}.source` are the same: say one of them")
    if start is not None:
        run = str(run_folder.find(start).resolve())
        if changes.setdefault("start", run) != run:
            raise UsageError("`start` is given twice, for two runs: say one of them")
        recipe = recipe if recipe is not None else Run(start).recipe
    if "images" in changes:
        changes.setdefault("minutes", None)
        changes.setdefault("fit_minutes", False)
    chosen = recipe if recipe is not None else "folder" if given else "mnist"
    return recipe_table.find(chosen, changes)


def by_name(data: Any) -> dict[str, Any]:
    """What was given of each source, by its name; what stands alone is ``train``. None is nothing
    given."""
    named = data if isinstance(data, dict) else {"train": data}
    return {name: each for name, each in named.items() if each is not None}


def chooses_data(overrides: Mapping[str, Any], recipe: Recipe) -> bool:
    """Whether overrides say where a source of the recipe lies."""
    settings = {source_setting(name) for name in recipe.sources}
    found = overlay.nested(overrides, settings)
    given = [found[setting] for setting in settings if setting in found]
    return any(not isinstance(each, Mapping) or "source" in each for each in given)


def check_known(given: Mapping[str, Any], recipe: Recipe) -> None:
    """Raise UsageError where a source is given that the recipe's game does not have."""
    for name in given:
        if name not in recipe.sources:
            settings = [source_setting(each) for each in recipe.sources]
            raise UsageError(unknown(source_setting(name), settings))


def without_auto(overrides: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The overrides without ``batch: auto``, and whether that was among them.

    Raises:
        UsageError: it is, and ``accumulate`` too, which it would replace.
    """
    if overrides.get("batch") != AUTO:
        return overrides, False
    if "accumulate" in overrides:
        raise UsageError("`batch=auto` finds `accumulate` too: leave that away, or name the batch")
    return {key: value for key, value in overrides.items() if key != "batch"}, True


def place_of(data: Any) -> str:
    """How a recipe names its source: a built-in name, or a path that any folder can resume from."""
    if not isinstance(data, str | Path):
        return IN_MEMORY
    if isinstance(data, str) and (is_named(data) or not os.path.exists(data)):
        return data  # a name, or a mistake to be reported as it was typed
    return os.path.abspath(data)
