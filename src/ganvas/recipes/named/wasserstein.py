"""Wasserstein GANs: a critic with bounded slopes, by clipping or by a penalty."""

from dataclasses import replace

from ganvas.engine.optimiser import Adam
from ganvas.games.gan import GAN, Penalty
from ganvas.recipes.named.mnist import mnist
from ganvas.recipes.recipe import Recipe


def wgan() -> Recipe:
    """WGAN (Arjovsky et al. 2017): a critic whose weights are clipped, five turns a round.

    Command: ``ganvas train wgan``. On one CPU core with bfloat16: about four minutes.

    The networks of ``mnist``. The paper's RMSprop becomes an Adam without momentum, at forty times
    its rate: at 2e-4 the digits of 60,000 images were all alike. Weights are kept within 0.03, not
    0.01: the critic is shallower than the paper's, and with 0.01 its generator drew grids of dots.
    """
    optimiser = Adam(lr=2e-3, betas=(0.0, 0.99))
    return replace(
        mnist(),
        name="wgan",
        game=GAN(loss="wasserstein", weight_clip=0.03, critic_turns=5, joint_pass=True),
        optimisers={"generator": optimiser, "discriminator": optimiser},
    )


def wgan_gp() -> Recipe:
    """WGAN-GP (Gulrajani et al. 2017): a penalty holds the critic's slope near one.

    Command: ``ganvas train wgan-gp``. On one CPU core with bfloat16: about five minutes.

    The networks of ``mnist``; penalty of weight 10, five critic turns a round, Adam 1e-3 with betas
    (0, 0.9): ten times the paper's rate, which these few images need.
    """
    optimiser = Adam(lr=1e-3, betas=(0.0, 0.9))
    return replace(
        mnist(),
        name="wgan-gp",
        game=GAN(
            loss="wasserstein",
            penalties=(Penalty("gradient", 10.0),),
            critic_turns=5,
            joint_pass=True,
        ),
        optimisers={"generator": optimiser, "discriminator": optimiser},
    )
