"""The autoencoder and the encoder: shapes, parts, sizes refused, gradients, precision."""

import pytest
import torch
from torch import nn

from ganvas.errors import UsageError
from ganvas.networks.autoencoder import CompactAutoencoder
from ganvas.networks.encoder import CompactEncoder

SHAPES = [(1, 28, 28), (3, 32, 32), (3, 48, 32), (3, 64, 96)]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_autoencoder_gives_images_back_through_its_bottleneck(shape) -> None:
    network = CompactAutoencoder(width=8, hidden=5).build(shape)
    images = torch.randn(3, *shape)
    features = network.encode(images)  # pyright: ignore
    assert features.shape == (3, 5)
    assert network(images).shape == images.shape
    torch.testing.assert_close(network.decode(features), network(images))  # pyright: ignore


def test_an_autoencoder_judges_images_alone_and_without_bound() -> None:
    network = CompactAutoencoder(width=8).build((1, 28, 28))
    images = 1e4 * torch.randn(4, 1, 28, 28)
    alone = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(network(images), alone, rtol=1e-4, atol=1e-2)
    assert network(images).abs().max() > 1


@pytest.mark.parametrize("shape", SHAPES)
def test_an_encoder_gives_two_numbers_a_latent(shape) -> None:
    network = CompactEncoder(width=8, hidden=16).build(shape, 6)
    assert network(torch.randn(3, *shape)).shape == (3, 12)


@pytest.mark.parametrize(
    "network",
    [CompactAutoencoder(width=8).build((3, 32, 32)), CompactEncoder(8).build((3, 32, 32), 6)],
)
def test_every_weight_gets_a_gradient_also_in_bfloat16_and_channels_last(
    network: nn.Module,
) -> None:
    network.to(memory_format=torch.channels_last)  # pyright: ignore
    images = torch.randn(4, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        network(images).float().square().sum().backward()
    missing = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert missing == []


@pytest.mark.parametrize("shape", [(1, 29, 29), (1, 1, 1), (3, 64, 640)])
def test_sizes_that_cannot_be_halved_are_refused(shape) -> None:
    with pytest.raises(UsageError, match="cannot make"):
        CompactAutoencoder().build(shape)
    with pytest.raises(UsageError, match="cannot make"):
        CompactEncoder().build(shape, 6)


def test_the_energy_of_an_autoencoder_can_be_differentiated_twice() -> None:
    network = CompactAutoencoder(width=4).build((1, 28, 28))
    images = torch.randn(2, 1, 28, 28, requires_grad=True)
    energy = (network(images) - images).square().sum()
    (slope,) = torch.autograd.grad(energy, images, create_graph=True)
    slope.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
