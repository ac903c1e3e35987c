"""Settings that make a network the one of its paper's code: biases, averages, last layers."""

import math

import pytest
import torch
from torch import Tensor, nn

from ganvas.networks.layers.equalised import EqualConv2d, EqualLinear
from ganvas.networks.layers.pixel_norm import pixel_norm
from ganvas.networks.progressive import ProgressiveGenerator
from ganvas.networks.r3gan import R3GANDiscriminator
from ganvas.networks.style import Mapping, StyleGenerator
from ganvas.networks.style_discriminator import StyleDiscriminator

GAIN = math.sqrt(2)


def activated(maps: Tensor) -> Tensor:
    """StyleGAN2's: the gain comes last, and is the biases' too."""
    return GAIN * nn.functional.leaky_relu(maps, 0.2)


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_a_linear_layer_s_bias_is_within_the_gain(rate: float) -> None:
    torch.manual_seed(0)
    layer = EqualLinear(6, 5, rate=rate, start=0.3, gain=GAIN, bias_gain=GAIN)
    rows, weight = torch.randn(4, 6), layer.weight * rate / math.sqrt(6)
    assert layer.bias is not None
    torch.testing.assert_close(layer.bias * rate * GAIN, torch.full((5,), 0.3))
    nn.init.normal_(layer.bias, std=1 / rate)
    expected = activated(nn.functional.linear(rows, weight, layer.bias * rate))
    torch.testing.assert_close(nn.functional.leaky_relu(layer(rows), 0.2), expected)


def test_a_convolution_s_bias_is_within_the_gain() -> None:
    torch.manual_seed(0)
    layer = EqualConv2d(3, 4, 3, padding=1, gain=GAIN, bias_gain=GAIN)
    assert layer.bias is not None
    nn.init.normal_(layer.bias)
    maps, weight = torch.randn(2, 3, 6, 6), layer.weight / math.sqrt(27)
    expected = activated(nn.functional.conv2d(maps, weight, layer.bias, padding=1))
    torch.testing.assert_close(
        nn.functional.leaky_relu(layer(maps), 0.2), expected, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("conditions", [0, 3])
def test_the_mapping_is_stylegan2_s(conditions: int) -> None:
    torch.manual_seed(0)
    mapping = StyleGenerator(6, 5, 3, 4, bias_gain=True).build((1, 8, 8), conditions).mapping
    z, one_hot = torch.randn(4, 6), torch.eye(3)[[0, 1, 2, 0]]
    w = pixel_norm(z)
    if mapping.embed is not None:
        assert isinstance(mapping.embed, EqualLinear) and mapping.embed.bias is not None
        nn.init.normal_(mapping.embed.bias)
        embedded = one_hot @ mapping.embed.weight.T / math.sqrt(3) + mapping.embed.bias
        w = torch.cat([w, pixel_norm(embedded)], 1)
    for layer in mapping.layers:
        assert isinstance(layer, EqualLinear) and layer.bias is not None
        nn.init.normal_(layer.bias, std=100)
        weight = 0.01 * layer.weight / math.sqrt(layer.weight.shape[1])
        w = activated(nn.functional.linear(w, weight, 0.01 * layer.bias))
    torch.testing.assert_close(mapping(z, one_hot if conditions else None), w, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [StyleDiscriminator, StyleGenerator])
def test_biases_learn_faster_and_weights_are_called_the_same(kind) -> None:
    """With all biases of gained layers divided by the gain nothing is changed but their slopes."""
    plain, gained = (
        (kind(width=4, bias_gain=how)).build((1, 8, 8)).eval() for how in (False, True)
    )
    state = {name: value.clone() for name, value in plain.state_dict().items()}
    gained.load_state_dict(state)
    scales = {
        f"{name}.bias": part.bias_scale / gained_part.bias_scale
        for (name, part), (_, gained_part) in zip(
            plain.named_modules(), gained.named_modules(), strict=True
        )
        if isinstance(part, EqualLinear | EqualConv2d) and part.bias is not None
    }
    assert {round(scale * GAIN, 3) for scale in scales.values()} == {1.0, round(GAIN, 3)}
    with torch.no_grad():
        for name, weight in plain.named_parameters():
            if name in scales:
                weight.normal_(generator=torch.Generator().manual_seed(len(name)))
        for name, weight in gained.named_parameters():
            weight.copy_(plain.get_parameter(name) * scales.get(name, 1.0))
    inputs = torch.randn(4, 1, 8, 8) if kind is StyleDiscriminator else torch.randn(4, 128)
    ours, theirs = gained(inputs), plain(inputs)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    ours.square().sum().backward()
    theirs.square().sum().backward()
    for name, weight in gained.named_parameters():
        expected = plain.get_parameter(name).grad
        if expected is not None and weight.grad is not None:
            slope = weight.grad * scales.get(name, 1.0)
            size = expected.abs().max().item()
            torch.testing.assert_close(slope, expected, rtol=1e-3, atol=1e-4 * size)


@pytest.mark.parametrize("keeps", [0.995, 0.5])
def test_the_average_of_w_keeps_what_is_asked(keeps: float) -> None:
    torch.manual_seed(0)
    built = StyleGenerator(6, 5, 2, 4, mixing=0.0, average=keeps).build((1, 8, 8)).mapping
    expected = torch.zeros(5)
    for z in torch.randn(10, 8, 6):
        w = built(z)
        built.follow(w)
        expected = keeps * expected + (1 - keeps) * w.detach().mean(0)
    torch.testing.assert_close(built.average, expected)
    assert Mapping(6, 5, 2).keeps == 0.998


@pytest.mark.parametrize("average", [-0.1, 1.0])
def test_an_average_that_is_none_is_refused(average: float) -> None:
    with pytest.raises(ValueError, match="average must be at least 0 and below 1"):
        StyleGenerator(average=average)


def test_a_linear_end_is_what_tanh_bounds() -> None:
    networks = []
    for output in ("tanh", "linear"):
        torch.manual_seed(0)
        networks.append(ProgressiveGenerator(6, 4, 8, output=output).build((1, 16, 16)))  # pyright: ignore
    z = 3 * torch.randn(5, 6)
    for growth, stage in ((0.0, 0), (0.4, 1), (2.0, 2)):
        for network in networks:
            network.growth.fill_(growth)
        for bounded, linear in (networks, [network.at(stage) for network in networks]):
            torch.testing.assert_close(bounded(z), linear(z).tanh())
    assert networks[1](z).abs().max() > 1


@pytest.mark.parametrize("bias", [True, False])
def test_embedded_classes_may_have_no_bias(bias: bool) -> None:
    """768 weights of the paper's size of network, and a score that is linear in the classes."""
    torch.manual_seed(0)
    settings = R3GANDiscriminator(widths=(8, 8), blocks=1, bias=bias)
    network, images = settings.build((1, 8, 8), 3), torch.randn(2, 1, 8, 8)
    for name, weight in network.named_parameters():
        if name.endswith("embed.bias"):
            nn.init.normal_(weight)
    rows = torch.eye(3)
    scores = torch.stack([network(images, row.expand(2, -1)) for row in rows])
    summed = network(images, torch.ones(2, 3))
    nothing = network(images, torch.zeros(2, 3))
    torch.testing.assert_close(summed, scores.sum(0) - 2 * nothing, rtol=1e-4, atol=1e-5)
    assert (nothing != 0).any() == bias
    counts = sum(weight.numel() for weight in network.parameters())
    other = R3GANDiscriminator(widths=(8, 8), blocks=1).build((1, 8, 8), 3)
    assert counts == sum(weight.numel() for weight in other.parameters()) - 8 * (not bias)
