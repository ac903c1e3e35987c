"""The perceptrons: what codes and waves compute, how they start, and that both take conditions."""

import math

import pytest
import torch
from torch import nn

from ganvas.errors import UsageError
from ganvas.networks.mlp import Coded, MLPDiscriminator, MLPGenerator, Waves

POINT = (2, 1, 1)


def test_a_code_is_the_latents_quantile() -> None:
    layer = Coded(4, 3, 5)
    assert layer.rows is not None
    edges = torch.special.ndtri(torch.tensor([0.25, 0.5, 0.75]))
    first = torch.cat([edges - 1e-3, edges + 1e-3, torch.tensor([-9.0, 9.0])])
    expected = torch.tensor([0, 1, 2, 1, 2, 3, 0, 3])
    rest = torch.randn(8, 2)
    found = layer(torch.cat([first[:, None], rest], 1))
    torch.testing.assert_close(found, layer.linear(rest) + layer.rows.weight[expected])


def test_codes_are_equally_likely_under_a_normal_latent() -> None:
    layer = Coded(8, 2, 1)
    assert layer.rows is not None
    with torch.no_grad():
        layer.rows.weight.copy_(torch.arange(8.0)[:, None])
        layer.linear.weight.zero_(), layer.linear.bias.zero_()
    torch.manual_seed(0)
    shares = torch.bincount(layer(torch.randn(80_000, 2)).long().flatten(), minlength=8) / 10_000
    assert (shares - 1).abs().max() < 0.05


def test_one_code_is_a_plain_linear_layer() -> None:
    layer = Coded(1, 3, 5)
    latent = torch.randn(4, 3)
    torch.testing.assert_close(layer(latent), latent @ layer.linear.weight.T + layer.linear.bias)
    assert [name for name, _ in layer.named_parameters()] == ["linear.weight", "linear.bias"]


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("codes", [1, 32])
def test_a_generator_starts_as_spread_as_asked(codes, bounded) -> None:
    torch.manual_seed(0)
    spread = 0.2
    settings = MLPGenerator(8, 128, 3, codes, spread=spread, bounded=bounded)
    deviations = [settings.build((3, 8, 8))(torch.randn(500, 8)).std() for _ in range(4)]
    assert torch.stack(deviations).mean().item() == pytest.approx(spread, rel=0.15)


def test_codes_tear_a_latent_where_a_plain_generator_cannot() -> None:
    line = torch.cat([torch.linspace(-2, 2, 20_001)[:, None], torch.ones(20_001, 1)], 1)
    torch.manual_seed(0)
    largest = {
        codes: MLPGenerator(2, 32, 2, codes).build(POINT)(line).diff(dim=0).abs().max().item()
        for codes in (1, 16)
    }
    assert largest[1] < 0.01 and largest[16] > 0.1


def test_waves_are_cosines_of_every_size_that_random_phases_leave_even() -> None:
    torch.manual_seed(0)
    layer = Waves(2, 200, 1.0, 50.0)
    numbers = layer.directions.norm(dim=0)
    torch.testing.assert_close(numbers, torch.logspace(0, math.log10(50), 200))
    points = torch.rand(100, 2) * 2 - 1
    found = layer(points)
    assert torch.equal(found[:, :2], points)
    x, y = layer.directions
    expected = math.sqrt(2) * torch.cos(points[:, :1] * x + points[:, 1:] * y + layer.phases)
    torch.testing.assert_close(found[:, 2:], expected, atol=1e-4, rtol=0)
    assert found[:, 2:].square().mean().item() == pytest.approx(1, abs=0.1)


def test_waves_keep_float32_where_all_else_is_bfloat16() -> None:
    layer, points = Waves(2, 16, 100.0, 100.0), torch.rand(8, 2)
    plain = layer(points)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(points), plain)


@pytest.mark.parametrize("shape", [POINT, (3, 8, 8)])
@pytest.mark.parametrize("conditions", [0, 5])
def test_both_take_conditions(shape, conditions) -> None:
    torch.manual_seed(0)
    generator = MLPGenerator(4, 16, 2, codes=3).build(shape, conditions)
    discriminator = MLPDiscriminator(16, 2, waves=8, deviation=True).build(shape, conditions)
    one_hot = [torch.eye(5)[torch.arange(6) % 5]] if conditions else []
    images = generator(torch.randn(6, 4), *one_hot)
    assert images.shape == (6, *shape)
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert discriminator(images, *one_hot).shape == (6,)
    if conditions:
        other = [one_hot[0].roll(1, 0)]
        latent = torch.randn(6, 4)
        assert not torch.equal(generator(latent, *one_hot), generator(latent, *other))
        assert not torch.equal(discriminator(images, *one_hot), discriminator(images, *other))


def test_a_gradient_penalty_reaches_every_weight() -> None:
    discriminator = MLPDiscriminator(16, 2, waves=8).build(POINT)
    points = torch.randn(6, *POINT, requires_grad=True)
    (slope,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
    slope.square().sum().backward()
    # A bias behind the last kink moves no slope.
    without = {name for name, weight in discriminator.named_parameters() if weight.grad is None}
    assert all(name.endswith("bias") for name in without)


def test_an_even_batch_looks_alike_to_the_deviation() -> None:
    discriminator = MLPDiscriminator(16, 2, deviation=True).build(POINT)
    assert isinstance(discriminator, nn.Sequential)
    same = torch.ones(4, *POINT)
    assert discriminator[1](discriminator[0](same))[:, 2].max() < 1e-3
    assert discriminator[1](discriminator[0](torch.randn(4, *POINT)))[:, 2].min() > 0.1


def test_codes_need_a_latent_beside_them() -> None:
    with pytest.raises(UsageError, match="2 or more"):
        MLPGenerator(latent=1, codes=8).build(POINT)
