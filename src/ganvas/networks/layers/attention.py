"""Self-attention over maps: each pixel may take what it needs from anywhere in its image."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.networks.operators.convolution import Conv2d


class SelfAttention(nn.Module):
    """Maps [N, C, H, W] to maps of the same shape: the input plus gamma times what it attends to.

    Zhang et al. 2019 (SAGAN), section 3, eq. 1 to 3; gamma is learned and starts at zero, so the
    block begins as the identity. As in the authors' implementation, queries and keys have C/8
    channels and values C/2, keys and values are the largest of 2x2 pixels, a quarter as many, and
    no convolution has a bias. An odd last row or column is pooled alone.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow, half = max(1, channels // 8), max(1, channels // 2)
        self.query = Conv2d(channels, narrow, 1, bias=False)
        self.key = Conv2d(channels, narrow, 1, bias=False)
        self.value = Conv2d(channels, half, 1, bias=False)
        self.back = Conv2d(half, channels, 1, bias=False)
        # Without dimensions it scales bfloat16 maps without making them float32.
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] to maps of the same shape."""
        queries = self.query(input).flatten(2)
        keys, values = (
            F.max_pool2d(layer(input), 2, ceil_mode=True).flatten(2)
            for layer in (self.key, self.value)
        )
        shares = (queries.transpose(1, 2) @ keys).softmax(2)  # [N, pixels, pooled pixels]
        found = (shares @ values.transpose(1, 2)).transpose(1, 2)  # so it lies channels-last
        return input + self.gamma * self.back(found.unflatten(2, input.shape[2:]))
