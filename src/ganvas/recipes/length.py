"""How long a recipe is: its total, and the schedules that end with it."""

from dataclasses import replace

from ganvas.engine.schedule import moved_ends
from ganvas.recipes.recipe import Recipe


def fixed(recipe: Recipe, total: int) -> Recipe:
    """The recipe with that total, for good: every schedule that ended with the old one ends with
    the new, and ``fit_minutes`` is off. A half-life stays: it is of so many images, however long
    the run."""
    moved = moved_ends(recipe, recipe.images, total)
    return replace(moved, images=total, half_life=recipe.half_life, fit_minutes=False)
