"""Every recipe by name, and a recipe from a name, a file or plain data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganvas.errors import UsageError
from ganvas.recipes import reading, yaml
from ganvas.recipes.folder import folder
from ganvas.recipes.mnist import mnist
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.tutorial_cifar10 import tutorial_cifar10, tutorial_cifar10_wgan_gp
from ganvas.recipes.tutorial_mnist import tutorial_mnist

RECIPES: dict[str, Callable[[], Recipe]] = {
    "mnist": mnist,
    "folder": folder,
    "tutorial-mnist": tutorial_mnist,
    "tutorial-cifar10": tutorial_cifar10,
    "tutorial-cifar10-wgan-gp": tutorial_cifar10_wgan_gp,
}


def find(recipe: str | Path | Recipe) -> Recipe:
    """A recipe by name, from a YAML file, or as it is.

    A file may name a recipe to start from (``base: mnist``) and give only what differs.

    Raises:
        UsageError: no such name or file, or a file that is no recipe.
    """
    if isinstance(recipe, Recipe):
        return recipe
    name = str(recipe)
    if name in RECIPES:
        return RECIPES[name]()
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise UsageError(f"there is no recipe file {name}")
        return from_plain(yaml.read(_text(path), name), name)
    raise UsageError(reading.unknown(name, RECIPES, "recipe"))


def from_plain(plain: Any, name: str = "the recipe") -> Recipe:
    """A recipe from nested plain data, with or without a ``base``."""
    if not isinstance(plain, dict):
        raise UsageError(f"{name} holds no settings (key: value)")
    base = plain.get("base")
    changes = {key: value for key, value in plain.items() if key != "base"}
    if base is None:
        return reading.from_plain(Recipe, changes)
    whole = reading.to_plain(find(str(base)))
    reading.merge(whole, changes)
    return reading.from_plain(Recipe, whole)


def change(recipe: Recipe, overrides: dict[str, Any]) -> Recipe:
    """The recipe with dotted keys replaced: ``{"generator.width": 96}``."""
    if not overrides:
        return recipe
    plain = reading.to_plain(recipe)
    for where, value in overrides.items():
        reading.override(plain, where, value)
    return reading.from_plain(Recipe, plain)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
