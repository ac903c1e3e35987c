"""Projected GAN: a discriminator on the features of a network trained on ImageNet."""

from ganvas.data.augment.diffaugment import DiffAugment
from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.features.projected import ProjectedDiscriminator
from ganvas.games.gan import GAN
from ganvas.networks.fastgan import FastGANGenerator
from ganvas.recipes.recipe import Data, Every, Recipe


def projected() -> Recipe:
    """Projected GAN (Sauer et al. 2021) on any folder of images, 64 pixels on the shorter side.

    Command: ``ganvas train projected`` with ``data=my_photos/``. It needs an extra: ``pip install
    'ganvas[imagenet]'``. On one CPU core with bfloat16: about 25 minutes for 100,000 images at 64
    pixels, by its speed; it has not been run to its end here. ``discriminator.size=64`` is twice as
    fast and gives it less detail.

    The discriminator reads features of efficientnet-lite0, a network trained on ImageNet, which is
    frozen; only small heads on these features learn. So the run owes part of its quality to a
    million labelled photographs, and distances measured in efficientnet-lite0's features flatter
    it, those in other ImageNet networks (the FID among them) in part as well (Kynkäänniemi et al.
    2023): compare it with other recipes by eye, or in features that have nothing to do with
    ImageNet.

    Hinge loss, Adam 2e-4 with betas (0, 0.99), EMA, and all inputs of the discriminator augmented
    (Zhao et al. 2020; shifted exactly as there with ``augment.steps=even``), half of them mirrored,
    as in the authors' program; the generator is FastGAN's with spectral norm and latents on the
    sphere. Smaller than theirs are the generator (16 channels at the largest map), the batch (32
    instead of 64) and the discriminator, whose input is 128 pixels wide instead of 224 and which
    has 0.7 million weights instead of 10: ``discriminator.form=full discriminator.size=224`` is
    theirs, for a GPU.

    They train for millions of images. In ten thousand, rates of 2e-4 have hardly begun; at 1e-3
    (``generator_optimiser.lr=1e-3 discriminator_optimiser.lr=1e-3``) 4,000 images of cats gave
    sharp eyes and noses out of place, where a compact discriminator drew whole, blurred faces in a
    third of the time. On a CPU take ``folder``.
    """
    optimiser = Adam(lr=2e-4, betas=(0.0, 0.99))
    return Recipe(
        name="projected",
        sources={"train": Data("", split="all", size=64, flip=True)},
        networks={
            "generator": FastGANGenerator(spectral=True, sphere=True),
            "discriminator": ProjectedDiscriminator(),
        },
        game=GAN(loss="hinge", reuse_fakes=True),
        optimisers={"generator": optimiser, "discriminator": optimiser},
        augment=DiffAugment(),
        half_life=Linear(0.0, 10_000.0, until=200_000),
        batch=32,
        images=100_000,
        every=Every(log=2_000, samples=5_000, checkpoint=20_000),
    )
