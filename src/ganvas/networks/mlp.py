"""A pair of multilayer perceptrons, for points in the plane and for first lessons.

They flatten whatever they are given, images too. On few dimensions two things make such networks
slow, and each has a remedy here. A smooth map must stretch its latent across every gap between
modes: a generator with codes may tear there. And what changes within a hundredth of the input's
range is learnt last: a discriminator with waves has it as an input from the start.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.networks.layers.conditioned import Concatenate, Sequence
from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.layers.minibatch import MinibatchStd
from ganvas.networks.operators.flatten import Flatten, ToMap
from ganvas.networks.shape import Shape

SLOPE = 0.2
"""Of LeakyReLU below zero."""


@dataclass(frozen=True)
class MLPGenerator:
    """Linear layers with LeakyReLU 0.2 between.

    On 25 Gaussians a ``within`` of 0.1 finds all modes soonest (500 rounds), and draws some of
    them 0.6 and some 1.3 times as wide as they are; from 0.6 on codes shrink alike, to 0.9 to 1.1
    times, in 4,000 rounds.

    latent: how many numbers a latent has.
    width: units of a hidden layer.
    depth: the number of hidden layers.
    codes: how many pieces the latent is cut into (``Coded``); 1 leaves it whole.
    within: how far a code's samples lie apart before training, as a share of how far codes do.
    spread: deviation of samples before training, about that of data in [-1, 1]: samples that
        start on top of each other must be torn apart first.
    bounded: tanh last; points need none.
    """

    conditional: ClassVar[bool] = True

    latent: int = 64
    width: int = 256
    depth: int = 3
    codes: int = 1
    within: float = 0.6
    spread: float = 0.5
    bounded: bool = True

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Latents [N, latent], and conditions [N, K] where there are any, to images [N, C, H, W].

        They lie in [-1, 1] where ``bounded``; points are images of one pixel.

        Raises:
            UsageError: codes with a latent of one number, which they take.
        """
        if self.codes > 1 and self.latent < 2:
            raise UsageError("codes take the first number of a latent: set its size to 2 or more")
        channels, height, width = shape
        layers: list[nn.Module] = [Concatenate()] if conditions else []
        inputs = self.latent + conditions
        first = Coded(self.codes, inputs, self.width, self.within)
        layers.append(first)
        for _ in range(self.depth - 1):
            layers += [nn.LeakyReLU(SLOPE), nn.Linear(self.width, self.width)]
        last = nn.Linear(self.width, channels * height * width)
        layers += [nn.LeakyReLU(SLOPE), last, ToMap(height, width)]
        network = Sequence(*layers, *([nn.Tanh()] if self.bounded else []))
        keep_variance(network)
        with torch.no_grad():
            last.weight.mul_(self.spread / first.start())
        return network


@dataclass(frozen=True)
class MLPDiscriminator:
    """Linear layers with LeakyReLU 0.2 between; one score an image.

    width: units of a hidden layer.
    depth: the number of hidden layers.
    waves: how many waves are appended to the input (``Waves``), from ``slow`` to ``fast``.
    slow: the lowest wave number, in radians for each unit of the input.
    fast: the highest wave number, in the same unit.
    deviation: how alike the images of a batch are is appended too (``MinibatchStd``), which makes
        them depend on each other.
    init: the first weights, by name; see ``initialise``.
    """

    conditional: ClassVar[bool] = True

    width: int = 256
    depth: int = 3
    waves: int = 0
    slow: float = 2.0
    fast: float = 100.0
    deviation: bool = False
    init: Init = "torch"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Images [N, C, H, W], and conditions [N, K] where there are any, to scores [N]."""
        size = math.prod(shape)
        layers: list[nn.Module] = [Flatten()]
        if self.waves:
            layers.append(Waves(size, self.waves, self.slow, self.fast))
        if self.deviation:
            layers.append(MinibatchStd())
        if conditions:
            layers.append(Concatenate())
        inputs = size + self.waves + self.deviation + conditions
        for before in [inputs, *[self.width] * (self.depth - 1)]:
            layers += [nn.Linear(before, self.width), nn.LeakyReLU(SLOPE)]
        layers += [nn.Linear(self.width, 1), nn.Flatten(0)]
        return initialise(Sequence(*layers), self.init)


class Coded(nn.Module):
    """A linear layer that may jump: latents [N, D] to [N, units].

    With K codes the first number says by its quantile which of K rows of weights is added, so a
    normal latent is cut into K equally likely pieces, each with a bias of its own: a categorical
    code (Chen et al. 2016, section 6) that needs no other kind of latent, or a mixture of K places
    in it, learnt as in Gurumurthy et al. 2017 (DeLiGAN, eq. 6). Modes with nothing between them
    need such cuts: a continuous map draws something in every gap (Khayatkhoei et al. 2018, section
    2.1). One code is a plain linear layer of all numbers.

    Args:
        codes: K, at least 1.
        numbers: D.
        units: how many numbers come out.
        within: see ``MLPGenerator``.
    """

    def __init__(self, codes: int, numbers: int, units: int, within: float = 0.6) -> None:
        super().__init__()
        self.codes = codes
        self.within = within if codes > 1 else 1.0
        self.rows = nn.Embedding(codes, units) if codes > 1 else None
        self.linear = nn.Linear(numbers - (codes > 1), units)
        nn.init.normal_(self.linear.weight, 0.0, self.within / math.sqrt(self.linear.in_features))
        nn.init.zeros_(self.linear.bias)

    def start(self) -> float:
        """The deviation of its outputs before training."""
        return 1.0 if self.rows is None else math.hypot(1.0, self.within)

    def forward(self, input: Tensor) -> Tensor:
        """Latents [N, D], whose first number is standard normal, to [N, units]."""
        if self.rows is None:
            return self.linear(input)
        quantile = torch.special.ndtr(input[:, 0].float())
        code = (quantile * self.codes).long().clamp(max=self.codes - 1)
        return self.linear(input[:, 1:]) + self.rows(code)


class Waves(nn.Module):
    """Cosines of the input, appended to it: rows [N, D] to [N, D + waves].

    Fourier features (Tancik et al. 2020, section 4) in random directions; wave numbers are even on
    a logarithmic scale, so that there is a wave for every size of structure, and not trained. They
    are taken in float32: in bfloat16 a fast wave's phase would be lost.
    """

    directions: Tensor
    phases: Tensor

    def __init__(self, size: int, waves: int, slow: float, fast: float) -> None:
        super().__init__()
        ways = torch.nn.functional.normalize(torch.randn(size, waves), dim=0)
        numbers = torch.logspace(math.log10(slow), math.log10(fast), waves)
        self.register_buffer("directions", ways * numbers)
        self.register_buffer("phases", torch.rand(waves) * (2 * math.pi))

    def forward(self, input: Tensor) -> Tensor:
        """Rows [N, D] to [N, D + waves], float32."""
        with torch.autocast(input.device.type, enabled=False):
            rows = input.float()
            waves = torch.cos(torch.addmm(self.phases, rows, self.directions))
            return torch.cat([rows, math.sqrt(2) * waves], 1)

    def extra_repr(self) -> str:
        """The numbers of inputs and of waves."""
        size, waves = self.directions.shape
        return f"{size}, {waves}"


@torch.no_grad()
def keep_variance(network: nn.Sequential) -> None:
    """Draw the weights of the layers behind the first so that they keep its variance; biases are 0.

    He et al. 2015, eq. 14, for LeakyReLU.
    """
    for layer in network:
        if isinstance(layer, nn.Linear):
            deviation = math.sqrt(2 / (1 + SLOPE**2) / layer.in_features)
            nn.init.normal_(layer.weight, 0.0, deviation)
            nn.init.zeros_(layer.bias)
