"""A discriminator's scores of single items, for pictures that show them."""

import torch
from torch import Tensor, nn

from ganvas.domains import Domain
from ganvas.domains.domain import Score
from ganvas.games.roles import Spec
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.mode import evaluating

AT_A_TIME = 1 << 14
"""Items that are scored at a time."""


def scored_together(recipe: Recipe, domain: Domain) -> int:
    """How many items the discriminator scores together: 1, or more of a pack.

    0 where it cannot score items alone: it takes conditions too, or its input is something else.
    """
    pack, shape, role = recipe.game.multiple, domain.shape, recipe.game.roles.get("discriminator")
    if role is None or recipe.condition is not None:
        return 0
    spec = Spec(dict.fromkeys(recipe.game.sources, shape), recipe.latent)
    return pack if role.arguments(spec) == ((pack * shape[0], *shape[1:]),) else 0


def score_of(discriminator: nn.Module, pack: int) -> Score:
    """A function that gives the discriminator's scores of items in network form [N, ...].

    Args:
        discriminator: one score, or a map of them, an item; or ``ScoresAndLogits``.
        pack: how many items it scores together: these are then all the same.
    """

    @torch.no_grad()
    def score(items: Tensor) -> Tensor:
        device = next(discriminator.parameters()).device
        packs = items.repeat(1, pack, *[1] * (items.ndim - 2))
        with evaluating(discriminator):
            found = [discriminator(part.to(device)) for part in packs.split(AT_A_TIME)]
        return torch.cat([getattr(each, "scores", each).float().cpu() for each in found])

    return score
