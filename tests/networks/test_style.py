"""The style-based generator: what it is a function of, mixing, the average of w, exporting."""

import pytest
import torch
from torch import Tensor, nn

from ganvas.networks.layers.pixel_norm import pixel_norm
from ganvas.networks.style import AVERAGE, Layer, Mapping, StyleGenerator, StyleNetwork

TINY = StyleGenerator(latent=6, intermediate=5, depth=2, width=4, mixing=0.5)


def tiny(shape=(1, 14, 14), conditions: int = 0, settings: StyleGenerator = TINY) -> StyleNetwork:
    torch.manual_seed(0)
    network = settings.build(shape, conditions)
    for layer in network.modules():
        if isinstance(layer, Layer):
            nn.init.ones_(layer.strength)
    return network


@pytest.mark.parametrize(
    ("shape", "layers"), [((1, 28, 28), 6), ((3, 32, 32), 8), ((3, 48, 32), 8), ((3, 256, 256), 14)]
)
def test_sizes_and_how_many_layers_take_a_w(shape, layers: int) -> None:
    network = tiny(shape).eval()
    with torch.no_grad():
        images = network(torch.randn(2, 6))
    assert images.shape == (2, *shape)
    assert network.layers == layers


def test_forward_is_mapping_then_synthesis() -> None:
    network = tiny().eval()
    z = torch.randn(3, 6)
    w = network.mapping(z)
    assert w.shape == (3, 5)
    ws = w[:, None].expand(-1, network.layers, -1)
    assert torch.equal(network.synthesis(ws), network(z))
    assert torch.equal(network.ws(z), ws)


def test_every_layer_takes_a_w_of_its_own() -> None:
    network = tiny().eval()
    ws = torch.randn(1, network.layers, 5, requires_grad=True)
    network.synthesis(ws).square().sum().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().sum(2) > 0).all()


def test_an_image_is_a_function_of_its_latent_in_evaluation() -> None:
    network = tiny().eval()
    z = torch.randn(4, 6)
    whole = network(z)
    assert torch.equal(whole, network(z))
    torch.testing.assert_close(whole[2:3], network(z[2:3]), rtol=1e-4, atol=1e-5)


def test_noise_and_mixing_are_fresh_in_training_and_the_seed_brings_them_back() -> None:
    for settings in (TINY, StyleGenerator(6, 5, 2, 4, mixing=0.0)):
        network, z = tiny(settings=settings), torch.randn(4, 6)
        images = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            images.append(network(z))
        assert torch.equal(images[0], images[1])
        assert not torch.equal(images[0], images[2])


def test_a_share_of_the_images_is_mixed_from_any_layer_on() -> None:
    network = tiny((3, 32, 32), settings=StyleGenerator(6, 5, 2, 4, mixing=0.75))
    z = torch.randn(4000, 6)
    ws = network.ws(z)
    first = network.eval().mapping(z)
    kept = (ws == first[:, None]).all(2)
    assert kept[:, 0].all()
    # Once another latent's w has begun, it stays, and is one w.
    assert (kept[:, :-1] >= kept[:, 1:]).all()
    assert torch.where(~kept[:, 1:-1, None], ws[:, 2:] - ws[:, 1:-1], 0.0).abs().max() == 0
    mixed = ~kept[:, -1]
    assert mixed.float().mean().item() == pytest.approx(0.75, abs=0.03)
    crossovers = torch.bincount(kept[mixed].sum(1), minlength=9).float() / mixed.sum()
    torch.testing.assert_close(crossovers[1:8], torch.full((7,), 1 / 7), atol=0.03, rtol=0)


def test_unmixed_images_have_one_w_for_all_layers() -> None:
    network = tiny(settings=StyleGenerator(6, 5, 2, 4, mixing=0.0))
    ws = network.ws(torch.randn(3, 6))
    assert torch.equal(ws, ws[:, :1].expand_as(ws))


def test_the_average_of_w_moves_where_it_is_told_and_by_no_forward() -> None:
    torch.manual_seed(0)
    mapping = Mapping(6, 5, 2)
    batches = torch.randn(40, 8, 6)
    expected = torch.zeros(5)
    for z in batches:
        w = mapping(z)
        mapping.follow(w)
        expected = AVERAGE * expected + (1 - AVERAGE) * w.detach().mean(0)
    torch.testing.assert_close(mapping.average, expected)
    mapping(batches[0])
    torch.testing.assert_close(mapping.average, expected)


def test_the_average_of_w_converges_to_the_mean() -> None:
    torch.manual_seed(0)
    mapping = Mapping(6, 5, 2)
    with torch.no_grad():
        for _ in range(3000):
            mapping.follow(mapping(torch.randn(16, 6)))
        mean = mapping.eval()(torch.randn(100_000, 6)).mean(0)
    torch.testing.assert_close(mapping.average, mean, atol=0.03, rtol=0.02)


def test_truncation_goes_from_the_average_to_the_image_itself() -> None:
    network = tiny().eval()
    nn.init.normal_(network.mapping.average)
    z = torch.randn(3, 6)
    torch.testing.assert_close(network.truncated(z, 1.0), network(z))
    mean = network.synthesis(network.broadcast(network.mapping.average.expand(3, 5)))
    torch.testing.assert_close(network.truncated(z, 0.0), mean)
    half = (network.mapping(z) + network.mapping.average) / 2
    expected = network.synthesis(network.broadcast(half))
    torch.testing.assert_close(network.truncated(z, 0.5), expected)


def test_the_mapping_knows_directions_of_z_and_conditions() -> None:
    network = tiny(conditions=3).eval()
    z, one_hot = torch.randn(3, 6), torch.eye(3)
    torch.testing.assert_close(network(z, one_hot), network(7 * z, one_hot))
    assert not torch.allclose(network(z, one_hot), network(z, one_hot.roll(1, 0)))
    assert network.truncated(z, 0.7, one_hot).shape == (3, 1, 14, 14)
    network.train()
    assert network(z, one_hot).shape == (3, 1, 14, 14)
    rows = pixel_norm(torch.randn(5, 9))
    torch.testing.assert_close(rows.square().mean(1), torch.ones(5))


def test_maps_neither_grow_nor_fade_at_the_start() -> None:
    """Demodulation expects white noise, which maps of a constant are not: within a factor, then."""
    torch.manual_seed(0)
    network = StyleGenerator(width=16).build((3, 32, 32)).eval()
    seen: list[Tensor] = []
    for layer in network.modules():
        if isinstance(layer, Layer):
            layer.register_forward_hook(lambda *call: seen.append(call[-1]))
    network(torch.randn(16, 128))
    assert len(seen) == 7
    assert all(0.1 < maps.detach().square().mean().item() < 4 for maps in seen)


@pytest.mark.parametrize("conditions", [0, 3])
def test_every_weight_gets_a_gradient(conditions: int) -> None:
    network = tiny(conditions=conditions)
    one_hot = (torch.eye(3)[torch.tensor([0, 1, 2, 0])],) if conditions else ()
    with torch.autocast("cpu", torch.bfloat16):
        images = network(torch.randn(4, 6), *one_hot)
    images.float().square().sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_maps_lie_channels_last_where_the_weights_do() -> None:
    network = tiny((3, 16, 16)).to(memory_format=torch.channels_last)  # pyright: ignore
    seen: list[bool] = []
    for layer in network.modules():
        if isinstance(layer, Layer):
            layer.register_forward_hook(
                lambda _m, _i, made: seen.append(
                    made.is_contiguous(memory_format=torch.channels_last)
                )
            )
    assert network(torch.randn(2, 6)).is_contiguous(memory_format=torch.channels_last)
    assert seen == [True] * 5


def test_evaluation_can_be_exported_for_any_batch() -> None:
    network = tiny((1, 8, 8)).eval()
    count = torch.export.Dim("count", min=1, max=64)
    program = torch.export.export(network, (torch.randn(2, 6),), dynamic_shapes=({0: count},))
    z = torch.randn(5, 6)
    torch.testing.assert_close(program.module()(z), network(z))


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="mixing"):
        StyleGenerator(mixing=1.5)
