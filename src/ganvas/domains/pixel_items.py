"""What images and clips share: pixels, bytes in a store and numbers in [-1, 1] in networks."""

import torch
from torch import Tensor

from ganvas.domains.domain import Domain, finite


class Pixels(Domain):
    """Items of pixels, whose last axes are C, H, W; finished ones have the channels last."""

    def noise(self, count: int, generator: torch.Generator) -> Tensor:
        """Random pixels, uint8 [count, ..., C, H, W]."""
        return torch.randint(0, 256, (count, *self.shape), dtype=torch.uint8, generator=generator)

    def to_network(self, stored: Tensor) -> Tensor:
        """Pixels uint8 [N, ..., C, H, W] as float32 in [-1, 1]."""
        return stored.to(torch.float32).div_(127.5).sub_(1)

    def finish(self, values: Tensor) -> Tensor:
        """Pixels in [-1, 1] as uint8 [N, ..., H, W, C] on the CPU, rounded; what lies beyond is
        clamped.

        Raises:
            NonFinite: pixels are not finite.
        """
        values = finite(values).float()
        rounded = values.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu()
        return rounded.movedim(-3, -1).contiguous()

    def to_stored(self, finished: Tensor) -> Tensor:
        """Pixels uint8 [N, ..., H, W, C] with their channels before H and W."""
        return finished.movedim(-1, -3)

    def mirrored(self, stored: Tensor) -> Tensor:
        """Pixels [N, ..., C, H, W], left and right exchanged."""
        return stored.flip(-1)
