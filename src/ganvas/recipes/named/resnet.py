"""Residual networks under spectral normalisation: SN-GAN, and SAGAN with its self-attention."""

from dataclasses import replace

from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN
from ganvas.networks.resnet import ResNetDiscriminator, ResNetGenerator
from ganvas.recipes.recipe import Data, EvaluationSettings, Every, Recipe

IMAGES = 400_000


def resnet_sngan() -> Recipe:
    """SN-GAN's residual networks (Miyato et al. 2018, appendix B.4), narrow enough for a CPU.

    Command: ``ganvas train resnet-sngan``. On one CPU core with bfloat16: about 15 minutes, by its
    speed; it has not been run to its end here.

    Hinge loss, every weight matrix of the discriminator divided by its spectral norm, Adam with
    betas (0, 0.9) and rates that fall to zero, as in the authors' implementation. For a CPU: an
    eighth of the generator's width, both passes joined, fakes reused, EMA, and in place of five
    discriminator turns at 2e-4 one turn at twice the generator's rate (TTUR, Heusel et al. 2017;
    so with spectral normalisation in Zhang et al. 2019, section 4).

    The paper's for CIFAR-10: ``data=cifar10 generator.width=256 generator.growth=1
    discriminator.width=128 discriminator.growth=1 discriminator.base=8 discriminator.blocks=2
    game.critic_turns=5`` and 2e-4 as both optimisers' ``lr``.
    """
    return Recipe(
        name="resnet-sngan",
        sources={"train": Data("mnist")},
        networks={
            "generator": ResNetGenerator(width=32),
            "discriminator": ResNetDiscriminator(width=32),
        },
        game=GAN(loss="hinge", reuse_fakes=True, joint_pass=True),
        optimisers={"generator": _falling(4e-4), "discriminator": _falling(8e-4)},
        half_life=Linear(0.0, 10_000.0, until=100_000),
        batch=64,
        images=IMAGES,
        every=Every(log=4_000, samples=40_000, checkpoint=100_000),
        evaluation=EvaluationSettings(every=80_000),
    )


def sagan() -> Recipe:
    """SAGAN (Zhang et al. 2019): self-attention at 14x14, spectral normalisation on both sides.

    Command: ``ganvas train sagan``. On one CPU core with bfloat16: about 25 minutes, by its speed;
    it has not been run to its end here.

    As ``resnet-sngan``, with the paper's rates, which stay: 1e-4 for the generator, 4e-4 for the
    discriminator (section 4).
    """
    return replace(
        resnet_sngan(),
        name="sagan",
        networks={
            "generator": ResNetGenerator(width=32, attention=14, norm="spectral"),
            "discriminator": ResNetDiscriminator(width=32, attention=14),
        },
        optimisers={
            "generator": Adam(lr=1e-4, betas=(0.0, 0.9)),
            "discriminator": Adam(lr=4e-4, betas=(0.0, 0.9)),
        },
    )


def _falling(rate: float) -> Adam:
    return Adam(lr=Linear(rate, 0.0, until=IMAGES), betas=(0.0, 0.9))
