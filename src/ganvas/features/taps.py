"""Maps of efficientnet-lite0 at four depths: for whatever looks at images through it.

Each BatchNorm, which in evaluation is a gain and a bias, is folded into the convolution before it:
the same numbers in fewer passes over the maps.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from ganvas.features.imagenet import efficientnet_lite0
from ganvas.networks.operators.convolution import Conv2d
from ganvas.networks.operators.tracing import traced

CHANNELS = (24, 40, 112, 320)
STRIDES = (4, 8, 16, 32)
DEPTHS = (2, 4, 10, 15)
"""The blocks whose outputs are read; each is the last one of its resolution."""


def efficientnet_taps() -> "Taps":
    """The network of ``features.imagenet``, with its weights, as ``Taps``.

    It draws nothing from the default generator.

    Raises:
        UserError: the extra is not installed, or the weights' file is damaged.
    """
    with torch.random.fork_rng(devices=[]):  # layers draw weights before the true ones come
        theirs = efficientnet_lite0().get_submodule("_read.network")
        blocks = [
            Block(nn.Sequential(*_folded(block)), residual=bool(block.has_skip))
            for stage in theirs.get_submodule("blocks").children()
            for block in stage.children()
        ]
        return Taps(nn.Sequential(next(_folded(theirs)), *blocks))


class Taps(nn.Module):
    """Images [N, 3, H, W] in [-1, 1] to four maps, of ``CHANNELS`` and at 1 / ``STRIDES`` the size.

    H and W are multiples of 32. The weights are frozen and there is no other mode than evaluation.
    """

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> "Taps":
        """Stay in evaluation mode, whatever is asked for."""
        return super().train(False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images [N, 3, H, W] in [-1, 1], H and W multiples of 32, to the four maps."""
        maps, taps = self.layers[0](images), []
        for index, block in enumerate(self.layers[1:]):
            maps = block(maps)
            if index in DEPTHS:
                taps.append(maps)
        return taps


class Block(nn.Module):
    """Layers, whose input is added to what they make where it is ``residual``."""

    def __init__(self, layers: nn.Sequential, residual: bool) -> None:
        super().__init__()
        self.layers = layers
        self.residual = residual

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] to what the layers make of them, plus the input where ``residual``."""
        made = self.layers(input)
        return made + input if self.residual else made


class Halving(nn.Module):
    """A frozen depthwise convolution with stride 2 on maps with even sides; padded like TensorFlow,
    by one pixel less before the map than behind it.

    Args:
        weight: [C, 1, K, K].
        bias: [C].
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, input: Tensor) -> Tensor:
        """Maps [N, C, H, W] to [N, C, H/2, W/2]."""
        autocast = torch.is_autocast_enabled(input.device.type)
        dtype = torch.get_autocast_dtype(input.device.type) if autocast else input.dtype
        weight, bias = self.weight.to(dtype), self.bias.to(dtype)
        operator = _halved if traced() else _Halve.apply
        return operator(input.to(dtype), weight, bias)  # pyright: ignore


class _Halve(Function):
    """Maps [N, C, H, W], weights [C, 1, K, K] and bias [C] to [N, C, H/2, W/2].

    A CPU has no kernel for the gradient in bfloat16 and takes 50 times as long without one; it has
    one for stride 1, and the gradient is that with zeros between its pixels.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, w: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(w)
        return _halved(x, w, bias)

    @staticmethod
    def backward(ctx, g: Tensor):  # pyright: ignore
        return _Spread.apply(g, *ctx.saved_tensors), None, None


def _halved(x: Tensor, w: Tensor, bias: Tensor | None) -> Tensor:
    channels, _, kernel, _ = w.shape
    before = (kernel - 2) // 2
    padded = F.pad(x, (before, before + kernel % 2) * 2)
    return F.conv2d(padded, w, bias, stride=2, groups=channels)


class _Spread(Function):
    """The transpose of ``_Halve``: [N, C, H, W] to [N, C, 2H, 2W]."""

    @staticmethod
    def forward(ctx: FunctionCtx, g: Tensor, w: Tensor) -> Tensor:
        ctx.save_for_backward(w)
        count, channels, height, width = g.shape
        spread = g.new_zeros(count, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)
        spread[:, :, 1::2, 1::2] = g
        return F.conv2d(spread, w.flip(2, 3), padding=w.shape[2] // 2, groups=len(w))

    @staticmethod
    def backward(ctx, v: Tensor):  # pyright: ignore
        return _Halve.apply(v, *ctx.saved_tensors, None), None


def _folded(network: nn.Module) -> Iterator[nn.Module]:
    """Each convolution with the BatchNorm behind it as one layer, with its activation."""
    convolution = None
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            convolution = layer
        elif isinstance(layer, nn.BatchNorm2d) and convolution is not None:
            assert layer.running_mean is not None and layer.running_var is not None
            gain = layer.weight / (layer.running_var + layer.eps).sqrt()
            weight = convolution.weight * gain[:, None, None, None]
            bias = layer.bias - layer.running_mean * gain
            whole = _layer(convolution, weight.detach(), bias.detach())
            act = layer.get_submodule("act")
            yield whole if isinstance(act, nn.Identity) else nn.Sequential(whole, nn.ReLU6())


def _layer(like: nn.Conv2d, weight: Tensor, bias: Tensor) -> nn.Module:
    halving = like.stride == (2, 2)
    if halving and like.groups > 1:
        return Halving(weight, bias)
    channels, kernel = (like.in_channels, like.out_channels), like.kernel_size[0]
    padding = 0 if halving else kernel // 2
    layer = Conv2d(*channels, kernel, 1 + halving, padding, groups=like.groups)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), layer) if halving else layer
