"""What becomes of a recipe when its run goes on, and what stands against it."""

from dataclasses import replace
from pathlib import Path

from ganvas.data import Dataset
from ganvas.data.names import some
from ganvas.engine.schedule import at
from ganvas.errors import DataError, UsageError
from ganvas.recipes.length import fixed
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions
from ganvas.screen.hints import begun_with
from ganvas.store import checkpoint
from ganvas.store.run import Run


def resumed_recipe(old: Run, images: int | None, minutes: float | None) -> Recipe:
    """The recipe of a run that goes on: to a new total, or for so many minutes, or as it was.

    A run that was killed before it had fitted its minutes decides anew. If it was killed while it
    wrote down what it had decided, that stands: its recipe tells, or else its checkpoint.

    Raises:
        UsageError: a total of fewer images than the run has seen.
    """
    recipe = old.recipe
    if images is not None and images < min(old.images, recipe.images):
        raise UsageError(f"{old.path} has seen {old.images:,} images: `images` must be more")
    if images is not None:
        return replace(recipe, images=images, minutes=minutes, fit_minutes=False)
    if recipe.fit_minutes and recipe.minutes is not None:
        total = checkpoint.total(old.path / "checkpoints")
        if total is None or total >= recipe.images:
            return recipe if minutes is None else replace(recipe, minutes=minutes)
        recipe = fixed(recipe, total)
    return replace(recipe, minutes=minutes, fit_minutes=False)


def check_changes(old: Run, *, accepted: bool) -> None:
    """Raise UsageError, with what differs, where the user's own code has changed since the run was
    made with it, unless that is accepted."""
    if accepted:
        old.accept_changes()
    elif old.changes:
        said = "; ".join(change.words() for change in old.changes)
        differences = [change.difference() for change in old.changes]
        raise UsageError(
            "\n".join(
                [
                    f"{said}. A resume would not be exact: go on with the code as it was, or say "
                    f"`accept_changed_plugin=True`",
                    *filter(None, differences),
                ]
            )
        )


def at_rest(recipe: Recipe, images: int, path: Path) -> list[str]:
    """A warning where a run goes on although its learning rates have come to 0 for good."""
    left = recipe.images - images
    rates = [optimiser.lr for optimiser in recipe.optimisers.values()]
    moments = [images + left * step // 8 for step in range(9)]
    if left <= 0 or any(at(rate, moment) > 0 for rate in rates for moment in moments):
        return []
    return [
        f"the learning rates are 0 from here on, so nothing will move: "
        f"`{begun_with(path, images=left)}` begins a new run with these weights, and its schedules "
        f"anew"
    ]


def check_conditions(old: Run, new: Conditions | None) -> None:
    """Raise DataError where the numbers of a condition mean something else in new data."""
    if old.conditions is None or new is None or old.conditions.names == new.names:
        return
    lost = [name for name in old.conditions.names if name not in new.names]
    found = [name for name in new.names if name not in old.conditions.names]
    differ = [f"lacks {some(lost)}"] * bool(lost) + [f"also has {some(found)}"] * bool(found)
    raise DataError(
        f"{old.path} was trained with other conditions: this data "
        f"{' and '.join(differ) or 'has them in another order'}; begin a new run with "
        f"its weights (`start={old.path}`)"
    )


def check_new_batch(recipe: Recipe, dataset: Dataset, path: Path) -> None:
    """Raise DataError for fewer new images than one batch, which a run keeps as it began."""
    if recipe.batch > len(dataset):
        smaller = len(dataset) // 2 or 1
        raise DataError(
            f"this run plays with {recipe.batch} images at a time, and {dataset.name} has "
            f"{len(dataset):,}: give more, or begin a new run with its weights "
            f"(`{begun_with(path, data='SRC', overrides={'batch': smaller})}`)"
        )
