"""A player: networks under one optimiser, and what follows their steps."""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrizations import _SpectralNorm

from ganvas.engine.optimiser import OptimiserSettings
from ganvas.engine.schedule import Schedule, at


class Player:
    """One or more networks that one optimiser moves.

    ``settings`` are the optimiser's, and ``ratio`` is the share of its steps that are of every
    round: 1 until ``add_steps`` names further ones.

    Args:
        networks: by name; a name is unique in its game. Weights that require no gradient stay as
            they are.
        optimiser: its settings.
        half_life: images after which an EMA copy has forgotten half; None keeps no copy.
        constraint: called after each step, without gradients (weight clipping, say).
        clip_gradient: largest norm of the whole gradient; None sets no limit.

    Raises:
        ValueError: networks without a single weight that requires a gradient.
    """

    def __init__(
        self,
        networks: dict[str, nn.Module],
        optimiser: OptimiserSettings,
        *,
        half_life: Schedule | None = None,
        constraint: Callable[[], None] | None = None,
        clip_gradient: float | None = None,
    ) -> None:
        self.networks = networks
        self.settings = optimiser
        self.half_life = half_life
        self.constraint = constraint
        self.clip_gradient = clip_gradient
        self.parameters = [
            p for net in networks.values() for p in net.parameters() if p.requires_grad
        ]
        if not self.parameters:
            raise ValueError(
                f"{' and '.join(networks)} has no weight to train, so no player: list it as a "
                f"frozen network of the game instead"
            )
        self.ratio = 1.0
        self.optimiser = optimiser.build(self.parameters)
        self.averages = {} if half_life is None else _frozen_copies(networks)
        # Listed once: to look through the modules each time would cost more than to move them.
        self._followed = [
            pair
            for name, average in self.averages.items()
            for pair in pairs(average, networks[name])
        ]
        self._pace = torch.zeros((), device=self.parameters[0].device)

    def step(self) -> torch.Tensor:
        """Move along the gradients gathered so far, then forget them.

        Returns:
            The norm [] of the whole gradient, before it is clipped; never waits for the device.
        """
        norm = self._gradient_norm()
        if self.clip_gradient is not None:
            torch.nn.utils.clip_grads_with_norm_(self.parameters, self.clip_gradient, norm)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.constraint is not None:
            with torch.no_grad():
                self.constraint()
        return norm

    def _gradient_norm(self) -> torch.Tensor:
        """Of all weights that have a gradient together; 0 where none has one."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        if not gradients:
            return torch.zeros_like(self._pace)
        # As torch.nn.utils.get_total_norm computes it, whose bookkeeping costs a small network 1%.
        norms = torch._foreach_norm(gradients)  # pyright: ignore[reportPrivateImportUsage]
        return torch.linalg.vector_norm(torch.stack(norms))

    @torch.no_grad()
    def forget(self) -> None:
        """Let the optimiser begin anew, where it is."""
        for state in self.optimiser.state.values():
            for value in state.values():
                value.zero_()

    def add_steps(self, intervals: Iterable[int]) -> None:
        """Correct the optimiser's numbers for further steps (Karras et al. 2020, appendix B).

        intervals: for each kind of further step, after how many rounds it comes again.
        """
        self.ratio = 1 / (1 + sum(1 / every for every in intervals))

    def set_rates(self, images: int) -> None:
        """Give the optimiser the numbers that its schedules have at this clock."""
        self.settings.set(self.optimiser, images, self.ratio)

    def frozen_numbers(self) -> tuple[Any, ...]:
        """What a recorded graph would freeze: the numbers of the optimiser that are no tensors."""
        return tuple(
            (name, value)
            for group in self.optimiser.param_groups
            for name, value in group.items()
            if name != "params" and not isinstance(value, torch.Tensor)
        )

    def set_pace(self, images: int, drawn: int) -> None:
        """Set how far ``average`` follows: clock at ``images``, ``drawn`` since it last did."""
        if self.half_life is not None:
            half_life = at(self.half_life, images)
            self._pace.fill_(1 - 0.5 ** (drawn / half_life) if half_life > 0 else 1.0)

    def average(self) -> None:
        """Let the EMA copies follow the networks, as far as ``set_pace`` said."""
        follow(self._followed, self._pace)

    def tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Every tensor that a resume needs, by name; the tensors themselves, not copies."""
        for name, network in self.networks.items():
            for key, value in network.state_dict(keep_vars=False).items():
                yield f"network.{name}.{key}", value
            for key, parameter in network.named_parameters():
                for part, value in self.optimiser.state.get(parameter, {}).items():
                    yield f"optimiser.{name}.{key}.{part}", value
        for name, average in self.averages.items():
            for key, value in average.state_dict().items():
                yield f"average.{name}.{key}", value


Pairs = list[tuple[torch.Tensor, torch.Tensor, bool]]
"""An average, what it follows, and whether a mean of it means anything."""


def pairs(average: nn.Module, network: nn.Module) -> Pairs:
    """Every parameter and buffer of an average beside the one that it follows.

    Whole numbers have no mean, nor have the directions of spectral normalisation: a mean of unit
    vectors is shorter than 1.
    """
    directions = {
        id(buffer)
        for layer in network.modules()
        if isinstance(layer, _SpectralNorm)
        for buffer in layer.buffers(recurse=False)
    }
    return [
        (ours, theirs, theirs.is_floating_point() and id(theirs) not in directions)
        for ours, theirs in zip(_tensors(average), _tensors(network), strict=True)
    ]


@torch.no_grad()
def follow(averages: Pairs, weight: torch.Tensor) -> None:
    """Move each average towards what it follows by ``weight`` []; what has no mean is copied."""
    for average, followed, has_mean in averages:
        if has_mean:
            average.lerp_(followed, weight)
        else:
            average.copy_(followed)


def _tensors(network: nn.Module) -> list[torch.Tensor]:
    return [*network.parameters(), *network.buffers()]


def _frozen_copies(networks: dict[str, nn.Module]) -> dict[str, nn.Module]:
    return {
        name: copy.deepcopy(network).eval().requires_grad_(False)
        for name, network in networks.items()
    }
