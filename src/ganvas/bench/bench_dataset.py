"""The images that a bench plays with, where none were given."""

from ganvas.data import Dataset
from ganvas.domains import Image
from ganvas.recipes.build.batch import check_batch
from ganvas.recipes.build.data import load_data
from ganvas.recipes.recipe import Data, Recipe
from ganvas.trial.choose import noise

PACKAGED = ("mnist", "stacked-mnist")
"""Built-in sources that need no download."""

SHAPES = {"fashion-mnist": (1, 28, 28), "cifar10": (3, 32, 32)}
"""Those that do: (channels, height, width)."""

COUNT = 2_048
"""Random images, or two batches if that is more."""


def bench_dataset(recipe: Recipe, *, given: bool, source: str | None = None) -> Dataset:
    """The recipe's images if somebody chose them or they are in the package, else random ones.

    Speed does not depend on what is in an image. The data set's ``name`` says which they are.

    Args:
        recipe: whose.
        given: whether somebody chose the data.
        source: the name of the source whose images they are; None is the main one.

    Raises:
        DataError: as ``load_data``.
        UsageError: there are fewer than one batch.
    """
    settings = recipe.data if source is None else recipe.sources[source]
    shape = shape_of(settings)
    conditioned = recipe.condition is not None  # noise has no classes
    if given or conditioned or settings.source in PACKAGED or shape is None:
        dataset = load_data(settings)
        check_batch(recipe, dataset)
        return dataset
    count = max(COUNT, 2 * recipe.batch)
    domain = Image(*shape)
    return noise(domain, count, f"random images in memory, {domain.words()}")


def shape_of(data: Data) -> tuple[int, int, int] | None:
    """(C, H, W) of images that were not loaded; None where they must be loaded to know."""
    known = SHAPES.get(data.source)
    size = (known[1:] if known else None) if data.size is None else data.size
    if size is None:
        return None
    height, width = (size, size) if isinstance(size, int) else size
    return data.channels or (known[0] if known else 3), height, width
