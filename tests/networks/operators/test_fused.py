"""Fused convolutions against the two steps they stand for: values and two derivatives."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.networks.operators.fused import PooledConv2d, UpsampledConv2d


def two_steps(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    """The plain form."""
    if isinstance(layer, PooledConv2d):
        return F.avg_pool2d(F.conv2d(maps, layer.weight, layer.bias, padding=1), 2)
    return F.conv2d(F.interpolate(maps, scale_factor=2), layer.weight, padding=1)


def twice(function, layer: nn.Conv2d, maps: Tensor) -> list[Tensor]:
    """The value, its gradients, and the gradients of a curved function of those."""
    maps = maps.detach().requires_grad_()
    made = function(layer, maps)
    inputs = (maps, layer.weight)
    first = torch.autograd.grad(made.square().sum(), inputs, create_graph=True)
    second = torch.autograd.grad(sum(d.square().sum() for d in first), inputs)  # pyright: ignore
    return [made, *first, *second]


@pytest.mark.parametrize("layer", [PooledConv2d, UpsampledConv2d])
@pytest.mark.parametrize("size", [(4, 6), (2, 2), (7, 5)])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_values_and_two_derivatives_are_those_of_two_steps(layer, size, order) -> None:
    torch.manual_seed(0)
    layer = layer(3, 5)
    maps = torch.randn(2, 3, *size).contiguous(memory_format=order)
    made = twice(lambda layer, maps: layer(maps), layer, maps)
    expected = twice(two_steps, layer.double(), maps.double())
    for ours, plain in zip(made, expected, strict=True):
        assert ours.shape == plain.shape
        assert (ours.double() - plain).norm() <= 1e-5 * plain.norm()


@pytest.mark.parametrize("layer", [PooledConv2d, UpsampledConv2d])
def test_bfloat16_is_as_near_as_its_roundings_let_it(layer) -> None:
    """Maps, weights and results are rounded, each by 2^-8 at the most; processors that lack the
    format round once more."""
    torch.manual_seed(0)
    layer = layer(32, 32)
    maps = torch.randn(4, 32, 8, 8)
    exact = two_steps(layer, maps)
    with torch.autocast("cpu", torch.bfloat16):
        made = layer(maps)
    assert made.dtype == torch.bfloat16
    assert (made - exact).norm() <= 2**-7 * exact.norm()


@pytest.mark.parametrize("layer", [PooledConv2d, UpsampledConv2d])
def test_spectral_norm_is_that_of_the_3x3_weights(layer) -> None:
    torch.manual_seed(0)
    layer = layer(4, 6)
    before = layer.weight.detach().clone()
    nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=100)
    maps = torch.randn(2, 4, 4, 4)
    layer(maps)
    largest = torch.linalg.matrix_norm(before.flatten(1), 2)
    torch.testing.assert_close(layer.weight, before / largest)
    torch.testing.assert_close(layer(maps), two_steps(layer, maps))


def test_gradients_lie_channels_last_where_maps_do() -> None:
    maps = torch.randn(2, 8, 4, 6).contiguous(memory_format=torch.channels_last)
    for layer in (PooledConv2d(8, 8), UpsampledConv2d(8, 8)):
        seen = []
        same = maps.clone().requires_grad_() * 1
        same.register_hook(lambda gradient, seen=seen: seen.append(gradient.stride()))
        made = layer(same)
        assert made.is_contiguous(memory_format=torch.channels_last)
        made.square().sum().backward()
        assert seen == [maps.stride()]
