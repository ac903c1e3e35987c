"""The differentiable augmentation pipeline of ADA (Karras et al. 2020, appendix B).

Each transformation is applied to each image with a probability, the strength. Where that is below
1, the augmented images' distribution still tells the images' own (section 2.2), so what a generator
learns from them is not the augmentation; in practice it must stay below about 0.8.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.autograd import Function

from ganvas.data.augment.bands import Bands
from ganvas.data.augment.blit import Blit
from ganvas.data.augment.chance import Chances, Uniform
from ganvas.data.augment.colour import Colour
from ganvas.data.augment.corruption import Corruption
from ganvas.data.augment.warp import Geometry


@dataclass(frozen=True)
class ADA:
    """Groups of transformations, in the order in which they are applied; None leaves one out.

    The first three are those the paper trains with, "bgc". Each group's ``chance``, within 0 and 1,
    multiplies the strength for its own transformations.

    blit: flips, quarter turns and shifts by whole pixels.
    geometry: scaling, rotation, stretching and shifts.
    colour: brightness, contrast, hue and saturation.
    bands: amplification of frequency bands.
    corruption: noise and cutout.

    Raises:
        ValueError: a chance that is none.
    """

    blit: Blit | None = field(default_factory=Blit)
    geometry: Geometry | None = field(default_factory=Geometry)
    colour: Colour | None = field(default_factory=Colour)
    bands: Bands | None = None
    corruption: Corruption | None = None

    def __post_init__(self) -> None:
        for group in self._groups:
            if not 0 <= group.chance <= 1:
                raise ValueError(f"a group's chance must be within 0 and 1, not {group.chance}")

    @property
    def _groups(self) -> "list[Blit | Geometry | Colour | Bands | Corruption]":
        chosen = (self.blit, self.geometry, self.colour, self.bands, self.corruption)
        return [group for group in chosen if group is not None]

    def __call__(self, images: Tensor, uniform: Uniform, strength: float | Tensor) -> Tensor:
        """Augment images, differentiably; in float32 at least, also under autocast.

        An image that no transformation is applied to comes back exactly as it is.

        Args:
            images: [N, C, H, W] in [-1, 1]; the result has their type and memory order.
            uniform: ``uniform(name, *shape)`` is fresh noise [N, *shape] in [0, 1).
            strength: the probability of each transformation, in [0, 1]; a number or a tensor [].

        Raises:
            UsageError: ``colour`` of images of neither one channel nor three.
        """
        dtype = torch.promote_types(images.dtype, torch.float32)
        columns = sum(group.columns for group in self._groups)
        chances = Chances(uniform, columns, strength, dtype)
        with torch.autocast(images.device.type, enabled=False):
            made = _planes(images).to(dtype)
            for group in self._groups:
                chances.strength = strength * group.chance
                made = group(made, chances)
            return _like(made.to(images.dtype), images)


def _lies_last(images: Tensor) -> bool:
    """Whether channels are last in memory; one channel alone counts as planes."""
    last = images.is_contiguous(memory_format=torch.channels_last)
    return last and not images.is_contiguous()


def _planes(images: Tensor) -> Tensor:
    """Images whose channels are planes in memory; their gradient comes back in their own order."""
    if not _lies_last(images):
        return images
    return _Ordered.apply(images, torch.contiguous_format, torch.channels_last)  # pyright: ignore


def _like(made: Tensor, images: Tensor) -> Tensor:
    """Planes in the memory order of ``images``; their gradient comes back in planes."""
    if not _lies_last(images):
        return made
    return _Ordered.apply(made, torch.channels_last, torch.contiguous_format)  # pyright: ignore


class _Ordered(Function):
    """A copy in the memory order ``there``; its gradient is ordered as ``back`` says.

    Kernels that meet both orders at once are many times slower.
    """

    @staticmethod
    def forward(ctx, images: Tensor, there: torch.memory_format, back: torch.memory_format):
        ctx.orders = back, there
        return images.contiguous(memory_format=there)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # pyright: ignore
        return _Ordered.apply(gradient, *ctx.orders), None, None  # pyright: ignore
