"""Unrolled discriminators: the generator answers not today's opponent but that of some steps on."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Optimizer

from ganvas.networks.protocols import Discriminator


@dataclass(frozen=True)
class Unrolled:
    """Metz et al. 2017, eq. 7-8: ``steps`` on the discriminator's adversarial loss, without its
    penalties and terms, are made inside the generator's turn, which differentiates through them.
    The discriminator and its optimiser stay where they were.

    steps: how many, at least 1.
    rate: of gradient descent, above 0; Adam has that of the discriminator's player.
    inner: how the steps are made. ``adam`` makes those of the discriminator's own Adam, with its
        rate, betas and moments as they stand, as the authors' program does; it must have one.
    objective: what the generator minimises of the discriminator some steps on. ``fakes`` is the
        generator's adversarial loss; ``value`` is the discriminator's loss with its sign turned,
        as in eq. 7 and the authors' program: the fakes moved the discriminator, so they also
        answer for how it scores the reals.

    Raises:
        ValueError: no step, or a rate that is not positive.
    """

    steps: int = 5
    rate: float = 1e-2
    inner: Literal["gradient-descent", "adam"] = "gradient-descent"
    objective: Literal["fakes", "value"] = "fakes"

    def __post_init__(self) -> None:
        if self.steps < 1 or not self.rate > 0:
            raise ValueError("unrolled needs at least 1 step and a rate above 0")

    @property
    def answers_for_reals(self) -> bool:
        """Whether the generator's loss is the discriminator's with its sign turned."""
        return self.objective == "value"

    def ahead(
        self, network: nn.Module, loss: Callable[[Discriminator], Tensor], optimiser: Optimizer
    ) -> Discriminator:
        """The discriminator ``steps`` on, through which gradients pass.

        Args:
            network: the discriminator; it stays where it is.
            loss: from a discriminator to its loss [N].
            optimiser: that of its player.
        """
        weights: dict[str, Tensor] = {
            name: p for name, p in network.named_parameters() if p.requires_grad
        }
        adam = AdamSteps(optimiser, weights) if self.inner == "adam" else None

        def discriminator(*inputs: Any) -> Any:
            return functional_call(network, weights, inputs)

        for _ in range(self.steps):
            slopes = torch.autograd.grad(
                loss(discriminator).mean(),
                list(weights.values()),
                create_graph=True,
                allow_unused=True,  # of a classifier beside the scores, which are all that counts
            )
            weights = {
                name: weight if slope is None else weight - self._step(adam, name, slope)
                for (name, weight), slope in zip(weights.items(), slopes, strict=True)
            }
        return discriminator

    def _step(self, adam: "AdamSteps | None", name: str, slope: Tensor) -> Tensor:
        return self.rate * slope if adam is None else adam.step(name, slope)


class AdamSteps:
    """The steps that an Adam would take next, to be differentiated; it stays as it is itself."""

    def __init__(self, optimiser: Optimizer, weights: Mapping[str, Tensor]) -> None:
        groups = {id(p): group for group in optimiser.param_groups for p in group["params"]}
        self._groups = {name: groups[id(weight)] for name, weight in weights.items()}
        self._states = {name: dict(optimiser.state[weight]) for name, weight in weights.items()}

    def step(self, name: str, slope: Tensor) -> Tensor:
        """What is next taken off the weight of that name (Kingma & Ba 2015, algorithm 1)."""
        group, state = self._groups[name], self._states[name]
        first, second = group["betas"]
        state["step"] = state["step"] + 1
        state["exp_avg"] = state["exp_avg"].lerp(slope, 1 - first)
        state["exp_avg_sq"] = second * state["exp_avg_sq"] + (1 - second) * slope.square()
        mean = state["exp_avg"] / _gathered(first, state["step"])
        square = state["exp_avg_sq"] / _gathered(second, state["step"])
        # A root has no slope at 0, where the square of a weight without any gradient is.
        root = square.clamp_min(torch.finfo(square.dtype).tiny).sqrt()
        return group["lr"] * mean / (root + group["eps"])


def _gathered(beta: float, steps: Tensor) -> Tensor | float:
    """1 - beta^steps, to all digits that there are where beta is near 1."""
    return -torch.expm1(steps * math.log(beta)) if beta else 1.0
