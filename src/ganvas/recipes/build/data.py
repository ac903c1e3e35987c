"""The items that a recipe trains on."""

from collections.abc import Mapping
from typing import Any

from ganvas.data import Dataset, load_dataset
from ganvas.errors import UsageError
from ganvas.recipes.parts import kind_of
from ganvas.recipes.recipe import Data, Recipe


def load_sources(
    recipe: Recipe, given: Mapping[str, Any], progress: Any = None
) -> dict[str, Dataset]:
    """The items of each source of a recipe, by its name.

    Args:
        recipe: whose.
        given: by name, what to take instead of what the recipe names; see ``load_data``.
        progress: called with (done, total) while they are read.

    Raises:
        DataError: what is there cannot be read or used.
        UsageError: nobody says where a source is.
    """
    for name, settings in recipe.sources.items():
        if name != "train" and not settings.source and given.get(name) is None:
            raise UsageError(
                f"the game {kind_of(recipe.game)} trains on {' and '.join(recipe.sources)}: say "
                f"`data_{name}` too"
            )
    return {
        name: load_data(settings, given.get(name), progress)
        for name, settings in recipe.sources.items()
    }


def load_data(settings: Data, source: Any = None, progress: Any = None) -> Dataset:
    """The training images that a recipe's ``data`` describes.

    Args:
        settings: the recipe's ``data``.
        source: images to take instead of what its ``source`` names: a path, a tensor, an array or
            a Dataset.
        progress: called with (done, total) while they are read.

    Raises:
        DataError: what is there cannot be read or used.
    """
    return load_dataset(
        settings.source if source is None else source,
        split=settings.split,
        size=settings.size,
        channels=settings.channels,
        fit=settings.fit,
        white=settings.white,
        limit=settings.limit,
        progress=progress,
    )
