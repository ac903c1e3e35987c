"""StyleGAN2, small enough for a CPU."""

from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.path_length import PathLength
from ganvas.networks.compact import CompactDiscriminator
from ganvas.networks.style import StyleGenerator
from ganvas.recipes.recipe import Data, EvaluationSettings, Every, Recipe


def stylegan2() -> Recipe:
    """StyleGAN2 (Karras et al. 2020): intermediate latents, modulated convolutions, style mixing.

    Command: ``ganvas train stylegan2``, or with ``data=FOLDER``. On one CPU core with bfloat16: 15
    minutes, by its speed; it has not been run to its end here. ``ganvas sample RUN`` with
    ``truncation=0.7`` draws intermediate latents towards their average.

    The paper's generator, a quarter as wide, its path length on every fourth round, its style
    mixing; EMA. Lazy regularisation has optimiser steps of its own, as in the paper. For so few
    images the paper's discriminator is too strong: here is that of ``mnist``, with its R1 on every
    sixteenth round, and the generator learns five times as fast. The paper's, for pictures on a
    GPU: ``generator.width=64 discriminator={kind: style, width: 64, bias_gain: true}
    generator_optimiser.lr=2e-3 game.reuse_fakes=false game.penalties=[{kind: r1, weight: 0.5,
    every: 16, through: images}]``; for few of them ``augment.kind=ada strength.kind=adaptive
    strength.every=4``.

    Unlike the paper: a mapping network of four layers, not eight; a crossover of styles for each
    image, not one for the batch; and the running mean of path lengths begins at the first length,
    not at zero.
    """
    return Recipe(
        name="stylegan2",
        sources={"train": Data("mnist")},
        networks={
            "generator": StyleGenerator(
                latent=64, intermediate=64, width=16, average=0.995, bias_gain=True
            ),
            "discriminator": CompactDiscriminator(),
        },
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("r1", 1.0, every=16, through="images"),),
            terms=(PathLength(),),
            reuse_fakes=True,
            joint_pass=True,
            lazy="apart",
        ),
        optimisers={
            "generator": Adam(lr=1e-2, betas=(0.0, 0.99)),
            "discriminator": Adam(lr=2e-3, betas=(0.0, 0.99)),
        },
        half_life=Linear(0.0, 10_000.0, until=100_000),
        batch=32,
        images=500_000,
        every=Every(log=4_000, samples=20_000, checkpoint=100_000),
        evaluation=EvaluationSettings(every=100_000),
    )
