"""The defects of the two tutorials' programs, each shown, and each shown to be absent here.

See docs/tutorials.md. The first half of a test reproduces what was printed, in our own words.
"""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import ganvas
from ganvas.data import ItemStream, load_dataset
from ganvas.domains import Image
from ganvas.losses import penalties
from ganvas.losses.adversarial import adversarial_loss
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.recipes.build.choices import choose
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe_table import RECIPES, change, find
from ganvas.sampling.latent_space import LatentSpace
from ganvas.sampling.sampler import Sampler

SMALL = {"generator.width": 8, "discriminator.width": 8, "threads": 1, "precision": "fp32"}


def engine(recipe: str, size: int, channels: int, **more):
    settings = change(find(recipe), {**SMALL, "batch": 16, **more})
    pixels = torch.randint(0, 256, (64, channels, size, size), dtype=torch.uint8)
    return build_engine(Prepared.of(settings, load_dataset(pixels), choose(settings)))


def gradients(network: nn.Module) -> list[torch.Tensor]:
    return [p.grad for p in network.parameters() if p.grad is not None]


def test_a_detached_generator_learns_nothing() -> None:
    generator = DCGANGenerator(8, 8).build((3, 16, 16))
    discriminator = DCGANDiscriminator(8).build((3, 16, 16))
    fake = generator(torch.randn(4, 8))
    F.softplus(-discriminator(fake.detach())).mean().backward()
    assert gradients(generator) == []

    play = engine("tutorial-cifar10", 32, 3)
    network = play.game.networks()["generator"]
    before = [p.clone() for p in network.parameters()]
    play.round()
    assert all(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_interpolates_must_require_a_gradient() -> None:
    real, fake = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    printed = 0.3 * real + 0.7 * fake
    with pytest.raises(RuntimeError, match=r"not have been used|does not require grad"):
        torch.autograd.grad(nn.Flatten()(printed).sum(), printed)
    ours = penalties.interpolates(real, fake, torch.rand(2))
    assert ours.requires_grad


def test_a_penalty_without_a_graph_trains_nothing() -> None:
    layer = nn.Linear(48, 1)
    points = torch.randn(4, 48, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(points).sum(), points, retain_graph=True)
    assert not slope.requires_grad
    images = torch.randn(4, 3, 4, 4, requires_grad=True)
    assert penalties.one_centred(layer(images.flatten(1)), images).requires_grad


def test_slopes_are_of_whole_images() -> None:
    images = torch.randn(5, 3, 8, 8, requires_grad=True)
    scores = images.flatten(1).sum(1)
    (gradient,) = torch.autograd.grad(scores.sum(), images, retain_graph=True)
    printed = gradient.square().sum(dim=1).sqrt()
    assert printed.shape == (5, 8, 8)
    ours = penalties.one_centred(scores, images)
    torch.testing.assert_close(ours, torch.full((5,), (math.sqrt(192) - 1) ** 2))


def test_every_interpolate_has_its_own_epsilon() -> None:
    real, fake = torch.ones(64, 1, 1, 1), torch.zeros(64, 1, 1, 1)
    points = penalties.interpolates(real, fake, torch.rand(64))
    assert points.detach().unique().numel() == 64


def test_a_sigmoid_flattens_what_the_penalty_sees() -> None:
    images = torch.randn(6, 1, 4, 4, requires_grad=True)
    scores = 10 * images.flatten(1).sum(1)
    behind = penalties.image_gradients(torch.sigmoid(scores), images).norm(dim=1)
    before = penalties.image_gradients(scores, images).norm(dim=1)
    assert (behind <= before / 4 + 1e-6).all()
    torch.testing.assert_close(before, torch.full((6,), 40.0))


def test_batchnorm_couples_the_images_of_a_batch() -> None:
    torch.manual_seed(0)
    images, others = torch.randn(1, 3, 32, 32), torch.randn(2, 7, 3, 32, 32)

    def first_score(settings: DCGANDiscriminator, rest: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(1)
        return settings.build((3, 32, 32))(torch.cat([images, rest]))[0]

    for name, coupled in (("tutorial-cifar10", True), ("tutorial-cifar10-wgan-gp", False)):
        settings = change(RECIPES[name](), {"discriminator.width": 8}).networks["discriminator"]
        assert isinstance(settings, DCGANDiscriminator)
        scores = [first_score(settings, rest) for rest in others]
        assert torch.allclose(scores[0], scores[1], atol=1e-5) != coupled


def test_samples_do_not_depend_on_their_batch() -> None:
    torch.manual_seed(0)
    generator = DCGANGenerator(8, 8).build((3, 16, 16))
    latents = torch.randn(16, 8)
    apart = (generator(latents[:2]) - generator(latents)[:2]).abs().max()
    assert apart > 0.01  # training mode, as printed
    sampler = Sampler(generator, Image(3, 16, 16), LatentSpace(8))
    few, all_of_them = sampler.make(latents[:2]), sampler.make(latents)
    assert torch.equal(few, all_of_them[:2])
    assert generator.training


def test_a_sigmoid_before_a_logits_loss_has_a_floor() -> None:
    best_real, best_fake = torch.sigmoid(torch.tensor(50.0)), torch.sigmoid(torch.tensor(-50.0))
    loss = adversarial_loss("non-saturating").discriminator
    floor = loss(best_real.view(1), best_fake.view(1)).item()
    assert floor == pytest.approx(math.log(2) + math.log(1 + math.exp(-1)), abs=1e-5)
    assert floor == pytest.approx(1.006, abs=1e-3)
    assert loss(torch.tensor([50.0]), torch.tensor([-50.0])).item() < 1e-6
    network = find("tutorial-mnist").networks["discriminator"].build((1, 28, 28))
    assert not any(isinstance(layer, nn.Sigmoid) for layer in network.modules())


def test_the_printed_noise_is_neither_uniform_nor_standard() -> None:
    torch.manual_seed(0)
    printed = (torch.randn(100_000) - 0.5) / 0.5
    assert printed.mean().item() == pytest.approx(-1, abs=0.03)
    assert printed.std().item() == pytest.approx(2, abs=0.03)
    seen = []
    play = engine("tutorial-mnist", 28, 1, batch=64)
    play.game.networks()["generator"].register_forward_pre_hook(lambda _, z: seen.append(z[0]))
    for _ in range(4):
        play.round()
    latents = torch.cat(seen).flatten()
    assert latents.mean().item() == pytest.approx(0, abs=0.03)
    assert latents.std().item() == pytest.approx(1, abs=0.03)


def test_the_discriminators_turn_sends_nothing_to_the_generator() -> None:
    play = engine("tutorial-mnist", 28, 1)
    seen = []
    generator = play.game.networks()["generator"]
    discriminator = play.game.players["discriminator"]
    step = discriminator.step

    def spy() -> torch.Tensor:
        seen.append(gradients(generator))
        return step()

    discriminator.step = spy
    play.round()
    assert seen == [[]]


def test_each_epoch_has_its_own_order() -> None:
    images = load_dataset(torch.arange(32, dtype=torch.uint8).view(32, 1, 1, 1).expand(32, 1, 4, 4))
    stream = ItemStream(images, seed=0, device="cpu")
    epochs = [stream.batch(32 * e, 32)["image"][:, 0, 0, 0] for e in range(3)]
    for epoch in epochs:
        assert epoch.unique().numel() == 32  # every image once
    assert not torch.equal(epochs[0], epochs[1]) and not torch.equal(epochs[1], epochs[2])


def test_the_positional_split_is_the_tutorials() -> None:
    trained = load_dataset("mnist", split="0:50000")
    held_out = load_dataset("mnist", split="50000:55000")
    assert (len(trained), len(held_out)) == (50_000, 5_000)
    assert find("tutorial-mnist").data.split == "0:50000"
    everything = load_dataset("mnist")
    assert torch.equal(everything.pixels[50_000:55_000], held_out.pixels)


def test_lengths_batches_and_rates_are_the_tutorials() -> None:
    a, b = find("tutorial-cifar10"), find("tutorial-mnist")
    assert (a.images, a.batch, b.images, b.batch) == (15 * 50_000, 128, 50 * 50_000, 100)
    assert a.optimisers["generator"].lr == a.optimisers["discriminator"].lr == 2e-4
    assert b.optimisers["generator"].lr == b.optimisers["discriminator"].lr == 3e-4
    assert a.optimisers["generator"].betas == b.optimisers["generator"].betas == (0.5, 0.999)
    assert (a.latent, b.latent) == (100, 100)
    assert ganvas.__version__
