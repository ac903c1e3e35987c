"""Self-attention against one loop over images and pixels; the identity it begins as."""

import pytest
import torch
from torch import Tensor, nn

from ganvas.networks.layers.attention import SelfAttention


def attended(layer: SelfAttention, maps: Tensor) -> Tensor:
    """The same by hand: pixel by pixel, with matrices [out, in] instead of convolutions."""
    query, key, value, back = (
        part.weight[:, :, 0, 0] for part in (layer.query, layer.key, layer.value, layer.back)
    )
    made = torch.zeros_like(maps)
    _, _, height, width = maps.shape
    for index, image in enumerate(maps):
        keys, values = [], []
        for y in range(0, height, 2):
            for x in range(0, width, 2):
                square = image[:, y : y + 2, x : x + 2].flatten(1)
                keys.append((key @ square).amax(1))
                values.append((value @ square).amax(1))
        for y in range(height):
            for x in range(width):
                asked = query @ image[:, y, x]
                shares = torch.stack([asked @ each for each in keys]).softmax(0)
                found = shares @ torch.stack(values)
                made[index, :, y, x] = image[:, y, x] + layer.gamma * (back @ found)
    return made


@pytest.mark.parametrize("shape", [(2, 16, 2, 4), (1, 8, 3, 5), (2, 4, 2, 2)])
def test_it_is_what_a_loop_computes(shape) -> None:
    torch.manual_seed(0)
    layer = SelfAttention(shape[1]).double()
    nn.init.constant_(layer.gamma, 0.7)
    maps = torch.randn(shape, dtype=torch.float64)
    torch.testing.assert_close(layer(maps), attended(layer, maps))


def test_channels_are_the_papers() -> None:
    layer = SelfAttention(64)
    shapes = [tuple(part.weight.shape[:2]) for part in layer.children()]  # pyright: ignore
    assert shapes == [(8, 64), (8, 64), (32, 64), (64, 32)]


def test_it_begins_as_the_identity_and_gamma_alone_learns_then() -> None:
    layer = SelfAttention(16)
    maps = torch.randn(2, 16, 4, 4)
    made = layer(maps)
    assert made.equal(maps)
    (made * torch.randn_like(made)).sum().backward()
    assert layer.gamma.grad != 0
    assert all(part.weight.grad.abs().max() == 0 for part in layer.children())  # pyright: ignore


def test_like_pixels_share_alike() -> None:
    """On a map of one colour every share is equal, so the value itself is found everywhere."""
    layer = SelfAttention(8)
    nn.init.ones_(layer.gamma)
    maps = torch.randn(3, 8, 1, 1).expand(3, 8, 6, 4)
    torch.testing.assert_close(layer(maps), maps + layer.back(layer.value(maps)))


def test_two_derivatives_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(4).double()
    nn.init.ones_(layer.gamma)
    maps = torch.randn(1, 4, 2, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, maps)
    assert torch.autograd.gradgradcheck(layer, maps)


def test_bfloat16_agrees_to_its_precision_and_stays() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(32)
    nn.init.ones_(layer.gamma)
    maps = torch.randn(2, 32, 8, 8)
    exact = layer(maps)
    with torch.autocast("cpu", torch.bfloat16):
        made = layer(maps.bfloat16())
    assert made.dtype == torch.bfloat16
    assert (made.float() - exact).norm() <= 0.01 * exact.norm()


def test_maps_and_their_gradient_lie_channels_last() -> None:
    layer = SelfAttention(16)
    nn.init.ones_(layer.gamma)
    maps = torch.randn(2, 16, 4, 6).contiguous(memory_format=torch.channels_last)
    seen = []
    same = maps.requires_grad_() * 1
    same.register_hook(lambda gradient: seen.append(gradient.stride()))
    made = layer(same)
    assert made.stride() == maps.stride()
    made.square().sum().backward()
    assert seen == [maps.stride()]
