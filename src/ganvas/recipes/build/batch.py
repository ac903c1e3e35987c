"""Whether there are images enough for a recipe's batch, and which batch would do."""

from collections.abc import Mapping
from dataclasses import replace

from ganvas.data import Dataset
from ganvas.errors import UsageError
from ganvas.recipes.build.prepared import by_source
from ganvas.recipes.recipe import LEAST_TOGETHER, Recipe

Datasets = Dataset | Mapping[str, Dataset]
"""Of the only source, or of each by its name."""


def smallest(recipe: Recipe, datasets: Datasets) -> Dataset:
    """The data set with the fewest items: a batch of each source comes from one epoch, or two."""
    return min(by_source(recipe, datasets).values(), key=len)


def check_batch(recipe: Recipe, datasets: Datasets) -> None:
    """Raise UsageError where a batch is more than all images of a source; it says what would do."""
    dataset = smallest(recipe, datasets)
    if recipe.batch <= len(dataset):
        return
    alone = replace(recipe, accumulate=1)
    if batch := largest_batch(recipe, len(dataset)):
        advice = f"say `batch={batch}`, or give more images"
    elif batch := largest_batch(alone, len(dataset)):
        advice = f"say `batch={batch} accumulate=1`, or give more images"
    else:
        advice = f"give at least {least_batch(alone)} images"
    raise UsageError(
        f"a batch of {recipe.batch} is more than the {len(dataset):,} images of {dataset.name}: "
        f"{advice}"
    )


def least_batch(recipe: Recipe) -> int:
    """The smallest batch that a recipe can be played with."""
    multiple = recipe.game.multiple
    return recipe.accumulate * multiple * -(-LEAST_TOGETHER // multiple)


def largest_batch(recipe: Recipe, count: int) -> int:
    """The largest batch of at most ``count`` images that the recipe can be played with; 0: none."""
    step = recipe.accumulate * recipe.game.multiple
    batch = count // step * step
    return batch if batch >= least_batch(recipe) else 0


def with_fewer(recipe: Recipe, datasets: Datasets) -> tuple[Recipe, str]:
    """The recipe with a batch that its images suffice for, and a sentence where it had another.

    Raises:
        UsageError: no batch would do.
    """
    dataset = smallest(recipe, datasets)
    batch = largest_batch(recipe, len(dataset))
    if recipe.batch <= len(dataset) or not batch:
        check_batch(recipe, dataset)
        return recipe, ""
    why = f"batch {batch} instead of {recipe.batch}: there are {len(dataset)} images"
    return replace(recipe, batch=batch), why
