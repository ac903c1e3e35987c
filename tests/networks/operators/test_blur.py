"""The blur against a plain depthwise convolution, and what a filter of sum 1 keeps."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.operators.blur import Blur, blur


def plainly(maps: Tensor, padding: int, gain: float) -> Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=maps.dtype) / 8
    kernel = gain * torch.outer(taps, taps)
    channels = [
        F.conv2d(plane[:, None], kernel[None, None], padding=padding) for plane in maps.unbind(1)
    ]
    return torch.cat(channels, 1)


@pytest.mark.parametrize("padding", [0, 1, 2, 3])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_it_is_a_depthwise_convolution_through_two_derivatives(padding: int, order) -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 3, 7, 5, dtype=torch.float64).contiguous(memory_format=order)
    maps.requires_grad_()
    ours, plain = blur(maps, padding, 4.0), plainly(maps, padding, 4.0)
    torch.testing.assert_close(ours, plain)
    g, v = torch.randn_like(ours), torch.randn_like(maps)
    for a, b in zip(derivatives(ours, maps, g, v), derivatives(plain, maps, g, v), strict=True):
        torch.testing.assert_close(a, b)


def derivatives(made: Tensor, maps: Tensor, g: Tensor, v: Tensor) -> list[Tensor]:
    (first,) = torch.autograd.grad(made.square(), maps, g, create_graph=True)
    return [first, *torch.autograd.grad(first, maps, v)]


def test_a_constant_stays_what_it_is_away_from_the_edge() -> None:
    made = Blur(padding=2)(torch.full((1, 2, 8, 8), 0.7))
    assert made.shape == (1, 2, 9, 9)
    torch.testing.assert_close(made[..., 2:-2, 2:-2], torch.full((1, 2, 5, 5), 0.7))


def test_the_sum_of_a_map_stays_what_it_is() -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(blur(maps, 3).sum((2, 3)), maps.sum((2, 3)))


def test_what_alternates_from_pixel_to_pixel_is_gone() -> None:
    sign = torch.tensor([1.0, -1.0]).repeat(4)
    made = blur((sign[:, None] * sign).view(1, 1, 8, 8), 0)
    torch.testing.assert_close(made, torch.zeros_like(made))


def test_autocast_computes_in_bfloat16_and_keeps_the_memory_order() -> None:
    maps = torch.randn(2, 8, 6, 6).contiguous(memory_format=torch.channels_last).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        made = blur(maps, 1)
    assert made.dtype == torch.bfloat16
    assert made.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(made.float(), blur(maps, 1), rtol=0.02, atol=0.02)
    made.sum().backward()
    assert maps.grad is not None and maps.grad.dtype == torch.float32
    torch.testing.assert_close(maps.grad[:, :, 2:-2, 2:-2], torch.ones(2, 8, 2, 2))
