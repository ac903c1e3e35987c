"""A thousand modes, and five ideas against mode collapse."""

from dataclasses import replace
from typing import Literal

from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.mode_seeking import ModeSeeking
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.recipes.named.mnist import mnist
from ganvas.recipes.recipe import Data, Recipe

IMAGES = 1_500_000


def stacked_mnist() -> Recipe:
    """Stacked-MNIST: three digits as the channels of a colour image make 1,000 modes.

    Command: ``ganvas train stacked-mnist``. On one CPU core with bfloat16: thirty minutes by the
    clock.

    As ``mnist``, with three channels (Metz et al. 2017). Modes are counted as in Srivastava et al.
    2017: a classifier of digits reads 26,000 samples, channel by channel.
    """
    optimiser = Adam(lr=Linear(2e-3, 0.0, until=IMAGES, begin=IMAGES * 2 // 5), betas=(0.0, 0.99))
    recipe = mnist()
    assert recipe.evaluation is not None
    return replace(
        recipe,
        name="stacked-mnist",
        sources={"train": Data("stacked-mnist")},
        networks={
            "generator": CompactGenerator(latent=128, width=32),
            "discriminator": CompactDiscriminator(width=48),
        },
        optimisers={"generator": optimiser, "discriminator": optimiser},
        images=IMAGES,
        minutes=30,
        evaluation=replace(recipe.evaluation, every=300_000, count=26_000),
    )


def _plain(name: str, **more: object) -> Recipe:
    """Three minutes of ``stacked-mnist`` without a penalty: a GAN whose modes collapse."""
    recipe, optimiser = stacked_mnist(), Adam(2e-4, (0.5, 0.999))
    settings: dict[str, object] = {
        "networks": {"generator": CompactGenerator(), "discriminator": CompactDiscriminator()},
        "game": GAN(),
        "optimisers": {"generator": optimiser, "discriminator": optimiser},
        "images": 120_000,
        "minutes": None,
        "evaluation": replace(recipe.evaluation, every=120_000),  # pyright: ignore
    }
    return replace(recipe, name=name, **{**settings, **more})  # pyright: ignore


def _diverse(name: str, diversity: Literal["discrimination", "deviation"]) -> Recipe:
    """The same with a discriminator that looks at how much the images of a batch differ."""
    discriminator = CompactDiscriminator(diversity=diversity)
    return _plain(name, networks={"generator": CompactGenerator(), "discriminator": discriminator})


def pacgan() -> Recipe:
    """PacGAN (Lin et al. 2018): the discriminator scores two images at a time.

    Command: ``ganvas train pacgan``. On one CPU core with bfloat16: about two minutes, on
    Stacked-MNIST. Pairs of alike images give a collapsed generator away.
    """
    return _plain("pacgan", game=GAN(pack=2))


def minibatch_discrimination() -> Recipe:
    """Minibatch discrimination (Salimans et al. 2016): how near an image is to others of its batch.

    Command: ``ganvas train minibatch-discrimination``. On one CPU core with bfloat16: about two
    minutes, on Stacked-MNIST.
    """
    return _diverse("minibatch-discrimination", "discrimination")


def minibatch_deviation() -> Recipe:
    """Minibatch standard deviation (Karras et al. 2018): a map of how much a batch varies.

    Command: ``ganvas train minibatch-deviation``. On one CPU core with bfloat16: about two minutes,
    on Stacked-MNIST.
    """
    return _diverse("minibatch-deviation", "deviation")


def mode_seeking() -> Recipe:
    """Mode seeking (Mao et al. 2019): different latents must make different images.

    Command: ``ganvas train mode-seeking``. On one CPU core with bfloat16: about two minutes, on
    Stacked-MNIST.
    """
    return _plain("mode-seeking", game=GAN(terms=(ModeSeeking(),)))


def r1() -> Recipe:
    """R1 (Mescheder et al. 2018): a penalty on the discriminator's slope at the reals.

    Command: ``ganvas train r1``. On one CPU core with bfloat16: about three minutes, on
    Stacked-MNIST.
    """
    return _plain("r1", game=GAN(penalties=(Penalty("r1", 1.0),)))
