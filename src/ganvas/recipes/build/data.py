"""The items that a recipe trains on."""

from typing import Any

from ganvas.data import Dataset, load_dataset
from ganvas.recipes.recipe import Data


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
