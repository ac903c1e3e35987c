"""The quick default."""

from ganvas.engine.player import Adam
from ganvas.games.gan import GAN
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.recipes.recipe import Every, Recipe


def mnist() -> Recipe:
    """draft"""
    return Recipe(
        name="mnist",
        generator=DCGANGenerator(latent=64, width=32),
        discriminator=DCGANDiscriminator(width=32, norm="spectral"),
        game=GAN(loss="hinge", reuse_fakes=True),
        generator_optimiser=Adam(5e-4, (0.0, 0.99)),
        discriminator_optimiser=Adam(5e-4, (0.0, 0.99)),
        half_life=5000.0,
        images=300_000,
        every=Every(log=2_000, samples=20_000, checkpoint=100_000),
    )
