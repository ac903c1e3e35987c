"""Networks that grow (Karras et al. 2018): from the smallest resolution to the full one by stages.

Each stage doubles the resolution. All have their weights from the start; ``growth`` says how far
they are, and ``at`` gives the part of a network that a stage trains, at its own resolution.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ganvas.networks.layers.conditioned import Concatenate, Sequence
from ganvas.networks.layers.equalised import GAIN, EqualConv2d, EqualLinear
from ganvas.networks.layers.heads import EqualProjection
from ganvas.networks.layers.minibatch import MinibatchStd
from ganvas.networks.layers.pixel_norm import PixelNorm
from ganvas.networks.operators.fading import doubled, faded, halved
from ganvas.networks.operators.flatten import Flatten, ToMap
from ganvas.networks.operators.fused import PooledConv2d, UpsampledConv2d
from ganvas.networks.shape import Shape, halvings, widths


@dataclass(frozen=True)
class ProgressiveGenerator:
    """At each resolution two 3x3 convolutions, each with LeakyReLU 0.2 and pixel norm, and a 1x1
    convolution to an image. Conditions are appended to the latent.

    latent: how many numbers a latent has.
    width: channels at the full resolution, doubled at each level towards the smallest map.
    widest: the most channels of a map.
    output: ``tanh`` keeps images within [-1, 1]; ``linear`` bounds nothing, as in the paper.
    """

    conditional: ClassVar[bool] = True

    latent: int = 128
    width: int = 16
    widest: int = 256
    output: Literal["tanh", "linear"] = "tanh"

    def build(self, shape: Shape, conditions: int = 0) -> "GrowingGenerator":
        """Latents [N, latent], and conditions [N, K] where there are any, to images [N, C, H, W].

        Raises:
            UsageError: images of a shape that this network cannot double a small map to.
        """
        levels, height, width = halvings(shape)
        channels = widths(levels + 1, self.width, self.widest)[::-1]
        first = channels[0]
        start = EqualLinear(self.latent + conditions, first * height * width, gain=GAIN)
        blocks = [
            Sequence(
                PixelNorm(),
                *([Concatenate()] if conditions else []),
                start,
                ToMap(height, width),
                *_active_norm(),
                EqualConv2d(first, first, 3, padding=1, gain=GAIN),
                *_active_norm(),
            )
        ]
        for before, after in pairwise(channels):
            up, same = Up(before, after), EqualConv2d(after, after, 3, padding=1, gain=GAIN)
            blocks.append(Sequence(up, *_active_norm(), same, *_active_norm()))
        to_images = [EqualConv2d(wide, shape[0], 1) for wide in channels]
        made = GrowingGenerator(blocks, to_images)
        made.bounded = self.output == "tanh"
        return made


@dataclass(frozen=True)
class ProgressiveDiscriminator:
    """The generator's mirror: at each resolution a 1x1 convolution from the image and two 3x3
    convolutions; at the smallest one, the deviation within groups of images, a convolution and two
    linear layers. LeakyReLU 0.2, no normalisation; one score an image [N]. Conditions are projected
    (Miyato & Koyama 2018).

    width: channels at the full resolution, doubled at each level towards the smallest map.
    widest: the most channels of a map.
    group: images of a group of ``MinibatchStd``; 1 leaves that layer out.
    """

    conditional: ClassVar[bool] = True

    width: int = 16
    widest: int = 256
    group: int = 4

    def build(self, shape: Shape, conditions: int = 0) -> "GrowingDiscriminator":
        """Images [N, C, H, W] in [-1, 1], and conditions [N, K] where there are any, to scores [N].

        Raises:
            UsageError: images of a shape that this network cannot halve to a small map.
        """
        levels, height, width = halvings(shape)
        channels = widths(levels + 1, self.width, self.widest)[::-1]
        last, deviations = channels[0], int(self.group > 1)
        body = nn.Sequential(
            *([MinibatchStd(self.group)] if deviations else []),
            EqualConv2d(last + deviations, last, 3, padding=1, gain=GAIN),
            _active(),
            Flatten(),
            EqualLinear(last * height * width, last, gain=GAIN),
            _active(),
        )
        blocks: list[nn.Module] = [EqualProjection(body, last, conditions)]
        for after, before in pairwise(channels):
            same = EqualConv2d(before, before, 3, padding=1, gain=GAIN)
            blocks.append(Sequence(same, _active(), Down(before, after), _active()))
        from_images = [
            nn.Sequential(EqualConv2d(shape[0], wide, 1, gain=GAIN), _active()) for wide in channels
        ]
        return GrowingDiscriminator(blocks, from_images)


class GrowingNetwork(nn.Module):
    """Stages from the smallest resolution up: a block each, and what leads to or from an image.

    ``growth`` [] is the stage reached: within s - 1 and s, stage s is being faded in over the one
    before (section 3 and figure 2). A run's clock moves it, not gradients; a new network stands at
    the last stage.

    Args:
        blocks: of all stages.
        joints: to or from images, of the last stages; those before have none.
        growth: another network's, to be shared.
    """

    layers_in_order = False  # each stage has a way of its own from or to images
    growth: Tensor

    def __init__(
        self,
        blocks: Iterable[nn.Module],
        joints: Iterable[nn.Module],
        growth: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.blocks, self.joints = nn.ModuleList(blocks), nn.ModuleList(joints)
        self.first = len(self.blocks) - len(self.joints)
        last = torch.tensor(float(len(self.blocks) - 1))
        self.register_buffer("growth", last if growth is None else growth)

    @property
    def stages(self) -> int:
        """The number of stages."""
        return len(self.blocks)

    def at(self, stage: int) -> "GrowingNetwork":
        """The same weights as far as this stage, with images of its resolution.

        It is what is trained while ``growth`` is within ``stage`` - 1 and ``stage``. Only a whole
        network has such parts.
        """
        joints = self.joints[max(stage - 1, 0) : stage + 1]
        return type(self)(self.blocks[: stage + 1], joints, self.growth)

    def faded(self, before: Tensor, after: Tensor, stage: int) -> Tensor:
        """From the stage before to this one, as far as it is faded in; exactly so at both ends."""
        return faded(before, after, self.growth, stage)


class GrowingGenerator(GrowingNetwork):
    """A generator of images of the last resolution, whatever the growth.

    ``bounded``: images lie within [-1, 1].
    """

    bounded = True

    def at(self, stage: int) -> "GrowingGenerator":
        """The same, and as ``bounded`` as the whole network."""
        part = super().at(stage)
        assert isinstance(part, GrowingGenerator)
        part.bounded = self.bounded
        return part

    def forward(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Latents [N, latent], and conditions [N, K] if there are any, to images [N, C, H, W]."""
        maps, image = latents, None
        for stage, block in enumerate(self.blocks):
            maps = block(maps, conditions)
            if stage < self.first:
                continue
            colours = self.joints[stage - self.first](maps)
            image = colours if image is None else self.faded(doubled(image), colours, stage)
        assert image is not None
        return image.tanh() if self.bounded else image


class GrowingDiscriminator(GrowingNetwork):
    """A discriminator of images of the last resolution, blind to what is finer than the growth."""

    def forward(self, images: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Images [N, C, H, W], and conditions [N, K] where there are any, to scores [N]."""
        maps = self.joints[-1](images)
        for stage in reversed(range(self.stages)):
            maps = self.blocks[stage](maps, conditions)
            if stage > self.first:
                images = halved(images)
                before = self.joints[stage - 1 - self.first](images)
                maps = self.faded(before, maps, stage)
        return maps


class Up(UpsampledConv2d):
    """Each pixel as 2x2, then a 3x3 convolution of equalised learning rate."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after)
        self.scale = GAIN / math.sqrt(before * 9)
        nn.init.normal_(self.weight)
        self.offset = nn.Parameter(torch.zeros(after, 1, 1))

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, before, H, W] to [N, after, 2H, 2W]."""
        maps = super().forward(input * self.scale)
        return maps + self.offset.to(maps.dtype)


class Down(PooledConv2d):
    """A 3x3 convolution of equalised learning rate, then the mean of each 2x2."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after)
        self.scale = GAIN / math.sqrt(before * 9)
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, before, H, W] of even sides to [N, after, H/2, W/2]."""
        return super().forward(input * self.scale)


def _active() -> nn.Module:
    return nn.LeakyReLU(0.2, inplace=True)


def _active_norm() -> tuple[nn.Module, nn.Module]:
    return _active(), PixelNorm()
