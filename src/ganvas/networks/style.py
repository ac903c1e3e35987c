"""StyleGAN2's generator: mapping, modulated synthesis, skips (Karras et al. 2020, figures 2, 7).

A mapping network turns a latent z into an intermediate latent w, whose distribution is learned. At
each layer w sets the scales of the channels; noise adds what varies within one w.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.networks.layers.equalised import GAIN, EqualLinear
from ganvas.networks.layers.modulated import ModulatedConv2d
from ganvas.networks.layers.pixel_norm import pixel_norm
from ganvas.networks.operators.resample import double
from ganvas.networks.protocols import Conditioned
from ganvas.networks.shape import Shape, halvings, widths

AVERAGE = 0.998
"""What the average of w keeps at each turn with fakes (Karras et al. 2019, appendix B)."""

MAPPING_RATE = 0.01
"""The mapping network learns this much slower (Karras et al. 2019, appendix C)."""


@dataclass(frozen=True)
class StyleGenerator:
    """A mapping network and a synthesis network with a skip to the image at each resolution.

    latent: how many numbers z has.
    intermediate: how many numbers w has.
    depth: layers of the mapping network (the paper has 8).
    width: channels at the full resolution, doubled at each level towards the smallest map.
    widest: the most channels of a map.
    mixing: share of training images that take w from a second latent, from a random layer on; 0 to
        1.
    average: what the average of w keeps at each turn with fakes, 0 to below 1 (StyleGAN2's code:
        0.995).
    bias_gain: biases of the mapping network are multiplied by its activations' gain, as in the
        authors' networks, and so learn sqrt(2) times as fast; those of the synthesis network always
        are.

    Raises:
        ValueError: ``mixing`` or ``average`` is out of range.
    """

    conditional: ClassVar[bool] = True

    latent: int = 128
    intermediate: int = 128
    depth: int = 4
    width: int = 32
    widest: int = 512
    mixing: float = 0.9
    average: float = AVERAGE
    bias_gain: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.mixing <= 1:
            raise ValueError(f"mixing must be within 0 and 1, not {self.mixing}")
        if not 0 <= self.average < 1:
            raise ValueError(f"average must be at least 0 and below 1, not {self.average}")

    def build(self, shape: Shape, conditions: int = 0) -> "StyleNetwork":
        """Latents [N, latent], and conditions [N, K] where there are any, to images [N, C, H, W].

        Raises:
            UsageError: images of a shape that this network cannot double a small map to.
        """
        bias_gain = GAIN if self.bias_gain else 1.0
        mapping = Mapping(
            self.latent, self.intermediate, self.depth, conditions, self.average, bias_gain
        )
        synthesis = Synthesis(shape, self.channels(shape), self.intermediate)
        return StyleNetwork(mapping, synthesis, self.mixing)

    def channels(self, shape: Shape) -> list[int]:
        """The channels of each resolution, the smallest map's first."""
        return widths(halvings(shape)[0] + 1, self.width, self.widest)[::-1]


class StyleNetwork(nn.Module):
    """Latents [N, Z], and conditions [N, K] where there are any, to images [N, C, H, W].

    In training, noise and the second latents of style mixing are fresh draws of PyTorch's default
    generator; in evaluation noise is constant, and an image is a function of its latent alone.
    Nothing bounds the images' values; those of the data lie in [-1, 1].

    Args:
        mapping: latents to intermediate latents w.
        synthesis: a w for each layer to images.
        mixing: see ``StyleGenerator``.
    """

    def __init__(self, mapping: "Mapping", synthesis: "Synthesis", mixing: float) -> None:
        super().__init__()
        self.mapping, self.synthesis, self.mixing = mapping, synthesis, mixing

    @property
    def layers(self) -> int:
        """How many layers take a w: L."""
        return self.synthesis.layers

    def forward(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Latents [N, Z], and conditions [N, K] where there are any, to images [N, C, H, W]."""
        return self.synthesis(self.ws(z, conditions))

    def ws(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        """A w for each layer [N, L, W]: in training, mixed; in evaluation, the same for all."""
        if self.training and self.mixing > 0:
            return self.mixed(z, conditions)
        return self.broadcast(self.mapping(z, conditions))

    def follow(self, ws: Tensor) -> None:
        """Move the average of w, which truncation draws images to, by w [N, W] of a turn."""
        self.mapping.follow(ws)

    def broadcast(self, w: Tensor) -> Tensor:
        """One w [N, W] for all layers: [N, L, W]."""
        return w[:, None].expand(-1, self.layers, -1)

    def mixed(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        """[N, L, W]: a share ``mixing`` of images takes, from some layer on, the w of another z.

        Karras et al. 2019, section 3.1.
        """
        both = torch.cat([z, torch.randn_like(z)])
        twice = None if conditions is None else torch.cat([conditions, conditions])
        first, second = self.mapping(both, twice).chunk(2)
        place, chance = torch.rand(2, len(z), 1, device=z.device).unbind()
        crossover = 1 + (place * (self.layers - 1)).floor()  # one layer at least keeps the first
        taken = torch.arange(self.layers, device=z.device) >= crossover
        other = taken & (chance < self.mixing)
        return torch.where(other[:, :, None], second[:, None], first[:, None])

    def truncated(self, z: Tensor, psi: float, conditions: Tensor | None = None) -> Tensor:
        """Images [N, C, H, W] of w drawn towards its average: psi 1 changes none, 0 gives the mean.

        Karras et al. 2019, appendix B.
        """
        w, average = self.mapping(z, conditions), self.mapping.average
        return self.synthesis(self.broadcast(average.lerp(w.to(average.dtype), psi)))


class Mapping(Conditioned):
    """Latents z [N, Z] to intermediate latents w [N, W]; conditions [N, K] are embedded beside z.

    ``average`` [W] is a mean of w, see ``follow``.

    Args:
        latent: Z.
        intermediate: W.
        depth: the number of layers.
        conditions: K, or 0 for none.
        keeps: what ``average`` keeps at each ``follow``.
        bias_gain: factor of the layers' biases.
    """

    average: Tensor

    def __init__(
        self,
        latent: int,
        intermediate: int,
        depth: int,
        conditions: int = 0,
        keeps: float = AVERAGE,
        bias_gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.keeps = keeps
        self.embed = EqualLinear(conditions, latent) if conditions else None
        inputs = 2 * latent if conditions else latent
        self.layers = nn.ModuleList(
            EqualLinear(
                intermediate if index else inputs,
                intermediate,
                rate=MAPPING_RATE,
                gain=GAIN,
                bias_gain=bias_gain,
            )
            for index in range(depth)
        )
        self.register_buffer("average", torch.zeros(intermediate))

    def forward(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Latents [N, Z], and conditions [N, K] where there are any, to w [N, W], unbounded."""
        w = pixel_norm(z)
        if self.embed is not None:
            w = torch.cat([w, pixel_norm(self.embed(conditions))], 1)
        for layer in self.layers:
            w = F.leaky_relu(layer(w), 0.2)
        return w

    @torch.no_grad()
    def follow(self, ws: Tensor) -> None:
        """Move ``average`` towards the mean of w [N, W]."""
        self.average.lerp_(ws.to(self.average.dtype).mean(0), 1 - self.keeps)


class Synthesis(nn.Module):
    """A w for each layer [N, L, W] to images [N, C, H, W].

    A learned constant, then a layer at the smallest resolution and two at each other; each
    resolution adds its share to the image (Karras et al. 2020, section 4.1). A resolution's share
    and the next one's first layer take the same w, as in the authors' networks.

    Args:
        shape: (C, H, W) of an image.
        channels: of each resolution, the smallest map's first.
        intermediate: W.
    """

    def __init__(self, shape: Shape, channels: list[int], intermediate: int) -> None:
        super().__init__()
        levels, height, width = halvings(shape)
        self.start = nn.Parameter(torch.randn(1, channels[0], height, width))
        self.layers = 2 * levels + 2
        self.first = Block(None, channels[0], intermediate, shape[0], (height, width))
        self.blocks = nn.ModuleList(
            Block(before, after, intermediate, shape[0], (height * 2**level, width * 2**level))
            for level, (before, after) in enumerate(pairwise(channels), 1)
        )

    def forward(self, ws: Tensor) -> Tensor:
        """Intermediate latents [N, L, W] to images [N, C, H, W], unbounded."""
        maps = self.start.expand(ws.shape[0], -1, -1, -1)  # len() would fix the batch in an export
        maps, image = self.first(maps, None, ws[:, :2])
        for index, block in enumerate(self.blocks):
            maps, image = block(maps, image, ws[:, 2 * index + 1 : 2 * index + 4])
        return image


class Block(nn.Module):
    """One resolution: a layer that doubles it, another layer, and its share of the image.

    Args:
        inputs: channels that come from the resolution before; None where there is none.
        outputs: channels of this resolution.
        intermediate: W.
        colours: channels of an image.
        size: height and width of this resolution.
    """

    def __init__(
        self,
        inputs: int | None,
        outputs: int,
        intermediate: int,
        colours: int,
        size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.up = Layer(inputs, outputs, intermediate, size, up=True) if inputs else None
        self.layer = Layer(outputs, outputs, intermediate, size)
        self.to_image = ModulatedConv2d(outputs, colours, intermediate, 1, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(colours, 1, 1))

    def forward(self, maps: Tensor, image: Tensor | None, ws: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of the resolution before, its image (None for the first block) and a w for each
        layer [N, 2 or 3, W] to maps [N, outputs, *size] and the image so far [N, colours, *size].
        """
        *before, own, share = ws.unbind(1)
        if self.up is not None:
            maps = self.up(maps, *before)
        maps = self.layer(maps, own)
        colours = self.to_image(maps, share) + self.bias
        if image is not None:
            colours = colours + double(image)
        return maps, colours


class Layer(nn.Module):
    """A modulated 3x3 convolution, noise, bias, LeakyReLU 0.2.

    Args:
        inputs, outputs: channels before and after.
        intermediate: W.
        size: height and width of the maps that come out.
        up: whether the layer doubles the resolution.
    """

    noise: Tensor

    def __init__(
        self, inputs: int, outputs: int, intermediate: int, size: tuple[int, int], up: bool = False
    ) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(inputs, outputs, intermediate, up=up)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs, 1, 1))
        self.register_buffer("noise", torch.randn(1, 1, *size))

    def forward(self, maps: Tensor, w: Tensor) -> Tensor:
        """Maps [N, inputs, H, W] and w [N, W] to maps [N, outputs, *size]."""
        style = self.convolution.scales(w)
        maps = self.convolution.convolve(maps, style)
        noise = torch.randn_like(maps[:, :1]) if self.training else self.noise.to(maps.dtype)
        # LeakyReLU commutes with a positive factor, so its gain is put into what is small.
        demodulation, strength, bias = (
            (GAIN * part).to(maps.dtype)
            for part in (self.convolution.demodulation(style), self.strength, self.bias)
        )
        maps = torch.addcmul(noise * strength, maps, demodulation)
        return F.leaky_relu_(maps.add_(bias), 0.2)
