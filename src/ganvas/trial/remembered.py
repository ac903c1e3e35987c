"""What trials found, kept in the cache folder by machine and recipe."""

import dataclasses
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from ganvas import keys
from ganvas.cache import cache_path
from ganvas.engine.device import processor
from ganvas.recipes.build.choices import Choices
from ganvas.recipes.recipe import Recipe

FORMAT = 3
"""Raised when kernels or trials change, so that old findings are measured anew."""


def find(recipe: Recipe, shape: Any, rule: Choices) -> Choices | None:
    """What was found for this recipe on this machine, if anything was."""
    try:
        return Choices(**_read()[_name(recipe, shape, rule)])
    except (KeyError, TypeError):
        return None


def keep(recipe: Recipe, shape: Any, rule: Choices, found: Choices, *, anew: bool) -> Choices:
    """Remember, and return what is remembered then: unless anew, who came first is right.

    A folder that cannot be written is no matter.
    """
    name = _name(recipe, shape, rule)
    new, old = {name: dataclasses.asdict(found)}, _read()
    everything = {**old, **new} if anew else {**new, **old}
    part = None
    try:
        path = _path()
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            part = file.name
            json.dump(everything, file, indent=1)
        os.replace(part, path)
    except OSError:
        if part is not None:
            Path(part).unlink(missing_ok=True)
    return found if anew else find(recipe, shape, rule) or found


def _path() -> Path:
    return cache_path("choices.json")


def _read() -> dict[str, Any]:
    try:
        found = json.loads(_path().read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _name(recipe: Recipe, shape: Any, rule: Choices) -> str:
    """The machine, and everything of a recipe that its speed depends on."""
    plays = (*recipe.networks.values(), recipe.game, recipe.augment)
    size = (recipe.batch, recipe.accumulate, recipe.half_life is None, shape)
    wanted = (recipe.precision, recipe.threads, recipe.compile)
    machine = (processor(torch.device(rule.device)), torch.__version__, FORMAT)
    return f"{keys.key(repr((plays, size, wanted, machine, rule.words()))):016x}"
