"""SN-GAN's residual networks: the paper's tables, spectral norms, conditions, two derivatives."""

import copy
from math import sqrt

import pytest
import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.losses.penalties import zero_centred
from ganvas.networks.layers.attention import SelfAttention
from ganvas.networks.layers.conditioned import ConditionalBatchNorm2d
from ganvas.networks.resnet import Residual, ResNetDiscriminator, ResNetGenerator

GREY, CIFAR, STL, IMAGENET = (1, 28, 28), (3, 32, 32), (3, 48, 48), (3, 128, 128)
SHAPES = [GREY, CIFAR, STL, (3, 64, 96), IMAGENET]
SETTINGS = {
    "generator": lambda **given: ResNetGenerator(latent=6, width=4, **given),
    "discriminator": lambda **given: ResNetDiscriminator(width=4, **given),
}


def one_hot(count: int, conditions: int) -> tuple[Tensor, ...]:
    """One-hot conditions, as an argument where there are any."""
    return (torch.eye(conditions)[torch.arange(count) % conditions],) if conditions else ()


def wake(network: nn.Module) -> nn.Module:
    """Weights that start at zero and hide others: moved from it."""
    for layer in network.modules():
        if isinstance(layer, SelfAttention):
            nn.init.constant_(layer.gamma, 0.5)
        if isinstance(layer, ConditionalBatchNorm2d):
            nn.init.normal_(layer.gain.weight)
            nn.init.normal_(layer.bias.weight)
    return network


def channels(network: nn.Module) -> list[tuple[int, int]]:
    """Channels before and after each residual block."""
    blocks = [block.body for block in network.modules() if isinstance(block, Residual)]
    found = [[layer for layer in body if isinstance(layer, nn.Conv2d)] for body in blocks]
    return [(first.in_channels, last.out_channels) for first, last in found]


@pytest.mark.parametrize("conditions", [0, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape, conditions: int) -> None:
    generator = ResNetGenerator(latent=6, width=2).build(shape, conditions)
    discriminator = ResNetDiscriminator(width=2).build(shape, conditions)
    images = generator(torch.randn(2, 6), *one_hot(2, conditions))
    assert images.shape == (2, *shape)
    assert images.abs().max() <= 1
    assert discriminator(images, *one_hot(2, conditions)).shape == (2,)


def test_blocks_are_those_of_the_papers_tables() -> None:
    with torch.device("meta"):
        generators = [
            ResNetGenerator(width=256, growth=1).build(CIFAR),
            ResNetGenerator().build(IMAGENET),
        ]
        discriminators = [
            ResNetDiscriminator(width=128, growth=1, base=8, blocks=2).build(CIFAR),
            ResNetDiscriminator().build(IMAGENET),
        ]
    assert [channels(network) for network in generators] == [
        [(256, 256)] * 3,
        [(1024, 1024), (1024, 512), (512, 256), (256, 128), (128, 64)],
    ]
    assert [channels(network) for network in discriminators] == [
        [(3, 128), *[(128, 128)] * 3],
        [(3, 64), (64, 128), (128, 256), (256, 512), (512, 1024), (1024, 1024)],
    ]


@pytest.mark.parametrize("player", SETTINGS)
@pytest.mark.parametrize("conditions", [0, 3])
@pytest.mark.parametrize("norm", ["spectral", "none"])
def test_every_weight_gets_a_gradient_once_gamma_is_not_zero(player, conditions, norm) -> None:
    torch.manual_seed(0)
    network = wake(SETTINGS[player](attention=14, norm=norm).build(GREY, conditions))
    input = torch.randn(4, *((6,) if player == "generator" else GREY))
    made = network(input, *one_hot(4, conditions))
    (made * torch.randn_like(made)).sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []
    still = [name for name, p in network.named_parameters() if not p.grad.any()]  # pyright: ignore
    assert still == []


def test_every_discriminator_weight_has_norm_one_after_some_forwards() -> None:
    torch.manual_seed(0)
    network = ResNetDiscriminator(width=6, attention=14).build(GREY, 3)
    with torch.no_grad():
        for _ in range(60):  # the power iteration converges over forwards
            network(torch.randn(2, *GREY), *one_hot(2, 3))
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(layers) == 3 + 3 + 2 + 4 + 2  # two blocks down, one level, attention, projection
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
        assert largest.item() == pytest.approx(1, rel=0.02)


def test_a_spectral_generator_leaves_the_gains_of_conditions_free() -> None:
    network = ResNetGenerator(width=4, norm="spectral").build(GREY, 3)
    layers = {
        name: layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }
    free = [name for name, layer in layers.items() if not hasattr(layer, "parametrizations")]
    assert len(free) == 8 and all(name.endswith((".gain", ".bias")) for name in free)


def test_scores_change_no_faster_than_spectral_norms_allow() -> None:
    """Patches of 3x3 repeat a pixel nine times, so such a convolution has a slope up to 3."""
    torch.manual_seed(0)
    network = ResNetDiscriminator(width=8).build(GREY)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.parametrizations.weight.original.mul_(30)  # pyright: ignore
        for _ in range(60):
            network(torch.randn(2, *GREY))
        network.eval()
        here = torch.randn(64, *GREY)
        step = torch.randn(64, *GREY) * torch.logspace(-3, 1, 64).view(-1, 1, 1, 1)
        rise = (network(here + step) - network(here)).abs() / step.flatten(1).norm(dim=1)
    down, level, pool = (3 * 3 + 1) / 2, 3 * 3 + 1, sqrt(7 * 7)
    assert 0 < rise.max() <= 1.1 * down * down * level * pool


def test_conditions_change_what_is_made_and_what_is_scored() -> None:
    torch.manual_seed(0)
    latents, images = torch.randn(1, 6).expand(3, 6), torch.randn(1, *GREY).expand(3, *GREY)
    generator = SETTINGS["generator"]().build(GREY, 3).eval()
    same = generator(latents, torch.eye(3))
    torch.testing.assert_close(same[0], same[1])  # gains and biases start at 1 and 0
    made = wake(generator)(latents, torch.eye(3))
    scores = SETTINGS["discriminator"]().build(GREY, 3).eval()(images, torch.eye(3))
    for one, other in ((0, 1), (1, 2), (2, 0)):
        assert (made[one] - made[other]).abs().max() > 0.01
        assert (scores[one] - scores[other]).abs() > 1e-4


@pytest.mark.parametrize("norm", ["spectral", "none"])
@pytest.mark.parametrize("conditions", [0, 3])
def test_a_gradient_penalty_has_the_plain_derivatives(norm, conditions: int) -> None:
    """Against float64, where all convolutions are PyTorch's own."""
    torch.manual_seed(0)
    points, found = torch.randn(4, *GREY), []
    ours = SETTINGS["discriminator"](attention=14, norm=norm).build(GREY, conditions)
    plain = copy.deepcopy(wake(ours)).double()
    for network, dtype in ((ours, torch.float32), (plain, torch.float64)):
        images = points.to(dtype).requires_grad_()
        conditioned = [rows.to(dtype) for rows in one_hot(4, conditions)]
        # In training each forward would turn the power iteration on, and round it otherwise.
        scores = network.eval()(images, *conditioned)
        zero_centred(scores, images).sum().backward()
        found.append({name: weight.grad for name, weight in network.named_parameters()})
    made, expected = found
    # Biases move a score's slope only where another layer bends behind them: not those of the head.
    bending = {name for name, slope in expected.items() if slope is not None and slope.any()}
    weights = {name for name in expected if "bias" not in name}
    assert weights <= bending
    for name in bending:
        exact, slope = expected[name], made[name]
        assert (slope.double() - exact).norm() <= 1e-3 * exact.norm(), name


def test_bfloat16_agrees_to_its_precision() -> None:
    torch.manual_seed(0)
    for conditions in (0, 3):
        generator = wake(SETTINGS["generator"](attention=14).build(GREY, conditions)).eval()
        discriminator = wake(SETTINGS["discriminator"](attention=14).build(GREY, conditions)).eval()
        latents = torch.randn(8, 6)
        exact = generator(latents, *one_hot(8, conditions))
        scores = discriminator(exact, *one_hot(8, conditions))
        with torch.autocast("cpu", torch.bfloat16):
            made = generator(latents, *one_hot(8, conditions)).float()
            near = discriminator(made, *one_hot(8, conditions)).float()
        assert (made - exact).norm() <= 0.03 * exact.norm()
        assert (near - scores).norm() <= 0.1 * scores.norm()


def test_first_weights_are_xaviers() -> None:
    torch.manual_seed(0)
    network = ResNetDiscriminator(width=64, growth=1, norm="none").build(CIFAR)
    inner, skip, bias = (
        network.get_parameter(f"0.{name}").detach()
        for name in ("body.3.weight", "skip.1.weight", "body.3.bias")
    )
    assert inner.std().item() == pytest.approx(sqrt(2 * 2 / (2 * 64 * 9)), rel=0.02)
    assert skip.std().item() == pytest.approx(sqrt(2 / (3 + 64)), rel=0.15)
    assert bias.abs().max() == 0


def test_maps_lie_channels_last_all_the_way() -> None:
    generator = SETTINGS["generator"](attention=14).build((3, 28, 28))
    discriminator = SETTINGS["discriminator"](attention=14).build((3, 28, 28))
    orders = []

    def look(module: nn.Module, given: tuple, made: Tensor) -> None:
        if made.ndim == 4:
            orders.append(made.is_contiguous(memory_format=torch.channels_last))
            made.register_hook(
                lambda g: orders.append(g.is_contiguous(memory_format=torch.channels_last))
            )

    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)  # pyright: ignore
        for layer in network.modules():
            if isinstance(layer, Residual | SelfAttention | nn.Conv2d):
                layer.register_forward_hook(look)
    discriminator(generator(torch.randn(2, 6))).sum().backward()
    assert orders and all(orders)


@pytest.mark.parametrize(
    ("player", "side", "wide"),
    [("generator", 14, 8), ("generator", 28, 4), ("discriminator", 14, 4), ("discriminator", 7, 8)],
)
def test_attention_stands_where_a_map_has_its_side(player, side: int, wide: int) -> None:
    network = SETTINGS[player](attention=side).build(GREY)
    (layer,) = [each for each in network.modules() if isinstance(each, SelfAttention)]
    assert layer.query.in_channels == wide
    seen = []
    layer.register_forward_hook(lambda layer, given, made: seen.append(made.shape[2:]))
    network(torch.randn(2, *((6,) if player == "generator" else GREY)))
    assert seen == [(side, side)]


@pytest.mark.parametrize("player", SETTINGS)
def test_a_side_that_no_map_has_is_refused(player) -> None:
    with pytest.raises(UsageError, match=r"the side 15: .* one of .*14"):
        SETTINGS[player](attention=15).build(GREY)


@pytest.mark.parametrize("player", SETTINGS)
def test_sizes_that_cannot_be_made_are_refused(player) -> None:
    with pytest.raises(UsageError, match="cannot make"):
        SETTINGS[player]().build((3, 29, 29))
