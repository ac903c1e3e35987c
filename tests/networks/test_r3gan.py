"""R3GAN's networks: the paper's widths, a start that is a line, independent images, derivatives."""

import math

import pytest
import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.losses.penalties import zero_centred
from ganvas.networks.layers.conditioned import Sequence
from ganvas.networks.r3gan import GAIN, SIZES, Block, Head, R3GANDiscriminator, R3GANGenerator

LAST = torch.channels_last
SHAPES = [
    (1, 28, 28), (3, 32, 32), (3, 48, 48), (3, 64, 64), (3, 64, 48), (1, 48, 64), (3, 80, 64),
    (3, 96, 96), (3, 128, 128), (3, 256, 256),
]  # fmt: skip


def one_hot(count: int, conditions: int) -> tuple[Tensor, ...]:
    """One-hot conditions, as an argument where there are any."""
    return (torch.eye(conditions)[torch.arange(count) % conditions],) if conditions else ()


def wake(network: nn.Module) -> nn.Module:
    """As after some training: the convolutions that start at zero have moved from it."""
    for block in blocks(network):
        nn.init.normal_(block.branch[4].weight, 0.0, 0.1)  # pyright: ignore
    return network


def blocks(network: nn.Module) -> list[Block]:
    return [layer for layer in network.modules() if isinstance(layer, Block)]


def straight(network: nn.Module) -> nn.Module:
    """The network without its blocks."""
    assert isinstance(network, Sequence)
    return Sequence(*[layer for layer in network if not isinstance(layer, Block)])


@pytest.mark.parametrize("conditions", [0, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape, conditions: int) -> None:
    generator = R3GANGenerator(latent=6, widths=(8,)).build(shape, conditions)
    discriminator = R3GANDiscriminator(widths=(8,)).build(shape, conditions)
    images = generator(torch.randn(2, 6), *one_hot(2, conditions))
    assert images.shape == (2, *shape)
    assert discriminator(images, *one_hot(2, conditions)).shape == (2,)


@pytest.mark.parametrize(
    ("shape", "widths"),
    [
        ((3, 32, 32), [768] * 4),  # CIFAR-10
        ((3, 64, 64), [768] * 4 + [384]),  # FFHQ at 64x64
        ((3, 256, 256), [768] * 4 + [384, 192, 96]),  # FFHQ at 256x256
        ((1, 28, 28), [768] * 3),
        ((3, 64, 48), [768] * 3 + [384]),
    ],
)
def test_base_has_the_papers_widths(shape, widths: list[int]) -> None:
    assert SIZES["base"].stages(shape)[1] == widths
    with torch.device("meta"):
        generator = R3GANGenerator(size="base").build(shape)
        discriminator = R3GANDiscriminator(size="base").build(shape)
    middles = [2 * width for width in widths for _ in range(2)]
    for network, expected in ((generator, middles), (discriminator, middles[::-1])):
        found = [block.branch[2] for block in blocks(network)]
        assert [layer.in_channels for layer in found] == expected  # pyright: ignore
        assert [layer.in_channels // layer.groups for layer in found] == [16] * len(found)  # pyright: ignore


@pytest.mark.parametrize(("shape", "millions"), [((3, 32, 32), 20.7), ((3, 256, 256), 23.06)])
def test_base_has_the_papers_number_of_weights(shape, millions: float) -> None:
    with torch.device("meta"):
        networks = R3GANGenerator(size="base").build(shape), R3GANDiscriminator("base").build(shape)
    for network in networks:
        count = sum(weights.numel() for weights in network.parameters())
        assert count / 1e6 == pytest.approx(millions, rel=0.005)


def test_settings_replace_what_a_size_says() -> None:
    network = R3GANDiscriminator("tiny", widths=(12, 8, 4), blocks=2, group=8).build((3, 32, 32))
    middles = [block.branch[2] for block in blocks(network)]
    assert [layer.in_channels for layer in middles] == [4, 4, 8, 8, 16, 16, 24, 24]  # pyright: ignore
    groups = [layer.in_channels // layer.groups for layer in middles]  # pyright: ignore
    assert groups == [4, 4, 8, 8, 8, 8, 8, 8]
    whole = R3GANDiscriminator("base", widths=(8,), group=0).build((3, 32, 32))
    assert {block.branch[2].groups for block in blocks(whole)} == {1}


@pytest.mark.parametrize("conditions", [0, 3])
def test_at_the_start_the_networks_are_their_straight_paths(conditions: int) -> None:
    generator = R3GANGenerator(latent=6, size="base", widths=(8, 6)).build((3, 16, 16), conditions)
    discriminator = R3GANDiscriminator("base", widths=(8, 6)).build((3, 16, 16), conditions)
    for block in blocks(generator):
        maps = torch.randn(2, block.branch[0].in_channels, 4, 4)  # pyright: ignore
        assert torch.equal(block(maps), maps)
    for network, input in (
        (generator, torch.randn(4, 6)),
        (discriminator, torch.randn(4, 3, 16, 16)),
    ):
        assert len(blocks(network)) == 6
        made = network(input, *one_hot(4, conditions))
        torch.testing.assert_close(made, straight(network)(input, *one_hot(4, conditions)))
        woken = wake(network)(input, *one_hot(4, conditions))
        assert (woken - made).abs().max() > 0.01


@pytest.mark.parametrize("count", [1, 16, 256])
def test_hidden_maps_are_smaller_by_the_root_of_the_number_of_blocks(count: int) -> None:
    torch.manual_seed(0)
    block = Block(64, 16, count)
    hidden = block.branch[:4](torch.randn(8, 64, 16, 16))[:, :, 1:-1, 1:-1]
    assert hidden.square().mean().sqrt().item() == pytest.approx(count**-0.5, rel=0.1)


@pytest.mark.parametrize("depth", [1, 8])
@pytest.mark.parametrize("side", [16, 32])
def test_deviations_at_the_start_and_after_it_depend_little_on_depth(side, depth) -> None:
    """Also where every branch adds its share to the variance, as a trained one may."""
    torch.manual_seed(0)
    shape = (3, side, side)
    settings = {"size": "base", "widths": (32,) * 4, "blocks": depth}
    generator = R3GANGenerator(**settings).build(shape)  # pyright: ignore
    discriminator = R3GANDiscriminator(**settings).build(shape)  # pyright: ignore
    for _ in range(2):
        images, scores = generator(torch.randn(8, 64)), discriminator(torch.randn(32, *shape))
        assert 0.3 < images.std().item() < 4
        assert 0.02 < scores.std().item() < 2
        for block in [*blocks(generator), *blocks(discriminator)]:
            nn.init.normal_(block.branch[4].weight, 0.0, GAIN / math.sqrt(64))  # pyright: ignore


def test_an_image_is_scored_without_the_others_of_its_batch() -> None:
    torch.manual_seed(0)
    discriminator = wake(R3GANDiscriminator().build((3, 32, 32), 3))
    images, conditions = torch.randn(4, 3, 32, 32), one_hot(4, 3)[0]
    together = discriminator(images, conditions)
    alone = [discriminator(images[i : i + 1], conditions[i : i + 1]) for i in range(4)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)
    assert together.std() > 1e-3


def test_conditions_change_images_and_scores() -> None:
    torch.manual_seed(0)
    generator = R3GANGenerator(widths=(16,)).build((3, 16, 16), 3)
    discriminator = R3GANDiscriminator(widths=(16,)).build((3, 16, 16), 3)
    latents, images = (
        torch.randn(1, 64).expand(3, -1),
        torch.randn(1, 3, 16, 16).expand(3, -1, -1, -1),
    )
    for made in (generator(latents, torch.eye(3)), discriminator(images, torch.eye(3))):
        assert (made[0] - made[1]).abs().max() > 1e-3
        assert (made[1] - made[2]).abs().max() > 1e-3


def test_an_image_without_any_attribute_is_scored_too() -> None:
    discriminator = R3GANDiscriminator(widths=(8,)).build((3, 16, 16), 3)
    images, none = torch.randn(4, 3, 16, 16), torch.zeros(4, 3)
    head = next(layer for layer in discriminator.modules() if isinstance(layer, Head))
    assert discriminator(images, none).abs().max() == 0
    nn.init.normal_(head.embed.bias)  # pyright: ignore[reportOptionalMemberAccess]
    assert discriminator(images, none).std() > 0


def test_the_penalty_has_the_numerical_derivative() -> None:
    """Along a random direction of all weights; the derivative of a derivative by the images."""
    torch.manual_seed(0)
    settings = R3GANDiscriminator("base", widths=(6, 4), group=2)
    network = wake(settings.build((3, 16, 16), 2)).double()
    points = torch.randn(3, 3, 16, 16, dtype=torch.float64, requires_grad=True)
    conditions = one_hot(3, 2)[0].double()

    def penalty() -> Tensor:
        scores = network(points, conditions)
        (slope,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
        return slope.square().sum()

    def value(step: float) -> float:
        with torch.no_grad():
            for each, way in zip(network.parameters(), ways, strict=True):
                each.add_(way, alpha=step)
        return penalty().item()

    ways = [torch.randn_like(each) for each in network.parameters()]
    penalty().backward()
    pairs = zip(network.parameters(), ways, strict=True)
    expected = sum((each.grad * way).sum().item() for each, way in pairs if each.grad is not None)
    # Short: a LeakyReLU that turns over on the way adds a jump that no derivative knows.
    above, below = value(1e-8), value(-2e-8)
    assert (above - below) / 2e-8 == pytest.approx(expected, rel=1e-4)


def penalty(network: nn.Module, images: Tensor, conditions: Tensor) -> Tensor:
    points = images.clone().requires_grad_()
    return zero_centred(network(points, conditions), points).mean()


@pytest.mark.parametrize(("bf16", "error"), [(False, 1e-4), (True, 0.1)])
@pytest.mark.parametrize("group", [1, 16])
def test_double_backward_of_the_fast_forms(group: int, bf16: bool, error: float) -> None:
    """Against float64, which takes PyTorch's own operators."""
    torch.manual_seed(0)
    network = wake(R3GANDiscriminator(widths=(16,), group=group).build((3, 16, 16), 2))
    network.to(memory_format=LAST)  # pyright: ignore
    images = torch.randn(4, 3, 16, 16).contiguous(memory_format=LAST)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        value = penalty(network, images, one_hot(4, 2)[0])
    value.backward()
    mine = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    network.zero_grad()
    penalty(network.double(), images.double(), one_hot(4, 2)[0].double()).backward()
    exact = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    assert torch.isfinite(mine).all()
    assert ((mine - exact).norm() / exact.norm()).item() < error


@pytest.mark.parametrize("conditions", [0, 3])
def test_every_weight_learns_the_inner_ones_after_one_step(conditions: int) -> None:
    """A branch that ends in zeros hides what lies before them until these have moved."""
    torch.manual_seed(0)
    shape = (3, 16, 16)
    generator = R3GANGenerator(latent=6, widths=(8,)).build(shape, conditions)
    discriminator = R3GANDiscriminator(widths=(8,)).build(shape, conditions)
    for network, input in ((generator, torch.randn(8, 6)), (discriminator, torch.randn(8, *shape))):
        inner = {id(p) for block in blocks(network) for p in block.branch[:4].parameters()}
        optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
        for asleep in (True, False):
            network.zero_grad()
            made = network(input, *one_hot(8, conditions))
            (made * torch.randn_like(made)).sum().backward()
            silent = {id(p) for p in network.parameters() if p.grad is None or not p.grad.any()}
            assert silent == (inner if asleep else set())
            optimiser.step()


def test_channels_lie_last_and_only_the_score_is_float32() -> None:
    """Under autocast, with a penalty: one memory order in each convolution, forward and back."""
    generator = wake(R3GANGenerator(widths=(16, 8)).build((3, 16, 16)))
    discriminator = wake(R3GANDiscriminator(widths=(16, 8)).build((3, 16, 16)))
    seen: list[tuple[bool, torch.dtype]] = []

    def look(maps: Tensor) -> None:
        seen.append((maps.is_contiguous(memory_format=LAST), maps.dtype))

    for network in (generator, discriminator):
        network.to(memory_format=LAST)  # pyright: ignore
        for block in blocks(network):
            block.register_forward_hook(lambda module, given, made: look(made))  # pyright: ignore
    with torch.autocast("cpu", torch.bfloat16):
        images = generator(torch.randn(4, 64))
        look(images)
        points = images.detach().requires_grad_()
        scores = discriminator(points)
        (slope,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
        look(slope)
    assert seen == [(True, torch.bfloat16)] * (3 + 3 + 2)
    assert scores.dtype == torch.float32


@pytest.mark.parametrize(
    "given", [{"widths": ()}, {"widths": (8, 0)}, {"blocks": 0}, {"group": -1}, {"size": "huge"}]
)
def test_settings_that_cannot_be(given) -> None:
    for settings in (R3GANGenerator(**given), R3GANDiscriminator(**given)):
        with pytest.raises(UsageError):
            settings.build((3, 32, 32))


def test_sizes_that_cannot_be_halved() -> None:
    with pytest.raises(UsageError, match="cannot make"):
        R3GANGenerator().build((3, 30, 31))


def test_an_image_twice_as_wide_as_high_has_the_widths_of_its_levels() -> None:
    tiny = SIZES["tiny"]
    wide = [tiny.width(4 << level, 8 << level) for level in range(4)]
    square = [tiny.width(4 << level, 4 << level) for level in range(5)]
    assert wide == square[1:]
