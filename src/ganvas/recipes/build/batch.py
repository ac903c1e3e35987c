"""Whether there are images enough for a recipe's batch, and which batch would do."""

from dataclasses import replace

from ganvas.data import Dataset
from ganvas.errors import UsageError
from ganvas.recipes.recipe import LEAST_TOGETHER, Recipe


def check_batch(recipe: Recipe, dataset: Dataset) -> None:
    """Raise UsageError where a batch is more than all images; it says what would do."""
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


def with_fewer(recipe: Recipe, dataset: Dataset) -> tuple[Recipe, str]:
    """The recipe with a batch that its images suffice for, and a sentence where it had another.

    Raises:
        UsageError: no batch would do.
    """
    batch = largest_batch(recipe, len(dataset))
    if recipe.batch <= len(dataset) or not batch:
        check_batch(recipe, dataset)
        return recipe, ""
    why = f"batch {batch} instead of {recipe.batch}: there are {len(dataset)} images"
    return replace(recipe, batch=batch), why
