"""A player: networks under one optimiser, and what follows their steps."""

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils.parametrizations import _SpectralNorm

from ganvas.engine.schedule import Schedule, at, ends


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) with scheduled learning rate and betas.

    lr: learning rate, 0 or more.
    betas: how much of the past the means of the gradient and of its square keep; within [0, 1).
    eps: what is added to the root of the second, so that nothing is divided by 0; more than 0.

    Raises:
        ValueError: a rate below 0, a beta outside [0, 1), an epsilon that is not positive.
    """

    lr: Schedule = 2e-4
    betas: tuple[Schedule, Schedule] = (0.5, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        if any(not rate >= 0 for rate in ends(self.lr)):
            raise ValueError(f"lr must be 0 or more, not {self.lr}")
        if any(not 0 <= beta < 1 for each in self.betas for beta in ends(each)):
            raise ValueError(f"betas must be within 0 and 1, not {self.betas}")
        if not self.eps > 0:
            raise ValueError(f"eps must be more than 0, not {self.eps}")

    def build(self, parameters: list[nn.Parameter]) -> torch.optim.Adam:
        """The optimiser, its state already allocated with the strides of its parameters.

        The fused kernel silently mis-updates when a moment's strides differ from those of its
        parameter, so moments are never replaced: a restore copies into these.
        """
        home = parameters[0].device
        fused, capturable = home.type in ("cpu", "cuda"), home.type == "cuda"
        # A captured graph reads its rate from a tensor; a number would be frozen into it.
        rate = torch.zeros((), device=home) if capturable else 1e-3
        optimiser = torch.optim.Adam(
            parameters, lr=rate, eps=self.eps, fused=fused, capturable=capturable
        )
        self.set(optimiser, 0)
        for parameter in parameters:
            device = parameter.device if fused else "cpu"
            optimiser.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
        return optimiser

    def rates(self, images: int) -> tuple[float, tuple[float, float]]:
        """Learning rate and betas at this clock."""
        return at(self.lr, images), (at(self.betas[0], images), at(self.betas[1], images))

    def set(self, optimiser: torch.optim.Optimizer, images: int) -> None:
        """Give the optimiser the values its schedules have at this clock."""
        rate, betas = self.rates(images)
        for group in optimiser.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
            group["betas"] = betas


@dataclass(frozen=True)
class LazyAdam(Adam):
    """Adam of a player that takes further steps for what is regularised in some rounds alone.

    Its rate is lr * ratio, and its betas are betas ** ratio, so that it goes as far in a round, and
    forgets as much, as it would without these steps (Karras et al. 2020, appendix B).

    ratio: the share of its steps that are not such ones; within 0 and 1.
    """

    ratio: float = 1.0

    def rates(self, images: int) -> tuple[float, tuple[float, float]]:
        """Learning rate and betas at this clock, for one of more steps a round."""
        rate, (first, second) = super().rates(images)
        return rate * self.ratio, (first**self.ratio, second**self.ratio)


def corrected(settings: Adam, intervals: Iterable[int]) -> Adam:
    """Settings of a player with one step a round, and one more in each so many rounds.

    intervals: for each kind of further step, after how many rounds it comes again; without any, the
    settings stay as they are.
    """
    steps = 1 + sum(1 / every for every in intervals)
    return LazyAdam(**vars(settings), ratio=1 / steps) if steps > 1 else settings


class Player:
    """One or more networks that one optimiser moves.

    Args:
        networks: by name; a name is unique in its game. Weights that require no gradient stay as
            they are.
        optimiser: its settings.
        half_life: images after which an EMA copy has forgotten half; None keeps no copy.
        constraint: called after each step, without gradients (weight clipping, say).
        clip_gradient: largest norm of the whole gradient; None sets no limit.
    """

    def __init__(
        self,
        networks: dict[str, nn.Module],
        optimiser: Adam,
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
        self.optimiser = optimiser.build(self.parameters)
        self.averages = {} if half_life is None else _frozen_copies(networks)
        # Listed once: to look through the modules each time would cost more than to move them.
        self._followed = [
            pair
            for name, average in self.averages.items()
            for pair in pairs(average, networks[name])
        ]
        self._pace = torch.zeros((), device=self.parameters[0].device)

    def step(self) -> None:
        """Move along the gradients gathered so far, then forget them."""
        if self.clip_gradient is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.clip_gradient)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.constraint is not None:
            with torch.no_grad():
                self.constraint()

    @torch.no_grad()
    def forget(self) -> None:
        """Let the optimiser begin anew, where it is."""
        for parameter in self.parameters:
            for value in self.optimiser.state[parameter].values():
                value.zero_()

    @property
    def betas(self) -> tuple[float, float]:
        """Adam's betas of the next step."""
        return self.optimiser.param_groups[0]["betas"]

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
