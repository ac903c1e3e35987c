"""Convolutions of computed weights against torch.nn.functional, through two derivatives."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.operators.functional import conv2d, conv_transpose2d, fast_format


def twice(made: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    """What was made, its gradients, and the gradients of those."""
    torch.manual_seed(1)
    first = torch.autograd.grad(
        (made * torch.randn(made.shape)).tanh().sum(), inputs, create_graph=True
    )
    bent = sum((each * torch.randn(each.shape)).tanh().sum() for each in first)
    return [made, *first, *torch.autograd.grad(bent, inputs)]  # pyright: ignore


def operands(dtype: torch.dtype) -> list[Tensor]:
    torch.manual_seed(0)
    maps = torch.randn(3, 4, 6, 6, dtype=dtype).contiguous(memory_format=torch.channels_last)
    return [maps.requires_grad_(), torch.randn(4, 4, 3, 3, dtype=dtype, requires_grad=True)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 0), (2, 1)])
def test_both_are_the_plain_ones(dtype, stride, padding) -> None:
    for ours, plain in ((conv2d, F.conv2d), (conv_transpose2d, F.conv_transpose2d)):
        maps, weight = operands(dtype)
        made = ours(maps, weight, stride=stride, padding=padding)
        expected = plain(maps, weight, stride=stride, padding=padding)
        pairs = zip(twice(made, [maps, weight]), twice(expected, [maps, weight]), strict=True)
        for a, b in pairs:
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_autocast_computes_in_its_format_and_gives_gradients_back_in_the_weights_own() -> None:
    maps, weight = operands(torch.float32)
    bias = torch.randn(4, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        made = conv2d(maps, weight, bias, padding=1)
        assert conv_transpose2d(maps, weight, stride=2).dtype == torch.bfloat16
    expected = F.conv2d(maps, weight, bias, padding=1)
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.float(), expected, rtol=0.03, atol=0.1)
    made.sum().backward()
    assert maps.grad is not None and maps.grad.dtype == torch.float32
    assert bias.grad is not None
    torch.testing.assert_close(bias.grad, torch.full((4,), 3.0 * 36))


def test_formats_that_do_not_fit_are_left_to_the_plain_ones() -> None:
    single, half = torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3, dtype=torch.bfloat16)
    assert fast_format(single, single) == torch.float32
    assert fast_format(half, half) == torch.bfloat16
    assert fast_format(single, half) is None
    assert fast_format(single.double(), single.double()) is None
    with pytest.raises(RuntimeError):
        conv2d(single, half)
