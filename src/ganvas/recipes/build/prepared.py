"""All that a recipe needs before its first round, made once and passed on."""

from dataclasses import dataclass
from typing import Any

from ganvas.data import Dataset
from ganvas.networks.shape import Shape
from ganvas.recipes.build.choices import Choices
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions


@dataclass(frozen=True, eq=False)
class Prepared:
    """A recipe, with what this machine and its data make of it.

    recipe: with its final batch.
    dataset: what it trains on.
    conditions: what both networks are conditioned on; None where the recipe asks for none.
    choices: what ``auto`` became.
    source: what the images were made of, where they were given in place of the recipe's own
        source: a path, a tensor, an array or a Dataset; otherwise None.
    """

    recipe: Recipe
    dataset: Dataset
    conditions: Conditions | None
    choices: Choices
    source: Any = None

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape (C, H, W) of an image of each source, by name."""
        return {self.recipe.game.sources[0]: self.dataset.shape}

    @classmethod
    def of(cls, recipe: Recipe, dataset: Dataset, choices: Choices) -> "Prepared":
        """The same for images whose conditions are not known yet.

        Raises:
            DataError: the images have no classes, or not the attributes asked for.
        """
        return cls(recipe, dataset, conditions_of(recipe, dataset), choices)


def conditions_of(recipe: Recipe, dataset: Dataset) -> Conditions | None:
    """What the networks of a recipe are conditioned on, found in its images; None for none.

    Raises:
        DataError: the images have no classes, or not the attributes asked for.
    """
    return None if recipe.condition is None else recipe.condition.conditions(dataset)
