"""Every network: right shapes, a gradient for every weight, and the tutorials' layers exactly."""

import pytest
import torch
from torch import nn

from ganvas.errors import UsageError
from ganvas.networks.compact import CompactGenerator
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.networks.layers.initialise import initialise
from ganvas.networks.shape import halvings
from ganvas.networks.tutorial_mnist import TutorialMnistDiscriminator, TutorialMnistGenerator
from ganvas.recipes.parts import DISCRIMINATORS, GENERATORS

SHAPES = [(1, 28, 28), (3, 32, 32), (3, 64, 96), (3, 48, 32)]


BARE = ("r3gan", "style", "mlp")
"""Generators whose last layer nothing bounds."""


def layout(network: nn.Module) -> list[str]:
    """Layers with weights, in words; reshaping and activations left out."""
    return [str(m) for m in network if any(True for _ in m.parameters())]  # pyright: ignore


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", GENERATORS)
def test_generators_make_images_of_the_shape_asked_for(kind: str, shape) -> None:
    settings = GENERATORS[kind]()
    network = settings.build(shape)
    images = network(torch.randn(3, settings.latent))
    assert images.shape == (3, *shape)
    assert images.isfinite().all() and (kind in BARE or images.abs().max() <= 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_discriminators_give_unbounded_scores(kind: str, shape) -> None:
    network = DISCRIMINATORS[kind]().build(shape)
    scores = network.eval()(torch.randn(3, *shape) * 1e5).detach()
    assert scores.shape[0] == 3
    assert scores.max() > 1 or scores.min() < 0  # no probabilities


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_generator_weight_gets_a_gradient(kind: str) -> None:
    settings = GENERATORS[kind]()
    network = settings.build((3, 32, 32))
    weights = torch.randn(4, 3, 32, 32)
    (network(torch.randn(4, settings.latent)) * weights).sum().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_every_discriminator_weight_gets_a_gradient(kind: str) -> None:
    network = DISCRIMINATORS[kind]().build((3, 32, 32))
    network(torch.randn(4, 3, 32, 32)).square().sum().backward()
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    assert trained and [name for name, p in trained if p.grad is None] == []


def test_dcgan_is_tutorial_a_layer_by_layer() -> None:
    up = "kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))"
    generator = [
        "ConvTranspose2d(100, 512, kernel_size=(4, 4), stride=(1, 1))",
        "BatchNorm2d(512",
        f"ConvTranspose2d(512, 256, {up}",
        "BatchNorm2d(256",
        f"ConvTranspose2d(256, 128, {up}",
        "BatchNorm2d(128",
        f"ConvTranspose2d(128, 3, {up}",
    ]
    discriminator = [
        f"Conv2d(3, 128, {up}",
        f"Conv2d(128, 256, {up}",
        "BatchNorm2d(256",
        f"Conv2d(256, 512, {up}",
        "BatchNorm2d(512",
        "Conv2d(512, 1, kernel_size=(4, 4), stride=(1, 1))",
    ]
    for settings, expected in (
        (DCGANGenerator(), generator),
        (DCGANDiscriminator(), discriminator),
    ):
        found = layout(settings.build((3, 32, 32)))
        assert len(found) == len(expected)
        assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


def test_tutorial_mnist_has_the_tutorials_layers() -> None:
    generator = layout(TutorialMnistGenerator().build((1, 28, 28)))
    assert [line.split("(")[0] for line in generator] == [
        "Linear", "BatchNorm1d", "Linear", "BatchNorm1d",
        "ConvTranspose2d", "BatchNorm2d", "ConvTranspose2d",
    ]  # fmt: skip
    assert "in_features=1024, out_features=6272" in generator[2]
    discriminator = layout(TutorialMnistDiscriminator().build((1, 28, 28)))
    assert "Conv2d(32, 64, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))" in discriminator[1]
    assert "in_features=3136, out_features=1024" in discriminator[2]


def test_a_stride_on_a_single_pixel_changes_nothing() -> None:
    """The tutorial's first layer has stride 2 on a 1x1 map; ours has stride 1: the same map."""
    ours = nn.ConvTranspose2d(5, 7, 4)
    theirs = nn.ConvTranspose2d(5, 7, 4, stride=2)
    theirs.load_state_dict(ours.state_dict())
    latent = torch.randn(3, 5, 1, 1)
    torch.testing.assert_close(ours(latent), theirs(latent))


@pytest.mark.parametrize("how", ["normal", "truncated-normal", "orthogonal"])
def test_initialisations_have_their_statistics(how) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(64, 128, 4), nn.BatchNorm2d(128), nn.Linear(256, 256))
    initialise(network, how)
    convolution, linear = network[0].weight.detach(), network[2].weight.detach()  # pyright: ignore
    assert network[0].bias.abs().max() == 0  # pyright: ignore
    if how == "orthogonal":
        torch.testing.assert_close(linear @ linear.T, torch.eye(256), atol=1e-4, rtol=0)
    else:
        # A normal cut at two deviations keeps 0.8796 of its deviation.
        expected = 0.02 if how == "normal" else 0.02 * 0.8796
        assert convolution.std().item() == pytest.approx(expected, rel=0.02)
        assert (convolution.abs().max() <= 0.04 + 1e-6) == (how == "truncated-normal")
        assert network[1].weight.std().item() == pytest.approx(0.02, rel=0.2)  # pyright: ignore


@pytest.mark.parametrize("how", ["torch", "normal", "truncated-normal", "orthogonal"])
def test_conditional_batchnorm_begins_as_a_plain_one_however_weights_begin(how) -> None:
    network = CompactGenerator(width=8, init=how).build((1, 28, 28), conditions=4).eval()
    latent = torch.randn(1, 64).expand(4, -1)
    images = network(latent, torch.eye(4))
    torch.testing.assert_close(images, images[:1].expand(4, -1, -1, -1))


def test_spectral_norm_bounds_the_largest_singular_value() -> None:
    torch.manual_seed(0)
    network = DCGANDiscriminator(width=16, norm="spectral").build((1, 16, 16))
    for _ in range(60):  # the power iteration converges over forwards
        network(torch.randn(2, 1, 16, 16))
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            value = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
            assert value.item() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((28, 28), (2, 7, 7)), ((32, 32), (3, 4, 4)), ((64, 96), (4, 4, 6)), ((128, 128), (5, 4, 4))],
)
def test_halvings(size, expected) -> None:
    assert halvings((3, *size)) == expected


@pytest.mark.parametrize("size", [(29, 29), (7, 8), (64, 640)])
def test_sizes_that_no_network_can_make_are_refused(size) -> None:
    with pytest.raises(UsageError, match="cannot make"):
        halvings((3, *size))
    with pytest.raises(UsageError, match="cannot make"):
        TutorialMnistGenerator().build((3, *size))
