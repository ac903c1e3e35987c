"""Images to augment, and noise of which a test chooses every number."""

import torch

from ganvas.data.augment.chance import Uniform

OFF = {"blit": None, "geometry": None, "colour": None}
"""Settings of a pipeline that does nothing yet."""

SKIP = 0.999
"""A gate that no strength of 0.99 opens."""


def some_images(count: int = 4, channels: int = 3, size: tuple[int, int] = (16, 16)):
    torch.manual_seed(0)
    return torch.rand(count, channels, *size) * 2 - 1


def fixed(*columns: list[float]) -> Uniform:
    """A source of noise that draws these columns, each with a number an image."""
    noise = torch.tensor(columns).T
    return lambda name, *shape: noise


def seeded(count: int, seed: int = 0) -> Uniform:
    """A source of fresh noise for so many images; each name has its own."""

    def uniform(name: str, *shape: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed + len(name))
        return torch.rand(count, *shape, generator=generator)

    return uniform
