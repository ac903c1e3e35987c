"""Which transformations each image gets, and how far they go."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Uniform = Callable[..., Tensor]
"""``uniform(name, *shape)``: fresh uniform noise [N, *shape] in [0, 1)."""

LEAST = 2.0**-24
"""Where uniform noise is cut before it becomes normal: 0 would become minus infinity."""


class Chances:
    """Uniform noise for each image, used up in the order in which it is asked for.

    Each of ``normal``, ``signed`` and ``integer`` is one transformation's own draw. It is 0, which
    every transformation takes for "leave the image as it is", except for the images that the
    transformation is applied to. Results have the shape [*shape, N]; all numbers of one call are
    applied to the same images.

    Args:
        uniform: ``uniform(name, *shape)`` is fresh noise [N, *shape] in [0, 1).
        columns: how many numbers an image are used in all.
        strength: the probability of a transformation; a number or a tensor [].
        dtype: the type of what is drawn.
    """

    def __init__(
        self, uniform: Uniform, columns: int, strength: float | Tensor, dtype: torch.dtype
    ) -> None:
        self.strength = strength
        self.used = 0
        self._uniform, self._dtype = uniform, dtype
        self._rows = uniform("ada", columns).to(dtype).T

    def uniform(self, *shape: int) -> Tensor:
        """Noise in [0, 1), whether or not anything is applied."""
        first, self.used = self.used, self.used + math.prod(shape)
        return self._rows[first : self.used].reshape(*shape, -1)

    def applied(self, strength: float | Tensor | None = None) -> Tensor:
        """Images [N] that a transformation is applied to; by another ``strength``, if given."""
        return self.uniform() < (self.strength if strength is None else strength)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal; 0 where not applied."""
        return self.applied() * _normal(self.uniform(*shape))

    def signed(self, *shape: int, strength: float | Tensor | None = None) -> Tensor:
        """Uniform in [-1, 1); 0 where not applied."""
        return self.applied(strength) * (2 * self.uniform(*shape) - 1)

    def integer(self, count: int) -> Tensor:
        """Whole numbers below ``count``, all alike likely; 0 where not applied."""
        return (self.applied() * self.uniform() * count).long()

    def noise(self, *shape: int) -> Tensor:
        """Standard normal noise [N, *shape] for whole images."""
        return _normal(self._uniform("ada.noise", *shape).to(self._dtype))


def _normal(noise: Tensor) -> Tensor:
    """Standard normal noise, of uniform noise in [0, 1)."""
    return torch.special.ndtri(noise.clamp_min(LEAST))
