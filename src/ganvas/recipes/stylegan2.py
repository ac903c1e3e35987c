"""StyleGAN2 at the size of a CPU."""

from ganvas.engine.player import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.path_length import PathLength
from ganvas.networks.style import StyleGenerator
from ganvas.networks.style_discriminator import StyleDiscriminator
from ganvas.recipes.recipe import Data, Evaluations, Every, Recipe


def stylegan2() -> Recipe:
    """StyleGAN2 (Karras et al. 2020): intermediate latents, modulated convolutions, style mixing.

    Command: ``ganvas train stylegan2``, or with ``--data FOLDER``; ``--generator.width 64
    --discriminator.width 64`` for pictures on a GPU. On one CPU core with bfloat16: 40 minutes, by
    its speed; it has not been run to its end here. Expect blots that look much alike after the
    first 20,000 images.

    Non-saturating loss; R1 on every sixteenth round and path length on every fourth, as the paper
    has them, and its Adam; EMA. Maps are a quarter as wide as the paper's at this size.
    """
    optimiser = Adam(lr=2e-3, betas=(0.0, 0.99))
    return Recipe(
        name="stylegan2",
        data=Data("mnist"),
        generator=StyleGenerator(latent=64, intermediate=64, width=16),
        discriminator=StyleDiscriminator(width=16),
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("r1", 0.5, every=16),),
            terms=(PathLength(),),
        ),
        generator_optimiser=optimiser,
        discriminator_optimiser=optimiser,
        half_life=Linear(0.0, 10_000.0, until=100_000),
        batch=32,
        images=500_000,
        every=Every(log=4_000, samples=20_000, checkpoint=100_000),
        evaluation=Evaluations(every=100_000),
    )
