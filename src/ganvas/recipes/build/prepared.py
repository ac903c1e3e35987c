"""All that a recipe needs before its first round, made once and passed on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ganvas.data import Dataset
from ganvas.recipes import flat, own_parts
from ganvas.recipes.build.choices import Choices
from ganvas.recipes.own_parts import OwnPart
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions


@dataclass(frozen=True, eq=False)
class Prepared:
    """A recipe, with what this machine and its data make of it.

    recipe: with its final batch.
    datasets: what it trains on, by the names of the game's sources.
    conditions: what networks are conditioned on; None where the recipe asks for none.
    choices: what ``auto`` became.
    given: what the items of a source were made of, by its name, where they were given in place of
        what the recipe names: a path, a tensor, an array or a Dataset.
    warnings: what looks wrong with parts of the user's own, a sentence each.
    """

    recipe: Recipe
    datasets: Mapping[str, Dataset]
    conditions: Conditions | None
    choices: Choices
    given: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def dataset(self) -> Dataset:
        """The main source's items."""
        return self.datasets[self.recipe.game.sources[0]]

    @property
    def target(self) -> Dataset:
        """The items that samples are like."""
        return self.datasets[self.recipe.game.target]

    @property
    def others(self) -> dict[str, Dataset]:
        """The items of the other sources, by name."""
        main = self.recipe.game.sources[0]
        return {name: dataset for name, dataset in self.datasets.items() if name != main}

    @property
    def own_parts(self) -> list[OwnPart]:
        """The parts of the user's own among all this."""
        domains = (own_parts.own_part(each.domain) for each in self.datasets.values())
        used = own_parts.used_in(flat.to_plain(self.recipe))
        return [*used, *dict.fromkeys(part for part in domains if part is not None)]

    @classmethod
    def of(
        cls, recipe: Recipe, dataset: Dataset | Mapping[str, Dataset], choices: Choices
    ) -> "Prepared":
        """The same for items whose conditions are not known yet.

        Args:
            recipe: with its final batch.
            dataset: of the game's only source, or of each by its name.
            choices: what ``auto`` became.

        Raises:
            DataError: the items have no classes, or not the attributes asked for.
        """
        datasets = by_source(recipe, dataset)
        main = datasets[recipe.game.sources[0]]
        return cls(recipe, datasets, conditions_of(recipe, main), choices)


T = TypeVar("T")


def by_source(recipe: Recipe, items: T | Mapping[str, T]) -> Mapping[str, T]:
    """What is of each source, by its name; what stands alone is of the main one."""
    return items if isinstance(items, Mapping) else {recipe.game.sources[0]: items}


def conditions_of(recipe: Recipe, dataset: Dataset) -> Conditions | None:
    """What the networks of a recipe are conditioned on, found in its images; None for none.

    Raises:
        DataError: the images have no classes, or not the attributes asked for.
    """
    return None if recipe.condition is None else recipe.condition.conditions(dataset)
