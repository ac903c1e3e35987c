"""Optimisers: settings with scheduled numbers, and PyTorch's optimiser that has them.

A family is a frozen dataclass. Its optimiser has all its state before its first step, so that a
resume copies into tensors that are there, and on a GPU it reads its learning rate from memory, so
that a CUDA graph may record its steps.

Where a player takes further steps for what is regularised in some rounds alone (Karras et al. 2020,
appendix B), ``ratio`` is the share of its steps that are not such ones. The numbers are then those
with which it goes as far in a round, and forgets as much, as it would without the further steps. A
factor of memory, which every step multiplies by, becomes its power of ``ratio``; what becomes of
the rate follows from the formula of the family.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn
from torch.optim import Optimizer

from ganvas.engine.schedule import Schedule, at, ends


class OptimiserSettings:
    """What all families have; each is a frozen dataclass::

        @register
        @dataclass(frozen=True)
        class Adagrad(OptimiserSettings):
            family = torch.optim.Adagrad
            lr: Schedule = 1e-2

            def numbers(self, images, ratio=1.0):
                return {"lr": at(self.lr, images) * ratio}

            def moments(self):
                return ("sum",)

    lr: learning rate, 0 or more.
    family: PyTorch's class.
    counts_steps: whether its state counts the steps of each weight.
    """

    lr: Schedule
    family: ClassVar[type[Optimizer]]
    counts_steps: ClassVar[bool] = True

    def numbers(self, images: int, ratio: float = 1.0) -> dict[str, Any]:
        """Every number of PyTorch's optimiser at this clock, by its name there.

        ratio: the share of steps that are of every round, above 0 and up to 1.
        """
        raise NotImplementedError

    def moments(self) -> Sequence[str]:
        """Names of the tensors of its state that are of the shape of a weight."""
        raise NotImplementedError

    def options(self, device: torch.device) -> dict[str, bool]:
        """How PyTorch's optimiser computes on this device; by default, so that its steps can be
        recorded on a GPU, where it can do that."""
        known = inspect.signature(self.family).parameters
        return {"capturable": device.type == "cuda"} if "capturable" in known else {}

    def plain(self, parameters: Sequence[nn.Parameter], **options: Any) -> Optimizer:
        """PyTorch's optimiser with the numbers of the clock 0, as its documentation builds it."""
        return self.family(parameters, **{**self.numbers(0), **options})  # pyright: ignore[reportCallIssue]

    def build(self, parameters: Sequence[nn.Parameter]) -> Optimizer:
        """The optimiser, its state already allocated with the strides of its parameters.

        Fused kernels silently mis-update when a moment's strides differ from those of its
        parameter, so moments are never replaced: a restore copies into these.
        """
        device = parameters[0].device
        options: dict[str, Any] = dict(self.options(device))
        if device.type == "cuda":
            # A captured graph reads its rate from a tensor; a number would be frozen into it.
            options["lr"] = torch.zeros((), device=device)
        optimiser = self.plain(parameters, **options)
        self.set(optimiser, 0)
        steps_on = device if device.type == "cuda" else torch.device("cpu")
        for parameter in parameters:
            state = {name: torch.zeros_like(parameter) for name in self.moments()}
            if self.counts_steps:
                state = {"step": torch.zeros((), dtype=torch.float32, device=steps_on), **state}
            if state:
                optimiser.state[parameter] = state
        return optimiser

    def set(self, optimiser: Optimizer, images: int, ratio: float = 1.0) -> None:
        """Give the optimiser the numbers of this clock; see ``numbers``."""
        for name, value in self.numbers(images, ratio).items():
            for group in optimiser.param_groups:
                if isinstance(group[name], torch.Tensor):
                    group[name].fill_(value)
                else:
                    group[name] = value


@dataclass(frozen=True)
class Adam(OptimiserSettings):
    """Adam (Kingma & Ba 2015, algorithm 1).

    lr: learning rate, 0 or more.
    betas: how much of the past the means of the gradient and of its square keep; within [0, 1).
    eps: what is added to the root of the second, so that nothing is divided by 0; more than 0.

    Raises:
        ValueError: a rate below 0, a beta outside [0, 1), an epsilon that is not positive.
    """

    family: ClassVar[type[Optimizer]] = torch.optim.Adam

    lr: Schedule = 2e-4
    betas: tuple[Schedule, Schedule] = (0.5, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        _check_rate(self.lr)
        if any(not 0 <= beta < 1 for each in self.betas for beta in ends(each)):
            raise ValueError(f"betas must be within 0 and 1, not {self.betas}")
        _check_eps(self.eps)

    def numbers(self, images: int, ratio: float = 1.0) -> dict[str, Any]:
        """Rate, betas and epsilon; a step is about as long as the rate, whatever the gradient."""
        first, second = (at(beta, images) ** ratio for beta in self.betas)
        return {"lr": at(self.lr, images) * ratio, "betas": (first, second), "eps": self.eps}

    def moments(self) -> Sequence[str]:
        """The means of the gradient and of its square."""
        return "exp_avg", "exp_avg_sq"

    def options(self, device: torch.device) -> dict[str, bool]:
        """One kernel for all weights, on CPU and GPU."""
        return {"fused": device.type in ("cpu", "cuda"), "capturable": device.type == "cuda"}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2): before each step,
    weights lose the fraction ``lr * weight_decay`` of themselves.

    weight_decay: 0 or more.

    Raises:
        ValueError: a weight decay below 0, or what ``Adam`` refuses.
    """

    family: ClassVar[type[Optimizer]] = torch.optim.AdamW

    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay must be 0 or more, not {self.weight_decay}")

    def numbers(self, images: int, ratio: float = 1.0) -> dict[str, Any]:
        """Those of Adam, and the weight decay, which follows the rate."""
        return {**super().numbers(images, ratio), "weight_decay": self.weight_decay}


@dataclass(frozen=True)
class RMSprop(OptimiserSettings):
    """RMSprop (Tieleman & Hinton 2012, lecture 6e): gradients divided by the root of the running
    mean of their squares. Its defaults are those of WGAN (Arjovsky et al. 2017, algorithm 1),
    whose authors found that a critic under a momentum may become unstable.

    lr: learning rate, 0 or more; 5e-5 is WGAN's.
    alpha: how much of the past the mean of the squares keeps; within [0, 1).
    momentum: how much of the last step the next one keeps; within [0, 1).
    eps: what is added to the root, so that nothing is divided by 0; more than 0.

    Raises:
        ValueError: a rate below 0, a factor outside [0, 1), an epsilon that is not positive.
    """

    family: ClassVar[type[Optimizer]] = torch.optim.RMSprop

    lr: Schedule = 5e-5
    alpha: Schedule = 0.99
    momentum: Schedule = 0.0
    eps: float = 1e-8

    def __post_init__(self) -> None:
        _check_rate(self.lr)
        _check_factor("alpha", self.alpha)
        _check_factor("momentum", self.momentum)
        _check_eps(self.eps)

    def numbers(self, images: int, ratio: float = 1.0) -> dict[str, Any]:
        """Rate, factors and epsilon.

        A step is about as long as the rate, whatever the gradient; with momentum, as long as the
        rate divided by (1 - momentum).
        """
        momentum, reach = _momentum(self.momentum, images, ratio)
        rate, alpha = at(self.lr, images) * ratio * reach, at(self.alpha, images) ** ratio
        return {"lr": rate, "alpha": alpha, "momentum": momentum, "eps": self.eps}

    def moments(self) -> Sequence[str]:
        """The mean of the squares; with momentum, what is kept of the last step."""
        return ("square_avg", *_momentum_buffer(self.momentum))

    def options(self, device: torch.device) -> dict[str, bool]:
        """On a GPU, several weights in a kernel, and the rate read from memory."""
        return {"capturable": device.type == "cuda"}


@dataclass(frozen=True)
class SGD(OptimiserSettings):
    """Gradient descent (Robbins & Monro 1951), with momentum (Polyak 1964) or Nesterov's
    (Sutskever et al. 2013, section 2).

    Momentum is 0 by default: players that answer each other circle further apart with one (Gidel et
    al. 2019).

    lr: learning rate, 0 or more.
    momentum: how much of the last step the next one keeps; within [0, 1).
    nesterov: whether a gradient acts as if its step had been made already; needs a momentum above
        0.

    Raises:
        ValueError: a rate below 0, a momentum outside [0, 1), or Nesterov's without any.
    """

    family: ClassVar[type[Optimizer]] = torch.optim.SGD
    counts_steps: ClassVar[bool] = False

    lr: Schedule = 1e-2
    momentum: Schedule = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        _check_rate(self.lr)
        _check_factor("momentum", self.momentum)
        if self.nesterov and not min(ends(self.momentum)) > 0:
            raise ValueError(f"nesterov needs a momentum above 0, not {self.momentum}")

    def numbers(self, images: int, ratio: float = 1.0) -> dict[str, Any]:
        """Rate and momentum.

        A step is proportional to its gradient, and further steps have gradients of their own: only
        what momentum makes of the rate is corrected.
        """
        momentum, reach = _momentum(self.momentum, images, ratio)
        rate = at(self.lr, images) * reach
        return {"lr": rate, "momentum": momentum, "nesterov": self.nesterov}

    def moments(self) -> Sequence[str]:
        """With momentum, what is kept of the last step."""
        return tuple(_momentum_buffer(self.momentum))

    def options(self, device: torch.device) -> dict[str, bool]:
        """On a GPU, one kernel, which reads the rate from memory; on a CPU PyTorch's plain steps,
        since the one kernel there rounds differently."""
        return {"fused": device.type == "cuda"}


def _momentum(schedule: Schedule, images: int, ratio: float) -> tuple[float, float]:
    """The momentum of a step, and by what the rate is multiplied so that a gradient moves a weight
    as far, over all the steps that keep some of it, as with the momentum of the schedule."""
    plain = at(schedule, images)
    momentum = plain**ratio
    return momentum, (1 - momentum) / (1 - plain)


def _momentum_buffer(momentum: Schedule) -> Iterator[str]:
    if max(ends(momentum)) > 0:
        yield "momentum_buffer"


def _check_rate(lr: Schedule) -> None:
    if any(not rate >= 0 for rate in ends(lr)):
        raise ValueError(f"lr must be 0 or more, not {lr}")


def _check_factor(name: str, schedule: Schedule) -> None:
    if any(not 0 <= factor < 1 for factor in ends(schedule)):
        raise ValueError(f"{name} must be within 0 and 1, not {schedule}")


def _check_eps(eps: float) -> None:
    if not eps > 0:
        raise ValueError(f"eps must be more than 0, not {eps}")
