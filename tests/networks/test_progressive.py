"""Networks that grow: stages fade into each other exactly; each trains its own weights alone."""

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.losses.penalties import zero_centred
from ganvas.networks.layers.pixel_norm import PixelNorm
from ganvas.networks.operators.fading import doubled, halved
from ganvas.networks.progressive import (
    Down,
    GrowingNetwork,
    ProgressiveDiscriminator,
    ProgressiveGenerator,
    Up,
)

SHAPE, STAGES = (3, 32, 48), 4
LATENTS = torch.randn(5, 6, generator=torch.Generator().manual_seed(2))


def pair(shape=SHAPE, conditions: int = 0) -> tuple[GrowingNetwork, GrowingNetwork]:
    torch.manual_seed(1)
    generator = ProgressiveGenerator(latent=6, width=4, widest=12).build(shape, conditions)
    discriminator = ProgressiveDiscriminator(width=4, widest=12).build(shape, conditions)
    return generator, discriminator


def grow(growth: float, *networks: GrowingNetwork) -> None:
    for network in networks:
        network.growth.fill_(growth)


def pictures(stage: int) -> Tensor:
    size = [side // 2 ** (STAGES - 1 - stage) for side in SHAPE[1:]]
    return torch.randn(5, SHAPE[0], *size, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("shape", "stages"), [((1, 28, 28), 3), ((3, 32, 32), 4), ((3, 64, 96), 5), ((3, 48, 32), 4)]
)
def test_stages_and_sizes(shape, stages: int) -> None:
    generator, discriminator = pair(shape)
    assert generator.stages == discriminator.stages == stages
    images = generator(LATENTS)
    assert images.shape == (5, *shape) and images.abs().max() <= 1
    assert discriminator(images).shape == (5,)
    for stage in range(stages):
        images = generator.at(stage)(LATENTS)
        assert images.shape[2:] == tuple(side >> (stages - 1 - stage) for side in shape[1:])
        assert discriminator.at(stage)(images).shape == (5,)


@pytest.mark.parametrize("stage", range(1, STAGES))
def test_a_stage_not_yet_faded_in_is_the_one_before(stage: int) -> None:
    generator, discriminator = pair()
    grow(stage - 1, generator, discriminator)
    before, now = generator.at(stage - 1), generator.at(stage)
    assert torch.equal(now(LATENTS), doubled(before(LATENTS)))
    images = pictures(stage)
    seen = discriminator.at(stage)(images)
    assert torch.equal(seen, discriminator.at(stage - 1)(halved(images)))


@pytest.mark.parametrize("growth", [0.0, 1.0, 0.3])
def test_fading_is_a_straight_line_to_the_new_stage(growth: float) -> None:
    """Both stages' ways written out."""
    generator, discriminator = pair()
    grow(growth, generator, discriminator)
    coarse = generator.blocks[0](LATENTS, None)
    fine = generator.blocks[1](coarse, None)
    ways = [doubled(generator.joints[0](coarse)), generator.joints[1](fine)]
    mixed = (1 - growth) * ways[0] + growth * ways[1]
    torch.testing.assert_close(generator.at(1)(LATENTS), mixed.tanh())
    images = pictures(1)
    new = discriminator.blocks[1](discriminator.joints[1](images), None)
    old = discriminator.joints[0](halved(images))
    scores = discriminator.blocks[0]((1 - growth) * old + growth * new, None)
    torch.testing.assert_close(discriminator.at(1)(images), scores)


@pytest.mark.parametrize("growth", [0.0, 0.25, 1.0, 1.5, 2.0, 2.75, 3.0])
def test_the_whole_network_draws_and_sees_what_its_stage_does(growth: float) -> None:
    generator, discriminator = pair(conditions=2)
    rows = torch.eye(2)[[0, 1, 0, 1, 1]]
    grow(growth, generator, discriminator)
    stage = math.ceil(growth)
    small = images = generator.at(stage)(LATENTS, rows)
    for _ in range(STAGES - 1 - stage):
        images = doubled(images)
    assert torch.equal(generator(LATENTS, rows), images)
    torch.testing.assert_close(
        discriminator(images, rows),
        discriminator.at(stage)(small, rows),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("stage", range(STAGES))
def test_gradients_reach_exactly_the_weights_of_the_stage(stage: int) -> None:
    for network, input in zip(pair(), (LATENTS, pictures(stage)), strict=True):
        grow(max(stage - 0.5, 0), network)
        part = network.at(stage)
        part(input).square().sum().backward()
        reached = {name for name, p in network.named_parameters() if p.grad is not None}
        kept = [f"blocks.{s}." for s in range(stage + 1)]
        kept += [f"joints.{s}." for s in range(max(stage - 1, 0), stage + 1)]
        wanted = {n for n, _ in network.named_parameters() if n.startswith(tuple(kept))}
        assert reached == wanted
        assert {id(p) for p in part.parameters()} == {
            id(p) for p in network.parameters() if p.grad is not None
        }
        assert all(p.grad.abs().max() > 0 for p in part.parameters() if p.grad is not None)


def test_growth_is_saved_and_parts_share_it() -> None:
    generator, _ = pair()
    part = generator.at(2)
    grow(0.25, generator)
    assert part.growth.item() == generator.state_dict()["growth"].item() == 0.25


def test_pixel_norm_is_its_formula() -> None:
    norm = PixelNorm().double()
    for shape in ((3, 7), (3, 7, 4, 5)):
        input = torch.randn(shape, dtype=torch.float64, requires_grad=True)
        expected = input / ((input**2).mean(1, keepdim=True) + 1e-8).sqrt()
        torch.testing.assert_close(norm(input), expected)
        assert torch.autograd.gradcheck(norm, input)


def test_up_and_down_are_a_convolution_and_a_change_of_resolution() -> None:
    maps = torch.randn(2, 5, 6, 8)
    for layer, plain in ((Up(5, 7), up), (Down(5, 7), down)):
        bias = layer.offset.flatten() if isinstance(layer, Up) else layer.bias
        nn.init.normal_(bias)  # pyright: ignore[reportArgumentType]
        weight = layer.weight * math.sqrt(2 / (5 * 9))
        torch.testing.assert_close(layer(maps), plain(maps, weight, bias), rtol=1e-4, atol=1e-4)


def up(maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.conv2d(doubled(maps), weight, bias, padding=1)


def down(maps: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return halved(F.conv2d(maps, weight, bias, padding=1))


def test_stored_weights_are_standard_normal_and_signals_keep_their_size() -> None:
    """Equalised learning rate: the range of a layer stands in a constant (section 4.1)."""
    torch.manual_seed(0)
    networks: list[nn.Module] = [
        ProgressiveGenerator().build((1, 28, 28)),
        ProgressiveDiscriminator().build((1, 28, 28)),
    ]
    for network in networks:
        for name, weights in network.named_parameters():
            if name.endswith("weight") and weights.numel() > 2_000:
                assert weights.std().item() == pytest.approx(1, rel=0.1), name
    network = networks[1]
    sizes: list[float] = []
    for block in network.blocks:  # pyright: ignore
        block.register_forward_hook(lambda *parts: sizes.append(parts[2].square().mean().item()))
    network(torch.randn(16, 1, 28, 28))
    assert all(0.1 < after / before < 3 for before, after in pairwise([1.0, *sizes]))


def test_bfloat16_and_channels_last_through_two_derivatives() -> None:
    for shape in ((1, 28, 28), SHAPE):
        generator, discriminator = (
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
            for network in pair(shape)
        )
        grow(1.5, generator, discriminator)
        with torch.autocast("cpu", torch.bfloat16):
            images = generator.at(2)(LATENTS).float().detach().requires_grad_()
            scores = discriminator.at(2)(images)
            zero_centred(scores, images).mean().backward()
        reached = [p for p in discriminator.at(2).parameters() if p.ndim > 1]
        assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in reached)
        assert generator.at(2)(LATENTS).is_contiguous(memory_format=torch.channels_last)
