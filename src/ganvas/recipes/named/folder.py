"""A good start for images of one's own: any folder, few or many."""

from dataclasses import replace

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.diffaugment import DiffAugment
from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.augmentation import Adaptive
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.recipes.recipe import Data, Every, Recipe

IMAGES = 200_000


def folder() -> Recipe:
    """Any folder of images, few or many, at its own aspect ratio, 64 pixels on the shorter side.

    Command: ``ganvas train`` with ``data=my_photos/``. On one CPU core with bfloat16: about 20
    minutes for 200,000 images at 64 pixels. Expect something recognisable after two of them.

    Non-saturating loss; R1 on every eighth round; all inputs of the discriminator are augmented
    (shift, colour, cutout) and half of them mirrored, so that a few hundred pictures suffice. The
    learning rate falls to a tenth and stays there: ``images`` may ask for more than 200,000.
    """
    optimiser = Adam(lr=Linear(1e-3, 1e-4, until=IMAGES, begin=IMAGES * 2 // 5), betas=(0.0, 0.99))
    return Recipe(
        name="folder",
        sources={"train": Data("", split="all", size=64, flip=True)},
        networks={
            "generator": CompactGenerator(latent=128, width=32),
            "discriminator": CompactDiscriminator(width=48, growth=2.0, hidden=256),
        },
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("r1", 0.1, every=8),),
            reuse_fakes=True,
            joint_pass=True,
        ),
        optimisers={"generator": optimiser, "discriminator": optimiser},
        augment=DiffAugment(steps="even"),
        half_life=Linear(0.0, 10_000.0, until=100_000),
        batch=32,
        images=IMAGES,
        fit_minutes=True,
        every=Every(log=2_000, samples=10_000, checkpoint=50_000),
    )


def few_shot() -> Recipe:
    """A hundred pictures or so: ADA's transformations, as strongly as the discriminator overfits.

    Command: ``ganvas train few-shot`` with ``data=my_photos/``. On one CPU core with bfloat16:
    about 35 minutes for 200,000 images at 64 pixels.

    As ``folder``, with the pipeline of Karras et al. 2020 (flips, quarter turns, shifts, scales,
    rotations, colours) in place of DiffAugment; each is applied with a probability that rises while
    more reals than the target have scores above zero; it is adjusted in every fourth round, and can
    rise from 0 to 1 within 100,000 images. R1 takes slopes at the augmented images, as in
    ``folder``; the paper takes them at the images before (``through: images``).
    """
    strength = Adaptive(target=0.6, images=100_000, every=4)
    return replace(folder(), name="few-shot", augment=ADA(), strength=strength)
