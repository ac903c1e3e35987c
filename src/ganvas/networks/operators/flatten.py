"""From maps to rows and back, in the memory order of channels-last maps."""

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from ganvas.networks.operators.tracing import traced


class Flatten(nn.Flatten):
    """``nn.Flatten``; kernels that meet both memory orders at once are 30 times slower on a CPU."""

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] to rows [N, C*H*W]."""
        whole = self.start_dim == 1 and self.end_dim in (-1, 3)
        ours = whole and input.is_contiguous(memory_format=torch.channels_last)
        # What lies in both orders is flattened to a view, which no Function may return.
        if not ours or input.is_contiguous() or traced():
            return super().forward(input)
        return _Rows.apply(input)  # pyright: ignore


class ToMap(nn.Module):
    """Rows [N, H*W*C] as a map [N, C, H, W] that lies channels-last in memory from the start."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = (height, width)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows [N, H*W*C] to maps [N, C, H, W]."""
        return torch.unflatten(rows, 1, (*self.size, -1)).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        """The map's height and width."""
        return f"{self.size[0]}, {self.size[1]}"


class _Rows(Function):
    """Maps [N, C, H, W] that lie channels-last to rows [N, C*H*W] in PyTorch's order."""

    @staticmethod
    def forward(ctx: FunctionCtx, maps: Tensor) -> Tensor:
        ctx.shape = maps.shape  # pyright: ignore
        return maps.flatten(1)

    @staticmethod
    def backward(ctx, rows: Tensor) -> Tensor:  # pyright: ignore
        return rows.view(ctx.shape).contiguous(memory_format=torch.channels_last)
