"""Unrolled discriminators: the generator answers not today's opponent but that of some steps on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

Score = Callable[..., Any]


@dataclass(frozen=True)
class Unrolled:
    """Metz et al. 2017, eq. 7-8: ``steps`` of gradient descent at ``rate`` on the discriminator's
    loss are made inside the generator's, which differentiates through them. The discriminator
    itself stays where it was.

    Raises:
        ValueError: no step, or a rate that is not positive.
    """

    steps: int = 5
    rate: float = 1e-2

    def __post_init__(self) -> None:
        if self.steps < 1 or not self.rate > 0:
            raise ValueError("unrolled needs at least 1 step and a rate above 0")

    def ahead(self, network: nn.Module, loss: Callable[[Score], Tensor]) -> Score:
        """The discriminator ``steps`` on; ``loss(score)`` is its loss [N] when it scores so."""
        weights: dict[str, Tensor] = {
            name: p for name, p in network.named_parameters() if p.requires_grad
        }

        def score(*inputs: Tensor) -> Any:
            return functional_call(network, weights, inputs)

        for _ in range(self.steps):
            slopes = torch.autograd.grad(
                loss(score).mean(),
                list(weights.values()),
                create_graph=True,
                allow_unused=True,  # of a classifier beside the scores, which are all that counts
            )
            weights = {
                name: weight if slope is None else weight - self.rate * slope
                for (name, weight), slope in zip(weights.items(), slopes, strict=True)
            }
        return score
