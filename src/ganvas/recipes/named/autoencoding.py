"""GANs with an autoencoder in them: as discriminator, or around a latent."""

from dataclasses import replace
from typing import Any

from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.aae import AAE
from ganvas.games.began import BEGAN
from ganvas.games.ebgan import EBGAN
from ganvas.games.gan import Penalty
from ganvas.games.setup import GameSettings
from ganvas.games.vae_gan import VAEGAN
from ganvas.networks.autoencoder import CompactAutoencoder
from ganvas.networks.compact import CompactGenerator
from ganvas.networks.encoder import CompactEncoder
from ganvas.networks.mlp import MLPDiscriminator
from ganvas.recipes.named.mnist import mnist
from ganvas.recipes.recipe import EvaluationSettings, Recipe


def _digits(name: str, game: GameSettings, lr: float, images: int, **networks: Any) -> Recipe:
    """``mnist`` with another game; the rate falls to zero from two fifths of the images on.

    networks: those that are not as in ``mnist``.
    """
    recipe = mnist()
    optimiser = Adam(lr=Linear(lr, 0.0, until=images, begin=images * 2 // 5), betas=(0.0, 0.99))
    return replace(
        recipe,
        name=name,
        game=game,
        networks={**recipe.networks, **networks},
        optimisers={"generator": optimiser, "discriminator": optimiser},
        images=images,
        evaluation=EvaluationSettings(every=images // 3),
    )


def began() -> Recipe:
    """BEGAN (Berthelot et al. 2017): an autoencoder scores images by how well it rebuilds them.

    Command: ``ganvas train began``. On one CPU core with bfloat16: about four minutes, by the speed
    of short trials; it has not been run to its end.

    Unlike the paper: gamma is 0.9, k begins at 0.5, and lambda_k is 0.05. A run has only a few
    thousand rounds; in short trials with the paper's gamma of 0.5 and k from 0 all samples became
    the same image. The autoencoder's decoder has BatchNorm.
    """
    game = BEGAN(gamma=0.9, lambda_k=0.05, k=0.5)
    discriminator = CompactAutoencoder(hidden=128, norm="batch")
    return _digits("began", game, 1e-3, 180_000, discriminator=discriminator)


def ebgan() -> Recipe:
    """EBGAN (Zhao et al. 2017) with its pulling-away term: fakes are pushed up to an energy margin.

    Command: ``ganvas train ebgan``. On one CPU core with bfloat16: about four minutes, by the speed
    of short trials; it has not been run to its end.
    """
    return _digits("ebgan", EBGAN(margin=0.1), 5e-4, 200_000, discriminator=CompactAutoencoder())


def vae_gan() -> Recipe:
    """VAE-GAN (Larsen et al. 2016): images are rebuilt in the discriminator's feature space.

    Command: ``ganvas train vae-gan``. On one CPU core with bfloat16: about five minutes, by the
    speed of short trials; it has not been run to its end.

    Unlike the paper: R1 on every sixteenth round, and a KL divergence of weight 0.05: with weight 1
    the codes held next to no information about their images.
    """
    game = VAEGAN(gamma=0.01, kl=0.05, penalties=(Penalty("r1", 1.0, every=16),))
    return _digits("vae-gan", game, 1e-3, 150_000, encoder=CompactEncoder())


def aae() -> Recipe:
    """Adversarial autoencoder (Makhzani et al. 2016): codes of images follow the prior of latents.

    Command: ``ganvas train aae``. On one CPU core with bfloat16: about four minutes, by the speed
    of short trials; it has not been run to its end. Expect soft digits: a mean squared error blurs.
    """
    return _digits(
        "aae",
        AAE(adversarial=0.02),
        2e-3,
        360_000,
        generator=CompactGenerator(latent=10),
        discriminator=MLPDiscriminator(width=256, depth=2),
        encoder=CompactEncoder(),
    )
