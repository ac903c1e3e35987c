"""FastGAN's generator against plain functions, its shapes, its conditions; it can learn a set."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganvas.errors import UsageError
from ganvas.networks.fastgan import Excitation, FastGANGenerator, Gate
from ganvas.networks.layers.conditioned import ConditionalBatchNorm2d

SHAPES = [(1, 28, 28), (3, 32, 32), (3, 64, 96), (3, 48, 32), (1, 8, 8)]


def one_hot(count: int, conditions: int) -> tuple[Tensor, ...]:
    """One-hot conditions, as an argument where there are any."""
    return (torch.eye(conditions)[torch.arange(count) % conditions],) if conditions else ()


def small(shape, conditions: int = 0, seed: int = 0, **settings) -> nn.Module:
    torch.manual_seed(seed)
    return FastGANGenerator(**{"latent": 6, "width": 4, **settings}).build(shape, conditions)


@pytest.mark.parametrize("conditions", [0, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_images_have_the_shape_asked_for(shape, conditions: int) -> None:
    images = small(shape, conditions)(torch.randn(4, 6), *one_hot(4, conditions))
    assert images.shape == (4, *shape)


@pytest.mark.parametrize("width", [16, 32])
def test_images_begin_in_range_without_a_tanh(width: int) -> None:
    network = small((3, 32, 32), width=width)
    images = network(torch.randn(16, 6))
    assert images.abs().max() <= 1 and images.std() > 0.01
    nn.init.constant_(network.get_parameter("last.bias"), 3)
    assert network(torch.randn(16, 6)).min() > 1


@pytest.mark.parametrize("conditions", [0, 3])
def test_spectral_norm_bounds_all_layers_but_those_of_conditions(conditions: int) -> None:
    network = small((3, 32, 32), conditions, spectral=True)
    for _ in range(40):  # the power iteration converges over forwards
        images = network(torch.randn(4, 6), *one_hot(4, conditions))
    assert images.isfinite().all()
    bounded = [layer for layer in network.modules() if is_parametrized(layer, "weight")]
    assert len(bounded) == 1 + 5 + 2 + 1  # of the start, the levels, the excitation, the image
    for layer in bounded:
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)  # pyright: ignore
        assert largest.item() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("conditions", [0, 3])
def test_on_the_sphere_the_length_of_a_latent_says_nothing(conditions: int) -> None:
    latents, rest = torch.randn(3, 6), one_hot(3, conditions)
    network = small((1, 28, 28), conditions, sphere=True).eval()
    torch.testing.assert_close(network(3 * latents, *rest), network(latents, *rest))
    plain = small((1, 28, 28), conditions).eval()
    on_sphere = latents / latents.square().mean(1, keepdim=True).sqrt()
    torch.testing.assert_close(plain(on_sphere, *rest), network(latents, *rest))
    assert not torch.allclose(plain(3 * latents, *rest), plain(latents, *rest), rtol=1e-2)


def test_sizes_that_do_not_halve_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot make 29x29"):
        small((3, 29, 29))


@pytest.mark.parametrize("conditions", [0, 3])
def test_every_weight_gets_a_gradient(conditions: int) -> None:
    network = small((3, 32, 32), conditions)
    images = network(torch.randn(4, 6), *one_hot(4, conditions))
    (images * torch.randn(4, 3, 32, 32)).sum().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


def test_it_is_what_plain_functions_make_of_its_weights() -> None:
    """At 32x32: three levels, of which the first and the last convolve twice, and one excitation,
    of the largest map by the smallest."""
    network = small((3, 32, 32)).eval()
    weights = network.state_dict()
    for value in weights.values():  # statistics and gains other than those at the start
        if value.ndim == 1 and value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5)

    def gated(maps: Tensor, where: str) -> Tensor:
        mean, variance, gain, bias = (
            weights[f"{where}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        return F.glu(F.batch_norm(maps, mean, variance, gain, bias), 1)

    latents = torch.randn(2, 6)
    start = (latents @ weights["start.0.weight"].T).view(2, 4, 4, 64).permute(0, 3, 1, 2)
    maps = small_map = gated(start, "start.2")
    for level in range(3):
        maps = F.interpolate(maps, scale_factor=2, mode="nearest")
        maps = gated(F.conv2d(maps, weights[f"ups.{level}.0.weight"], padding=1), f"ups.{level}.1")
        if level != 1:
            maps = F.conv2d(maps, weights[f"ups.{level}.3.weight"], padding=1)
            maps = gated(maps, f"ups.{level}.4")
    gain = F.conv2d(small_map, weights["excites.0.1.weight"], weights["excites.0.1.bias"])
    gain = F.conv2d(F.silu(gain), weights["excites.0.3.weight"], weights["excites.0.3.bias"])
    assert gain.shape == (2, 4, 1, 1)
    maps = maps * gain.sigmoid()
    expected = F.conv2d(maps, weights["last.weight"], weights["last.bias"], padding=1)
    torch.testing.assert_close(network(latents), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 28, 28), [((7, 7), 1, 16, 4)]),
        ((3, 32, 32), [((4, 4), 1, 32, 4)]),
        ((3, 64, 64), [((4, 4), 1, 64, 8), ((4, 4), 2, 32, 4)]),
        ((3, 48, 32), [((6, 4), 1, 32, 4)]),
    ],
)
def test_small_maps_excite_those_three_levels_on(shape, expected) -> None:
    """(size that is read, averaging before it, channels that excite and are excited)."""
    found = []
    for layer in small(shape).modules():
        if isinstance(layer, Excitation):
            pool, read = layer[0], layer[1]
            channels = read.in_channels, read.out_channels
            found.append((read.kernel_size, pool.kernel_size, *channels))
    assert found == expected


def test_a_gate_is_glu_through_two_derivatives() -> None:
    maps = torch.randn(2, 4, 3, 3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(Gate()(maps), F.glu(maps, 1))
    assert torch.autograd.gradcheck(Gate(), maps)
    assert torch.autograd.gradgradcheck(Gate(), maps)


def test_an_image_is_a_function_of_its_latent() -> None:
    network, latents = small((3, 32, 32)).eval(), torch.randn(3, 6)
    images = network(latents)
    assert torch.equal(network(latents), images)
    torch.testing.assert_close(network(latents[1:2]), images[1:2], rtol=1e-4, atol=1e-6)


def test_conditions_move_every_normalisation() -> None:
    """At the start they move nothing; each gain and bias, once moved, changes the images."""
    network, latents = small((1, 28, 28), 2).eval(), torch.randn(1, 6)
    one, other = torch.eye(2)[:1], torch.eye(2)[1:]
    assert torch.equal(network(latents, one), network(latents, other))
    norms = [m for m in network.modules() if isinstance(m, ConditionalBatchNorm2d)]
    assert len(norms) == 4 and not any(
        isinstance(m, nn.BatchNorm2d) for m in set(network.modules()) - {n.norm for n in norms}
    )
    for norm in norms:
        for part in (norm.gain, norm.bias):
            nn.init.constant_(part.weight[:, 1], 0.5)
            assert not torch.equal(network(latents, one), network(latents, other))
            nn.init.zeros_(part.weight)


def test_bfloat16_and_channels_last() -> None:
    network = small((3, 32, 32)).to(memory_format=torch.channels_last)  # pyright: ignore
    latents = torch.randn(8, 6)
    plain = network(latents)
    with torch.autocast("cpu", torch.bfloat16):
        half = network(latents)
    assert half.is_contiguous(memory_format=torch.channels_last)
    assert (half.float() - plain).norm() < 0.05 * plain.norm()


def test_it_learns_four_images_by_heart(seed: int, within) -> None:
    network, latents = small((1, 16, 16), width=8, seed=seed), torch.randn(4, 6)
    images = -torch.ones(4, 1, 16, 16)
    for index in range(4):
        images[index, :, 2 + index : 8 + index, 3 * index : 3 * index + 6] = 1
    optimiser = torch.optim.Adam(network.parameters(), 2e-2, fused=True)
    for _ in range(80):
        error = (network(latents) - images).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    within(error.item(), float(0.15 * images.var()))
