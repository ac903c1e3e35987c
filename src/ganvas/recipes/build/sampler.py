"""What makes samples of a recipe's game, around one of its networks."""

from collections.abc import Mapping

from torch import nn

from ganvas.data import Dataset
from ganvas.domains import Domain
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions
from ganvas.sampling.item_space import ItemSpace
from ganvas.sampling.latent_space import LatentSpace
from ganvas.sampling.sampler import Sampler
from ganvas.sampling.translator import Translator


def sampler_of(prepared: Prepared, network: nn.Module) -> Sampler | Translator:
    """What makes samples while a run trains.

    Args:
        prepared: of the run.
        network: of the role that makes samples, as it is now.
    """
    domains = {name: dataset.domain for name, dataset in prepared.datasets.items()}
    source = prepared.recipe.game.samples_from
    items = None if source is None else items_of(prepared.datasets[source])
    return build_sampler(prepared.recipe, network, domains, prepared.conditions, items)


def items_of(dataset: Dataset) -> ItemSpace:
    """The items of a data set, for a translator to make samples of."""
    return ItemSpace(dataset.domain, dataset.pixels)


def build_sampler(
    recipe: Recipe,
    network: nn.Module,
    domains: Mapping[str, Domain],
    conditions: Conditions | None = None,
    items: ItemSpace | None = None,
) -> Sampler | Translator:
    """What makes samples: of latents, or, where the game says so, of items of one of its sources.

    Args:
        recipe: whose game.
        network: of the role that makes samples.
        domains: of each source, by the source's name.
        conditions: that the network was trained with; None without.
        items: what samples are made of, for a translator; None where none are at hand.
    """
    game = recipe.game
    domain = domains[game.target]
    if game.samples_from is None:
        return Sampler(network, domain, LatentSpace(recipe.latent), conditions)
    return Translator(network, domains[game.samples_from], domain, items)
