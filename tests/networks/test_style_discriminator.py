"""The style discriminator: scores, conditions, deviation in groups, gradients, second gradients."""

import math

import pytest
import torch
from torch import nn

from ganvas.networks.layers.equalised import EqualConv2d
from ganvas.networks.operators.resample import halve
from ganvas.networks.style_discriminator import Block, StyleDiscriminator

TINY = StyleDiscriminator(width=4, widest=8)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 48, 32), (3, 128, 128)])
def test_one_score_an_image(shape) -> None:
    assert TINY.build(shape)(torch.randn(4, *shape)).shape == (4,)


def test_a_block_is_the_sum_of_both_ways_over_sqrt_two() -> None:
    """Against plain layers, as the paper draws them: each way's own gain, then the division."""
    torch.manual_seed(0)
    block = Block(3, 5)
    first, _, blur, second, _ = block.main
    _, skip = block.skip
    maps = torch.randn(2, 3, 8, 8)

    def plain(layer: nn.Module, inputs: torch.Tensor, **more) -> torch.Tensor:
        assert isinstance(layer, EqualConv2d)
        weight = layer.weight / math.sqrt(layer.weight[0].numel())
        return nn.functional.conv2d(inputs, weight, **more)

    def activated(inputs: torch.Tensor) -> torch.Tensor:
        return math.sqrt(2) * nn.functional.leaky_relu(inputs, 0.2)

    wide = activated(plain(first, maps, padding=1))
    expected = activated(plain(second, blur(wide), stride=2)) + plain(skip, halve(maps))
    torch.testing.assert_close(block(maps), expected / math.sqrt(2), rtol=1e-4, atol=1e-5)


def test_maps_neither_grow_nor_fade_at_the_start() -> None:
    torch.manual_seed(0)
    network = StyleDiscriminator(width=16).build((3, 32, 32))
    seen: list[torch.Tensor] = []
    for layer in network.modules():
        if isinstance(layer, Block):
            layer.register_forward_hook(lambda *call: seen.append(call[-1]))
    network(torch.randn(16, 3, 32, 32))
    # The filters take away most of white noise; what they leave keeps its size.
    assert len(seen) == 3
    assert all(0.1 < maps.detach().square().mean().item() < 2 for maps in seen)


def test_groups_couple_images_and_a_group_of_one_does_not() -> None:
    images = torch.randn(4, 1, 14, 14)
    changed = torch.cat([images[:3], torch.randn(1, 1, 14, 14)])
    for group, coupled in ((4, True), (1, False)):
        torch.manual_seed(0)
        network = StyleDiscriminator(4, 8, group).build((1, 14, 14))
        same = torch.allclose(network(images)[:3], network(changed)[:3], rtol=1e-4, atol=1e-5)
        assert same != coupled


def test_conditions_are_projected() -> None:
    torch.manual_seed(0)
    network = StyleDiscriminator(4, 8, 1).build((1, 14, 14), 3)
    images = torch.randn(1, 1, 14, 14)
    each = [network(images, row[None]).item() for row in torch.eye(3)]
    none = network(images, torch.zeros(1, 3)).item()
    both = network(images, torch.tensor([[1.0, 1.0, 0.0]])).item()
    assert len({round(score, 4) for score in each}) == 3
    assert both - none == pytest.approx(each[0] + each[1] - 2 * none, abs=1e-4)


@pytest.mark.parametrize("conditions", [0, 3])
def test_every_weight_gets_a_gradient_of_scores_and_of_slopes(conditions: int) -> None:
    network = TINY.build((1, 14, 14), conditions)
    one_hot = (torch.eye(3)[torch.tensor([0, 1, 2, 0])],) if conditions else ()
    images = torch.randn(4, 1, 14, 14, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        scores = network(images, *one_hot)
        (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
        loss = slope.float().square().sum() + scores.float().square().sum()
    loss.backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []
