"""Time and arithmetic of a step: its parts are the whole, and watching changes nothing."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ganvas.bench.bench import cycle_of
from ganvas.bench.clock import Clock, Gauge
from ganvas.bench.flops import Counter
from ganvas.bench.layers import by_layer, named_layers, watched
from ganvas.bench.moves import by_move
from ganvas.engine.draw import Draw
from ganvas.networks.dcgan import DCGANDiscriminator
from ganvas.recipes.recipe_table import change, find

from .small_recipes import engine_of, random_images, tiny

SLOPES = [{"kind": "gradient"}, {"kind": "r1", "every": 2}]


def test_the_arithmetic_of_tutorial_a_is_the_hand_count() -> None:
    """Each layer's product forward, by input and by weight where they are wanted: 1.51 GFLOP."""
    recipe = change(
        find("tutorial-cifar10"), {"game.penalties": [], "batch": 4, "threads": 1, "device": "cpu"}
    )
    first, inner, last = 3 * 16 * 128 * 256, 16 * 128 * 256 * 64, 512 * 16
    seed = 100 * 512 * 16  # in multiplications an image, as all of these
    discriminator = first + 2 * inner + last
    generator = seed + 2 * inner + first
    forward = generator + 3 * discriminator
    backward = 2 * (2 * discriminator - first) + discriminator + 2 * generator - seed
    engine = engine_of(recipe, random_images((3, 32, 32)))
    with Counter() as counter:
        engine.round()
    # The gradients of biases are products too in some forms: 0.02% more.
    assert counter.flops == pytest.approx(4 * 2 * (forward + backward), rel=5e-4)
    assert counter.flops / 4e9 == pytest.approx(1.51, abs=0.005)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_counting_agrees_with_torchs_own_counter(precision) -> None:
    engine = engine_of(tiny(precision=precision, game__penalties=[]))
    with Counter() as ours:
        engine.round()
    with FlopCounterMode(display=False) as theirs:
        engine.round()
    assert ours.flops == theirs.get_total_flops() > 0


def test_parts_by_move_are_the_whole() -> None:
    recipe = tiny(game__penalties=SLOPES, augment={})
    engine = engine_of(recipe)
    assert cycle_of(engine) == 2
    parts = by_move(engine, 2, 0.0)
    assert sum(part.share for part in parts) == pytest.approx(1)
    assert all(part.milliseconds >= 0 for part in parts)
    expected = {
        ("discriminator", "generator forward"), ("discriminator", "discriminator forward"),
        ("discriminator", "augmentation"), ("generator", "augmentation"),
        ("discriminator", "slope"), ("discriminator", "backward"), ("discriminator", "optimiser"),
        ("penalty.r1", "slope"), ("penalty.r1", "backward"), ("generator", "backward"),
        ("generator", "optimiser"), ("generator", "EMA"), ("", "data"), ("", "noise"), ("", "loop"),
    }  # fmt: skip
    assert expected <= {(part.move, part.name) for part in parts}
    assert [part.name for part in parts if not part.arithmetic][-3:] == ["data", "noise", "loop"]


def test_a_style_based_generator_is_entered_by_its_parts() -> None:
    generator = {"kind": "style", "latent": 8, "intermediate": 8, "width": 4, "depth": 1}
    engine = engine_of(tiny(generator=generator, game__reuse_fakes=False))
    names = {(part.move, part.name) for part in by_move(engine, 1, 0.0)}
    assert {("discriminator", "generator forward"), ("generator", "generator forward")} <= names


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_layers_and_elsewhere_are_the_whole(precision) -> None:
    engine = engine_of(tiny(game__penalties=SLOPES, precision=precision))
    found = by_layer(engine, 2, 0.0)
    layers = sum(layer.milliseconds for layer in found.layers)
    assert layers + found.elsewhere_ms == pytest.approx(found.milliseconds)
    with Counter() as counter:
        engine.round()
        engine.round()
    assert found.gflop == pytest.approx(counter.flops / 2e9)
    assert found.elsewhere_gflop == pytest.approx(0, abs=1e-9)
    assert {layer.name for layer in found.layers if layer.gflop} >= {
        "generator.1", "generator.4", "discriminator.0", "discriminator.2",
    }  # fmt: skip
    assert all(layer.backward_ms > 0 for layer in found.layers if layer.gflop)


def test_an_engine_that_was_watched_plays_as_one_that_was_not() -> None:
    recipe = tiny(game__penalties=SLOPES)
    watched_one, other = engine_of(recipe), engine_of(recipe)
    draw = Draw.data
    by_move(watched_one, 2, 0.0)
    by_layer(watched_one, 2, 0.0)
    while other.rounds < watched_one.rounds:
        other.round()
    for engine in (watched_one, other):
        engine.round()
    for (name, a), (_, b) in zip(
        watched_one.tensors().items(), other.tensors().items(), strict=True
    ):
        assert torch.equal(a, b), name
    assert Draw.data is draw and torch.autograd.grad.__module__ == "torch.autograd"
    player = watched_one.game.players["generator"]
    assert not {"step", "average"} & set(vars(player))
    assert not any(net._forward_hooks for net in watched_one.game.networks().values())


def test_backward_of_an_activation_in_place_is_its_own() -> None:
    """Two layers and a second derivative; the arithmetic of each is known."""
    counter = Counter()
    clock = Clock(counter.gauge())
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 1))
    x = torch.randn(5, 4, requires_grad=True)
    with counter, watched({"net": network}, clock):
        clock.begin()
        (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
        slope.square().sum().backward(inputs=list(network.parameters()))
        found = clock.end()
    product = 2 * 5 * 4 * 8
    assert found[("net.0", "forward")] == product
    assert found[("net.0", "backward")] == 4 * product  # by x; of that by g, x and w
    assert found[("net.1", "backward")] == 0
    assert found[("net.2", "forward")] == 2 * 5 * 8
    assert sum(found.values()) == counter.flops


def test_a_layer_is_what_holds_no_others() -> None:
    network = DCGANDiscriminator(width=4, norm="spectral").build((3, 16, 16))
    names = dict(named_layers({"discriminator": network}))
    assert list(names) == [f"discriminator.{index}" for index in range(len(network))]  # pyright: ignore
    linear = nn.Linear(2, 2)
    assert dict(named_layers({"net": linear})) == {"net": linear}


def test_a_gauge_needs_no_finish() -> None:
    assert Gauge(lambda: 0, lambda a, b: 0.0).finish() is None
