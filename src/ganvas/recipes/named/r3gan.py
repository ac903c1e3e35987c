"""R3GAN (Huang et al. 2024): a relativistic loss, both penalties, plain residual networks.

The paper's training begins with a burn-in, in which learning rate, gamma, second beta, EMA
half-life and augmentation follow cosines; then it goes on for long at their final values. A
penalty's ``weight`` is the paper's gamma: both multiply half the squared slope, taken at the images
before their augmentation. Each turn of either player has fakes and reals of its own.
"""

from dataclasses import replace

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.colour import Colour
from ganvas.data.augment.corruption import Corruption
from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Cosine
from ganvas.games.gan import GAN, Penalty
from ganvas.networks.r3gan import R3GANDiscriminator, R3GANGenerator, Size
from ganvas.recipes.recipe import Data, Every, Recipe

AUGMENTATION = ADA(colour=Colour(chance=0.5), corruption=Corruption(noise=0.0, span="rims"))
"""The transformations that the authors choose from ADA's."""


def r3gan_tiny() -> Recipe:
    """R3GAN for one CPU core: a block at each resolution, each channel convolved alone.

    Command: ``ganvas train r3gan-tiny``, or with ``data=my_photos/ data.size=64``. On one CPU core
    with bfloat16: 60 minutes for 1,000,000 images at 32x32, by the speed of a step; it has not been
    run to its end here, and what it reaches is not known.

    The paper's loss and penalties, a far shorter burn-in and fifteen times its rate: at five times
    its rate, 30,000 of MNIST's digits gave distances four times as large. The generator learns from
    the same fakes and reals as the discriminator, which saves a forward; the paper draws both anew
    (``game.reuse_fakes=false game.fresh_reals=true``).
    """
    recipe = _recipe("tiny", 3e-3, (0.05, 0.005), burn_in=400_000, half_life=20_000)
    return replace(
        recipe,
        game=replace(recipe.game, reuse_fakes=True, fresh_reals=False),  # pyright: ignore
        batch=64,
        images=1_000_000,
        every=Every(log=4_000, samples=50_000, checkpoint=100_000),
    )


def r3gan_small() -> Recipe:
    """R3GAN for one GPU: the paper's blocks, a third as wide (2.7 million weights each).

    Command: ``ganvas train r3gan-small``, or with ``data=my_photos/ data.size=64``. Hardware: one
    GPU; on an H200 four and a half hours, by the speed of a step (1,250 images/s). It has not been
    run to its end here.

    Half of the images are mirrored, and ADA's transformations are applied more and more often, as
    in ``r3gan-base``. An embedding of classes has no bias; of attributes it needs one
    (``discriminator.bias=true``).
    """
    recipe = _recipe("small", 2e-4, (0.05, 0.005), burn_in=5_000_000, half_life=500_000)
    discriminator = R3GANDiscriminator(size="small", bias=False)
    return replace(
        recipe,
        networks={**recipe.networks, "discriminator": discriminator},
        augment=AUGMENTATION,
        strength=Cosine(0.0, 0.3, until=5_000_000),
        batch=256,
        images=20_000_000,
        every=Every(log=25_600, samples=200_000, checkpoint=1_000_000),
    )


def r3gan_base() -> Recipe:
    """R3GAN as its paper trains it on CIFAR-10: 20.7 million weights each, 250 million images.

    Command: ``ganvas train r3gan-base`` with ``condition=class``, as the paper, or without: any
    pictures then do, ``data=my_photos/ data.size=64``. Its FFHQ at 64 pixels is, besides,
    ``batch=256 strength.end=0.3 half_life.end=500000 game.penalties=[{kind: r1, through: images,
    weight: {kind: cosine, start: 2, end: 0.2, until: 20000000}}, {kind: r2, through: images,
    weight: {kind: cosine, start: 2, end: 0.2, until: 20000000}}]``. Hardware: several GPUs, days:
    one H200 sees 354 images/s. It has not been run to its end here, and no figure of the paper's is
    promised.

    Half of the images are mirrored; ADA's transformations reach a probability of 0.55, those of
    colour half of that, beside squares that are cut out. An embedding of classes has no bias; of
    attributes it needs one (``discriminator.bias=true``).
    """
    recipe = _recipe("base", 2e-4, (0.05, 0.005), burn_in=20_000_000, half_life=5_000_000)
    discriminator = R3GANDiscriminator(size="base", bias=False)
    return replace(
        recipe,
        networks={**recipe.networks, "discriminator": discriminator},
        augment=AUGMENTATION,
        strength=Cosine(0.0, 0.55, until=20_000_000),
        batch=512,
        images=250_000_000,
        every=Every(log=51_200, samples=500_000, checkpoint=5_000_000),
    )


def _recipe(
    size: Size, rate: float, gamma: tuple[float, float], burn_in: int, half_life: int
) -> Recipe:
    optimiser = Adam(
        lr=Cosine(rate, rate / 4, until=burn_in),
        betas=(0.0, Cosine(0.9, 0.99, until=burn_in)),
    )
    weight = Cosine(*gamma, until=burn_in)
    penalties = (
        Penalty("r1", weight, through="images"),
        Penalty("r2", weight, through="images"),
    )
    return Recipe(
        name=f"r3gan-{size}",
        sources={"train": Data("cifar10", flip=True)},
        networks={
            "generator": R3GANGenerator(size=size),
            "discriminator": R3GANDiscriminator(size=size),
        },
        game=GAN(loss="relativistic", penalties=penalties, fresh_reals=True),
        optimisers={"generator": optimiser, "discriminator": optimiser},
        half_life=Cosine(0.0, half_life, until=burn_in),
        images=burn_in,
    )
