"""Equalised layers against plain ones that hold the scaled weights."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ganvas.networks.layers.equalised import EqualConv2d, EqualLinear


@pytest.mark.parametrize("rate", [1.0, 0.01])
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_is_a_plain_one_of_scaled_weights(rate: float, bias: bool) -> None:
    torch.manual_seed(0)
    layer = EqualLinear(7, 5, bias=bias, rate=rate, start=0.5, gain=2.0)
    rows = torch.randn(4, 7)
    weight = layer.weight * rate * 2.0 / math.sqrt(7)
    shift = None if layer.bias is None else layer.bias * rate
    torch.testing.assert_close(layer(rows), F.linear(rows, weight, shift))
    if shift is not None:
        torch.testing.assert_close(shift, torch.full((5,), 0.5))


@pytest.mark.parametrize(("kernel", "padding", "stride"), [(1, 0, 1), (3, 1, 1), (3, 0, 2)])
def test_a_convolution_is_a_plain_one_of_scaled_weights(kernel, padding, stride) -> None:
    torch.manual_seed(0)
    layer = EqualConv2d(3, 5, kernel, padding, stride, gain=1.5)
    nn.init.normal_(layer.bias)  # pyright: ignore
    maps = torch.randn(2, 3, 9, 9)
    weight = layer.weight * 1.5 / math.sqrt(3 * kernel**2)
    torch.testing.assert_close(layer(maps), F.conv2d(maps, weight, layer.bias, stride, padding))


def test_outputs_have_the_deviation_that_the_gain_says() -> None:
    torch.manual_seed(0)
    rows, maps = torch.randn(512, 64), torch.randn(8, 64, 9, 9)
    for rate in (1.0, 0.01):
        made = EqualLinear(64, 64, rate=rate, gain=3.0)(rows)
        assert made.std().item() == pytest.approx(3, rel=0.05)
    assert EqualConv2d(64, 64, 3, gain=3.0)(maps).std().item() == pytest.approx(3, rel=0.05)


def test_the_rate_scales_what_a_step_of_adam_changes() -> None:
    """A step moves a stored weight by lr at most, the one in use by lr * rate / sqrt(inputs)."""
    torch.manual_seed(0)
    rows, moved = torch.rand(4, 16) + 1, []
    for rate in (1.0, 0.01):
        layer = EqualLinear(16, 3, rate=rate)
        before = layer(torch.eye(16)).detach()
        layer(rows).sum().backward()
        with torch.no_grad():
            for weights in layer.parameters():
                assert weights.grad is not None
                weights -= 1e-3 * weights.grad.sign()  # Adam's first step
        moved.append((before - layer(torch.eye(16)).detach()).mean().item())
    step = 1e-3 * (1 / math.sqrt(16) + 1)  # of weight and bias
    assert moved == [pytest.approx(step, rel=1e-2), pytest.approx(0.01 * step, rel=1e-2)]
