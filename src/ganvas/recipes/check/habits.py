"""What is usual elsewhere and wrong here.

It must hold of a network whatever its weights, so some random ones are tried; its own are lost.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ganvas.networks.protocols import Autoencoding, implements
from ganvas.recipes.check.own_network import MAKES_ITEMS, Items, OwnNetwork, tensors

TRIES = 8
"""Random weights that are tried. One set says little: a bias alone may keep all within a bound."""

Call = Callable[..., Tensor]
"""Calls a network with conditions, if it takes any."""


def habits(
    own: OwnNetwork, network: nn.Module, items: Items, output: Tensor, *, is_known_game: bool
) -> list[str]:
    """What looks wrong with a network that returned this for these items: a sentence each.

    is_known_game: whether the game is one of ganvas; one of the user's own may want probabilities.
    """

    def call(*conditions: Tensor) -> Tensor:
        return tensors(network(items.values, *conditions))[0]

    found, rows, reconstructs = [], own.conditions, bool(implements(network, Autoencoding))
    makes_items = own.role.family in MAKES_ITEMS
    scores = own.is_discriminator and not reconstructs and is_known_game
    has_negative = makes_items and float(own.reals().values.min()) < 0
    if (scores or has_negative) and stays_within(lambda: call(*rows), network, output, 0, 1):
        found.append(
            f"{own} returns numbers from 0 to 1 alone, whatever its weights, "
            + (
                "but scores are unbounded here: leave its sigmoid away (a loss has its own)"
                if scores
                else "but reals lie in [-1, 1]: end with tanh, not with a sigmoid"
            )
        )
    if makes_items and rows and changes_nothing(call, network, rows):
        found.append(f"{own} returns the same whatever its conditions are")
    return found


@torch.no_grad()
def stays_within(call: Call, network: nn.Module, output: Tensor, least: float, most: float) -> bool:
    """Whether the network returns numbers from ``least`` to ``most`` alone, and not always one.

    Args:
        call: of the network.
        network: the network.
        output: what it returned with its first weights.
        least, most: the bounds.
    """
    seen = [output]
    while _is_within(seen[-1], least, most) and len(seen) <= TRIES:
        shake(network, len(seen))
        seen.append(call())
    found = torch.cat([each.flatten() for each in seen])
    return _is_within(seen[-1], least, most) and bool((found != found[0]).any())


@torch.no_grad()
def changes_nothing(call: Call, network: nn.Module, conditions: Sequence[Tensor]) -> bool:
    """Whether the network returns the same with other conditions."""
    others = [1 - rows for rows in conditions]
    for number in range(3):
        if number:  # first weights of 0 may hide what conditions do
            shake(network, number)
        if not torch.equal(_seeded(call, *conditions), _seeded(call, *others)):
            return False
    return True


def shake(network: nn.Module, number: int) -> None:
    """Give every weight another value, normal about 0."""
    draws = torch.Generator().manual_seed(number)
    for weights in network.parameters():
        values = torch.randn(weights.shape, generator=draws)
        weights.data.copy_(values)  # also where a network forbids gradients


def _seeded(call: Call, *conditions: Tensor) -> Tensor:
    """The same draws of the network each time."""
    torch.default_generator.manual_seed(0)
    return call(*conditions)


def _is_within(values: Tensor, least: float, most: float) -> bool:
    return bool(((values >= least) & (values <= most)).all())
