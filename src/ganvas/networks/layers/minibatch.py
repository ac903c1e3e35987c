"""Layers that tell a discriminator how alike the images of a batch are.

Through them the images of a batch depend on each other: a gradient penalty then looks at more than
one image's slope, and reals and fakes are scored in passes of their own. Statistics are taken in
float32 at least, so that bfloat16 does not round small differences away.
"""

from math import pi, sqrt

import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.networks.layers.conditioned import append
from ganvas.networks.operators.tracing import traced


class MinibatchStd(nn.Module):
    """The deviation within groups of images, appended as constant maps.

    Maps [N, C, H, W] to [N, C + channels, H, W]; rows [N, D] to [N, D + channels]. Karras et al.
    2018 (progressive growing), section 3: each feature's deviation over a group, averaged over
    features and pixels. A group is of neighbours in the batch.

    Args:
        group: images of a group; where it does not divide N, the largest divisor of N below it.
        channels: how many shares the features are cut into, each with an average of its own.

    Raises:
        UsageError: at the first batch, where the features cannot be cut into so many.
    """

    couples_batch = True

    def __init__(self, group: int = 4, channels: int = 1) -> None:
        super().__init__()
        self.group, self.channels = group, channels

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] or rows [N, D], with ``channels`` more of them."""
        if traced():
            return append(input, self._deviations(_wide(input)).to(input.dtype))
        count, features = input.shape[:2]
        if features % self.channels:
            raise UsageError(
                f"{features} features cannot be cut into {self.channels}: choose a number of "
                "channels for MinibatchStd that divides them"
            )
        size = next(size for size in range(min(self.group, count), 0, -1) if count % size == 0)
        groups = _wide(input).unflatten(0, (-1, size)).unflatten(2, (self.channels, -1))
        variance = (groups - groups.mean(1, keepdim=True)).square().mean(1)
        # The root's slope is infinite at zero; the tiny constant keeps it finite there.
        deviation = (variance + 1e-8).sqrt().flatten(2).mean(2)
        rows = deviation.repeat_interleave(size, 0).to(input.dtype)
        return append(input, rows)

    def _deviations(self, features: Tensor) -> Tensor:
        """[N, channels] for any N, left open: the images of a group are rows of a matrix."""
        places = torch.arange(features.shape[0], device=features.device)
        sizes = torch.arange(1, self.group + 1, device=features.device)
        size = (sizes * ((places[-1] + 1) % sizes == 0)).max()
        groups = places // size
        share = (groups[:, None] == groups).to(features.dtype) / size  # [N, N]
        rows = features.flatten(1)
        variance = share @ (rows - share @ rows).square()
        return (variance + 1e-8).sqrt().unflatten(1, (self.channels, -1)).mean(2)

    def extra_repr(self) -> str:
        """The group's size and the number of channels."""
        return f"group={self.group}, channels={self.channels}"


class MinibatchDiscrimination(nn.Module):
    """How near each image's features lie to those of the others, appended to them.

    Rows [N, D] to [N, D + kernels]; each number lies within 0 and N - 1. Salimans et al. 2016,
    section 3.2: a learned tensor maps the features to ``kernels`` points of ``size`` numbers, and
    exp(-L1 distance) is summed over the other images.

    Args:
        features: D.
        kernels: numbers appended.
        size: numbers of a point.
    """

    couples_batch = True

    def __init__(self, features: int, kernels: int = 32, size: int = 8) -> None:
        super().__init__()
        # Independent features of variance 1 lie 1 apart on average: neither all alike nor all far.
        self.weight = nn.Parameter(
            torch.randn(features, kernels, size) * sqrt(pi / features) / (2 * size)
        )

    def forward(self, input: Tensor) -> Tensor:
        """Rows [N, D] to [N, D + kernels]."""
        with torch.autocast(input.device.type, enabled=False):
            points = torch.tensordot(_wide(input), _wide(self.weight), 1)
            distances = (points[:, None] - points).abs().sum(3)
            likeness = (-distances).exp().sum(1) - 1  # itself, at distance 0
        return append(input, likeness.to(input.dtype))

    def extra_repr(self) -> str:
        """The number of features, kernels and numbers of a point."""
        return "features={}, kernels={}, size={}".format(*self.weight.shape)


def _wide(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
