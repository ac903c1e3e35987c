"""A good start for anyone's images."""

from ganvas.data.augment import Augmentation
from ganvas.engine.player import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.recipes.recipe import Data, Every, Recipe

IMAGES = 1_000_000


def folder() -> Recipe:
    """Any folder of images, few or many, at its own aspect ratio: augmented, so that few suffice.

    Command: ``ganvas train --data my_photos/``. TIME_FOLDER
    """
    optimiser = Adam(lr=1e-3, betas=(0.0, 0.99))
    return Recipe(
        name="folder",
        data=Data("", split="all", size=64, flip=True),
        generator=CompactGenerator(latent=128, width=48),
        discriminator=CompactDiscriminator(width=48, growth=2.0, hidden=256),
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("r1", 1.0, every=8),),
            reuse_fakes=True,
            joint_pass=True,
        ),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        augment=Augmentation(),
        half_life=Linear(0.0, 10_000.0, until=100_000),
        batch=32,
        images=IMAGES,
        every=Every(log=2_000, samples=10_000, checkpoint=50_000),
    )
