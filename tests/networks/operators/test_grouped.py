"""The grouped convolution against PyTorch's own, through two derivatives."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.networks.operators.grouped import GroupedConv2d, _Convolve

LAST = torch.channels_last
CASES = [(8, 1), (8, 2), (6, 3), (16, 8), (4, 4)]


def layer(channels: int, group: int) -> GroupedConv2d:
    torch.manual_seed(0)
    made = GroupedConv2d(channels, group).to(memory_format=LAST)  # pyright: ignore
    nn.init.normal_(made.bias)  # pyright: ignore
    return made


def derivatives(convolve, x: Tensor, w: Tensor, b: Tensor) -> list[Tensor]:
    """The maps, their derivatives by all three, and those of a slope penalty."""
    operands = [each.detach().requires_grad_() for each in (x, w, b)]
    made = convolve(*operands)
    first = torch.autograd.grad(made.sin().sum(), operands, create_graph=True)
    second = torch.autograd.grad(first[0].square().sum() + first[1].square().sum(), operands[:2])
    return [made, *first, *second]


@pytest.mark.parametrize(("channels", "group"), CASES)
def test_two_derivatives_are_pytorchs(channels: int, group: int) -> None:
    ours = layer(channels, group)
    x = torch.randn(3, channels, 5, 4).contiguous(memory_format=LAST)
    w, b = ours.weight, ours.bias
    assert b is not None

    def plain(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return F.conv2d(x, w, b, padding=1, groups=channels // group)

    def fast(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return torch.func.functional_call(ours, {"weight": w, "bias": b}, (x,))

    for mine, theirs in zip(derivatives(fast, x, w, b), derivatives(plain, x, w, b), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("channels", "group"), CASES)
def test_derivatives_are_numerical_ones(channels: int, group: int) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, channels, 3, 2, dtype=torch.float64, requires_grad=True)
    w = torch.randn(channels, group, 3, 3, dtype=torch.float64, requires_grad=True)
    b = torch.randn(channels, dtype=torch.float64, requires_grad=True)
    groups = channels // group
    assert torch.autograd.gradcheck(lambda *each: _Convolve.apply(*each, groups), (x, w, b))
    assert torch.autograd.gradgradcheck(
        lambda x, w: _Convolve.apply(x, w, None, groups), (x, w), fast_mode=True
    )


@pytest.mark.parametrize("group", [1, 8])
def test_bfloat16_keeps_memory_order_through_two_derivatives(group: int) -> None:
    ours = layer(16, group)
    x = torch.randn(4, 16, 4, 4).contiguous(memory_format=LAST).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        made = ours(x)
        (slope,) = torch.autograd.grad(made.float().square().sum(), x, create_graph=True)
    slope.square().sum().backward()
    exact = layer(16, group).double()
    y = x.detach().double().requires_grad_()
    (known,) = torch.autograd.grad(exact(y).square().sum(), y, create_graph=True)
    known.square().sum().backward()
    assert made.dtype == torch.bfloat16
    assert made.is_contiguous(memory_format=LAST)
    for mine, theirs in ((slope, known), (x.grad, y.grad), (ours.weight.grad, exact.weight.grad)):
        assert mine is not None and theirs is not None
        scale = theirs.abs().max().item()
        torch.testing.assert_close(mine.double(), theirs, rtol=0, atol=0.03 * scale)
    assert slope.is_contiguous(memory_format=LAST)


def test_other_formats_take_the_plain_form() -> None:
    ours = layer(8, 2).double()
    x = torch.randn(2, 8, 4, 4, dtype=torch.float64)
    expected = F.conv2d(x, ours.weight, ours.bias, padding=1, groups=4)
    torch.testing.assert_close(ours(x), expected)
