"""The quick default: readable, varied digits in a few CPU minutes."""

from dataclasses import replace

from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.warm_up import WarmUp
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.recipes.recipe import Data, EvaluationSettings, Every, Recipe

IMAGES = 360_000


def mnist() -> Recipe:
    """Handwritten digits on any machine: small networks, a high learning rate that falls to zero.

    Command: ``ganvas train`` (or ``ganvas train mnist``). On one CPU core with bfloat16: under five
    minutes for 360,000 images, six evaluations among them; where it is slower, for as many as
    they allow. Expect clearly readable, varied digits: all ten, at 8 to 13 times the distance of
    real digits from each other, in the features ``digits``.

    Non-saturating loss; R1 on every sixteenth round (Mescheder et al. 2018; lazily, as Karras et
    al. 2020); the generator learns from the same fakes as the discriminator; EMA.
    """
    optimiser = Adam(lr=Linear(2e-3, 0.0, until=IMAGES, begin=IMAGES * 2 // 5), betas=(0.0, 0.99))
    return Recipe(
        name="mnist",
        sources={"train": Data("mnist")},
        networks={"generator": CompactGenerator(), "discriminator": CompactDiscriminator()},
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("r1", 1.0, every=16),),
            reuse_fakes=True,
            joint_pass=True,
        ),
        optimisers={"generator": optimiser, "discriminator": optimiser},
        half_life=Linear(0.0, 10_000.0, until=100_000),
        batch=64,
        images=IMAGES,
        minutes=4.9,
        fit_minutes=True,
        every=Every(log=4_000, samples=20_000, checkpoint=100_000),
        evaluation=EvaluationSettings(every=72_000),
    )


def warm_up() -> Recipe:
    """``mnist`` after a warm-up that pulls fakes towards real digits before the game begins.

    Command: ``ganvas train warm-up``. On one CPU core with bfloat16: under five minutes.

    For the first 20,000 images each real pulls the nearest fake towards it (Li & Malik 2018); the
    discriminator trains as usual.
    """
    recipe = mnist()
    return replace(recipe, name="warm-up", game=replace(recipe.game, warm_up=WarmUp()))


FASHION_IMAGES = 800_000


def fashion_mnist() -> Recipe:
    """Clothes: MNIST's harder sister, ten minutes by the clock.

    Command: ``ganvas train fashion-mnist``. On one CPU core with bfloat16: ten minutes.

    As ``mnist``, for longer.
    """
    lr = Linear(2e-3, 0.0, until=FASHION_IMAGES, begin=FASHION_IMAGES * 2 // 5)
    optimiser = Adam(lr=lr, betas=(0.0, 0.99))
    return replace(
        mnist(),
        name="fashion-mnist",
        sources={"train": Data("fashion-mnist")},
        optimisers={"generator": optimiser, "discriminator": optimiser},
        images=FASHION_IMAGES,
        minutes=9.9,
        evaluation=EvaluationSettings(every=160_000),
    )
