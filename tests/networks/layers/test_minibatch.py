"""Layers over a batch against loops over pairs and groups, and cases with a known answer."""

from math import exp

import pytest
import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStd


def deviations(input: Tensor, group: int, channels: int) -> Tensor:
    """The appended numbers [N, channels], image by image and feature by feature."""
    count, features = input.shape[:2]
    group = max(size for size in range(1, group + 1) if count % size == 0)
    made = torch.zeros(count, channels, dtype=input.dtype)
    for index in range(count):
        first = index // group * group
        spread = input[first : first + group].std(0, correction=0)
        for channel, share in enumerate(spread.split(features // channels)):
            made[index, channel] = share.mean()
    return made


def nearness(input: Tensor, weight: Tensor) -> Tensor:
    """The appended numbers [N, kernels], pair by pair."""
    made = torch.zeros(len(input), weight.shape[1], dtype=input.dtype)
    for one in range(len(input)):
        for other in range(len(input)):
            for kernel in range(weight.shape[1]):
                step = (input[one] - input[other]) @ weight[:, kernel]
                made[one, kernel] += torch.exp(-step.abs().sum()) if one != other else 0
    return made


@pytest.mark.parametrize("shape", [(8, 6, 3, 5), (6, 4, 2, 2), (5, 2, 3, 3), (2, 2, 1, 1), (8, 6)])
@pytest.mark.parametrize(("group", "channels"), [(4, 1), (3, 2), (1, 1), (99, 2)])
def test_deviation_is_that_of_a_loop(shape, group: int, channels: int) -> None:
    torch.manual_seed(0)
    input = torch.randn(shape, dtype=torch.float64)
    made = MinibatchStd(group, channels)(input)
    assert made.shape == (shape[0], shape[1] + channels, *shape[2:])
    assert made[:, : shape[1]].equal(input)
    expected = deviations(input, group, channels)
    expected = expected.view(*expected.shape, *[1] * len(shape[2:]))
    # 1e-8 stands under the root: 1e-4 where all images are alike.
    torch.testing.assert_close(
        made[:, shape[1] :], expected.expand(-1, -1, *shape[2:]), atol=2e-4, rtol=0
    )


def test_like_images_do_not_deviate_and_a_known_pair_does_by_half_its_distance() -> None:
    alike = MinibatchStd()(torch.randn(1, 3, 2, 2).expand(4, 3, 2, 2))
    assert alike[:, 3].abs().max() <= 1.01e-4
    pair = MinibatchStd()(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
    torch.testing.assert_close(pair[:, 2], torch.full((2,), (1 + 0) / 2), atol=1e-4, rtol=0)


def test_a_group_sees_nothing_of_another() -> None:
    """So reals and fakes in one pass are scored as in two, where the group divides each."""
    reals, fakes = torch.randn(2, 8, 3, 4, 4)
    layer = MinibatchStd(4)
    both = layer(torch.cat([reals, fakes]))
    torch.testing.assert_close(both, torch.cat([layer(reals), layer(fakes)]))


def test_features_that_cannot_be_cut_are_refused() -> None:
    with pytest.raises(UsageError, match="5 features cannot be cut into 2"):
        MinibatchStd(channels=2)(torch.randn(4, 5, 2, 2))


def test_nearness_is_that_of_a_loop() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(6, kernels=3, size=4).double()
    input = torch.randn(5, 6, dtype=torch.float64)
    made = layer(input)
    assert made.shape == (5, 9)
    assert made[:, :6].equal(input)
    torch.testing.assert_close(made[:, 6:], nearness(input, layer.weight))


def test_nearness_of_like_images_of_far_ones_and_of_one_alone() -> None:
    layer = MinibatchDiscrimination(6)
    rows = torch.randn(1, 6)
    assert layer(rows.expand(5, 6))[:, 6:].equal(torch.full((5, 32), 4.0))
    assert layer(torch.arange(5.0).view(5, 1) * 1e4 + rows)[:, 6:].abs().max() == 0
    assert layer(rows)[:, 6:].equal(torch.zeros(1, 32))


def test_nearness_of_a_known_distance() -> None:
    layer = MinibatchDiscrimination(2, kernels=1, size=2)
    nn.init.eye_(layer.weight.data[:, 0])
    made = layer(torch.tensor([[0.0, 0.0], [1.0, -2.0], [1.0, 0.0]]))[:, 2]
    near, far = exp(-1), exp(-3)
    torch.testing.assert_close(made, torch.tensor([far + near, far + exp(-2), near + exp(-2)]))


def test_independent_features_lie_about_one_apart_at_first() -> None:
    torch.manual_seed(0)
    for features, size in ((16, 8), (256, 8), (64, 32)):
        layer = MinibatchDiscrimination(features, kernels=200, size=size)
        one, other = torch.randn(2, 64, features)
        apart = torch.tensordot(one - other, layer.weight, 1).abs().sum(2)
        assert apart.mean().item() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("layer", [MinibatchStd(2, 3), MinibatchDiscrimination(3, 2, 2).double()])
def test_two_derivatives_are_those_of_finite_differences(layer: nn.Module) -> None:
    torch.manual_seed(0)
    input = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, input)
    assert torch.autograd.gradgradcheck(layer, input)


@pytest.mark.parametrize("layer", [MinibatchStd(), MinibatchDiscrimination(4)])
def test_two_derivatives_are_finite_where_images_are_alike(layer: nn.Module) -> None:
    rows = torch.randn(1, 4).expand(8, 4).clone().requires_grad_()
    (first,) = torch.autograd.grad(layer(rows).square().sum(), rows, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), rows)
    assert first.isfinite().all() and second.isfinite().all()


@pytest.mark.parametrize("layer", [MinibatchStd(), MinibatchDiscrimination(16)])
def test_bfloat16_does_not_lose_small_differences(layer: nn.Module) -> None:
    """Features of 10 and more, 1/16 apart: squares and distances need float32."""
    torch.manual_seed(0)
    rows = (10 + torch.randn(8, 16) / 16).bfloat16()
    exact = layer(rows.float())
    with torch.autocast("cpu", torch.bfloat16):
        made = layer(rows)
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.float(), exact, atol=0, rtol=2**-8)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_maps_and_their_gradient_keep_the_memory_order(order, channels: int) -> None:
    maps = torch.randn(4, 4, 3, 5).contiguous(memory_format=order).requires_grad_()
    seen = []
    same = maps * 1
    same.register_hook(lambda gradient: seen.append(gradient.stride()))
    made = MinibatchStd(channels=channels)(same)
    assert made.is_contiguous(memory_format=order)
    made.square().sum().backward()
    assert seen == [maps.stride()]
