"""Interfaces of networks: what ours declare, and what a plain module is taken for."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from ganvas.networks import protocols
from ganvas.networks.autoencoder import CompactAutoencoder
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.networks.mlp import MLPDiscriminator
from ganvas.networks.progressive import ProgressiveDiscriminator, ProgressiveGenerator
from ganvas.networks.protocols import implements
from ganvas.networks.r3gan import R3GANDiscriminator
from ganvas.networks.resnet import ResNetDiscriminator
from ganvas.networks.style import StyleGenerator
from ganvas.networks.style_discriminator import StyleDiscriminator
from ganvas.recipes.parts import DISCRIMINATORS, GENERATORS

from ..small_networks import EVERY, build, inputs

SHAPE = (1, 16, 16)


def moved(network: nn.Module, *inputs: Tensor) -> bool:
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network.train()(*inputs)
    return any(not before[name].equal(buffer) for name, buffer in network.named_buffers())


@pytest.mark.parametrize(
    "settings",
    [
        CompactDiscriminator(width=4, hidden=8),
        CompactDiscriminator(width=4, hidden=8, diversity="deviation"),
        CompactDiscriminator(width=4, hidden=8, diversity="discrimination"),
        DCGANDiscriminator(width=4),
        DCGANDiscriminator(width=4, norm="none"),
        DCGANDiscriminator(width=4, norm="spectral"),
        MLPDiscriminator(width=4),
        R3GANDiscriminator(widths=(4,)),
        ResNetDiscriminator(width=4),
        StyleDiscriminator(width=4, widest=8),
        ProgressiveDiscriminator(width=4, widest=8, group=1),
    ],
)
def test_declarations_are_what_a_forward_does(settings) -> None:
    torch.manual_seed(0)
    network = settings.build(SHAPE)
    images = torch.randn(4, *SHAPE)
    assert protocols.moves_buffers(network) == moved(network, images)
    for layer in network.modules():  # compare with itself: no statistics may move between
        layer.training = isinstance(layer, nn.modules.batchnorm._BatchNorm)
    alone, among = network(images[:2]), network(torch.cat([images[:2], 9 * images[2:]]))[:2]
    assert protocols.couples_batch(network) == (not torch.allclose(alone, among, atol=1e-5))


@pytest.mark.parametrize(("settings", "conditions"), EVERY)
def test_the_layers_whose_buffers_move_declare_it(settings, conditions: int) -> None:
    torch.manual_seed(0)
    network = build(settings, conditions).train()
    for weight in network.parameters():  # what follows the weights, as a spectral norm does, moves
        weight.data += torch.randn_like(weight)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network(*inputs(settings, network, 4))
    after = dict(network.named_buffers())
    moved = {name.rpartition(".")[0] for name in before if not before[name].equal(after[name])}
    declared = {
        name
        for name, layer in network.named_modules()
        if getattr(layer, "moves_buffers", isinstance(layer, protocols.MOVES_BUFFERS))
    }
    assert declared == moved
    assert protocols.moves_buffers(network) == bool(moved)


def test_who_implements_what() -> None:
    style = StyleGenerator(latent=4, intermediate=4, depth=1, width=4, widest=4).build(SHAPE)
    plain = CompactGenerator(latent=4, width=4).build(SHAPE)
    rebuilt = CompactAutoencoder(width=4, hidden=4).build(SHAPE)
    grown = ProgressiveGenerator(latent=4, width=4, widest=4).build(SHAPE)
    for interface, network in {
        protocols.Styled: style,
        protocols.Truncatable: style,
        protocols.Autoencoding: rebuilt,
        protocols.Growing: grown,
    }.items():
        assert implements(network, interface) and not implements(plain, interface)
    assert not implements(style, protocols.Autoencoding) and not implements(
        rebuilt, protocols.Styled
    )


def test_conditional_settings_and_networks() -> None:
    able = [kind for kind, part in GENERATORS.items() if protocols.conditional(part)]
    assert not {"dcgan", "tutorial-mnist"} & set(able) and len(able) == len(GENERATORS) - 2
    unable = {kind for kind, part in DISCRIMINATORS.items() if not protocols.conditional(part)}
    assert unable == {"autoencoder", "dcgan", "tutorial-mnist"}
    plain = CompactGenerator(latent=4, width=4)
    assert protocols.takes_conditions(plain.build(SHAPE, 3))
    assert not protocols.takes_conditions(plain.build(SHAPE))


def test_settings_of_a_user_s_own_need_declare_nothing() -> None:
    @dataclass(frozen=True)
    class Plain:
        def build(self, shape) -> nn.Module:
            return nn.Identity()

    @dataclass(frozen=True)
    class WithConditions:
        def build(self, shape, conditions=0) -> nn.Module:
            return nn.Identity()

    assert not protocols.conditional(Plain) and protocols.conditional(WithConditions())


def test_another_build_is_not_what_the_class_above_it_declares() -> None:
    @dataclass(frozen=True)
    class Without(CompactGenerator):
        def build(self, shape) -> nn.Module:  # pyright: ignore[reportIncompatibleMethodOverride]
            return nn.Identity()

    @dataclass(frozen=True)
    class Declared(Without):
        conditional = True

    @dataclass(frozen=True)
    class Renamed(CompactGenerator):
        width: int = 8

    assert not protocols.conditional(Without) and not protocols.conditional(Without())
    assert protocols.conditional(Declared()) and protocols.conditional(Renamed)


def test_what_cannot_be_called_implements_no_network() -> None:
    assert implements(nn.Identity(), protocols.Discriminator)
    assert not implements(object(), protocols.Discriminator)


def test_classifiers_and_heads_without_a_bias() -> None:
    reading = CompactDiscriminator(width=4, hidden=4, condition="classifier").build(SHAPE, 3)
    scores = CompactDiscriminator(width=4, hidden=4).build(SHAPE, 3)
    assert protocols.classifies(reading) and not protocols.classifies(scores)
    assert isinstance(reading(torch.zeros(2, *SHAPE)), protocols.ScoresAndLogits)
    for bias in (True, False):
        head = R3GANDiscriminator(widths=(4,), bias=bias).build(SHAPE, 2)
        scores = head(torch.randn(3, *SHAPE), torch.zeros(3, 2))
        assert protocols.needs_nonzero_conditions(head) == (not bias)
        assert bias or not scores.any()
    assert not protocols.needs_nonzero_conditions(R3GANDiscriminator(bias=False).build(SHAPE))


def test_layers_of_a_growing_network_stand_in_no_order() -> None:
    grown = ProgressiveDiscriminator(width=4, widest=4).build(SHAPE)
    assert not protocols.layers_in_order(grown)
    assert protocols.layers_in_order(CompactDiscriminator(width=4).build(SHAPE))
    assert protocols.layers_in_order(nn.Linear(1, 1))


def test_features_and_head_make_the_whole() -> None:
    images = torch.randn(2, *SHAPE)
    for network in (
        CompactDiscriminator(width=4, hidden=4).build(SHAPE),
        DCGANDiscriminator(width=4, norm="none").build(SHAPE),
        nn.Sequential(nn.Flatten(), nn.Linear(256, 3), nn.ReLU(), nn.Linear(3, 1), nn.Flatten(0)),
    ):
        parts = protocols.features_and_head(network)
        assert parts is not None
        features, head = parts
        assert torch.equal(head(features(images)), network(images))
        assert [layer for layer in head if list(layer.parameters())] == [head[0]]  # pyright: ignore
    assert protocols.features_and_head(nn.Sequential(nn.Linear(1, 1))) is None
    assert protocols.features_and_head(DCGANGenerator().build(SHAPE)[0]) is None  # pyright: ignore

    class Own(nn.Module):
        def features_and_head(self) -> tuple[nn.Module, nn.Module]:
            return nn.Identity(), nn.Flatten()

    parts = protocols.features_and_head(Own())
    assert parts is not None and isinstance(parts[1], nn.Flatten)


def test_an_interface_asks_for_what_it_extends() -> None:
    class Follower(nn.Module):
        def follow(self, ws: Tensor) -> None: ...

    assert not implements(Follower(), protocols.AveragingStyles)
    assert implements(StyleGenerator(latent=4).build(SHAPE), protocols.AveragingStyles)
