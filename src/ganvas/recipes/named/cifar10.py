"""CIFAR-10 on a CPU."""

from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.recipes.condition_settings import ByClass
from ganvas.recipes.recipe import Data, Every, Recipe

IMAGES = 1_000_000


def cifar10() -> Recipe:
    """CIFAR-10 on one CPU core: ten kinds of pictures, each the one asked for.

    Command: ``ganvas train cifar10``, then ``ganvas sample RUN`` with ``label=frog out=frogs.png``.
    On one CPU core with bfloat16: thirty minutes by the clock. Expect cars, horses, ships and
    planes that can be told apart, birds and cats that hardly can.

    Non-saturating loss, R1 on every sixteenth round; the class conditions the generator through
    the gain and bias of its BatchNorms (de Vries et al. 2017), the discriminator by a projection
    (Miyato & Koyama 2018); half of the pictures are mirrored; EMA.
    """
    optimiser = Adam(lr=Linear(1e-3, 0.0, until=IMAGES, begin=IMAGES * 2 // 5), betas=(0.0, 0.99))
    return Recipe(
        name="cifar10",
        sources={"train": Data("cifar10", flip=True)},
        networks={
            "generator": CompactGenerator(latent=128, width=64),
            "discriminator": CompactDiscriminator(width=64, growth=2.0, hidden=512),
        },
        condition=ByClass(),
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("r1", 0.1, every=16),),
            reuse_fakes=True,
            joint_pass=True,
        ),
        optimisers={"generator": optimiser, "discriminator": optimiser},
        half_life=Linear(0.0, 20_000.0, until=200_000),
        batch=64,
        images=IMAGES,
        minutes=29.9,
        fit_minutes=True,
        every=Every(log=4_000, samples=50_000, checkpoint=100_000),
    )
