"""What does not go together is said before the game begins."""

from typing import Any

import pytest
import torch
from torch import nn

from ganvas.engine.optimiser import Adam
from ganvas.games.aae import AAE
from ganvas.games.gan import GAN
from ganvas.games.parts.augmentation import Adaptive
from ganvas.games.parts.classifier import Classifier
from ganvas.games.setup import ConditionSource, GameSetup, PlayerSettings
from ganvas.games.vae_gan import VAEGAN
from ganvas.networks.autoencoder import CompactAutoencoder
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.encoder import CompactEncoder

SHAPE, LATENT = (1, 16, 16), 4
READER = CompactDiscriminator(4, hidden=8, condition="classifier")
SEER = CompactDiscriminator(4, hidden=8)


def setup(
    discriminator: Any, conditional: bool = False, of_reals: bool = True, **more: Any
) -> GameSetup:
    count = (3,) if conditional else ()
    networks = {
        "generator": CompactGenerator(LATENT, width=4).build(SHAPE, *count),
        "discriminator": discriminator.build(SHAPE, *count),
        "encoder": CompactEncoder(width=4, hidden=8).build(SHAPE, LATENT),
    }
    source = ConditionSource(True, lambda turn: torch.eye(3), of_reals) if conditional else None
    return GameSetup(
        networks,
        LATENT,
        {"generator": PlayerSettings(Adam()), "discriminator": PlayerSettings(Adam())},
        source,
        **more,
    )


ODD = {
    "an autoencoder": (GAN(), lambda: setup(CompactAutoencoder()), "scores none"),
    "a term without a reader": (
        GAN(terms=(Classifier(),)),
        lambda: setup(SEER, conditional=True),
        "needs a condition .* and a discriminator that reads it",
    ),
    "a term without a condition": (GAN(terms=(Classifier(),)), lambda: setup(SEER), "needs a cond"),
    "a reader without a term": (GAN(), lambda: setup(READER, conditional=True), "nothing teaches"),
    "a reader in VAE-GAN": (
        VAEGAN(),
        lambda: setup(READER, conditional=True),
        "teaches no classifier",
    ),
    "codes that reals are told": (
        GAN(),
        lambda: setup(SEER, conditional=True, of_reals=False),
        "codes belong to no real image",
    ),
    "codes and a reader that nobody teaches": (
        GAN(),
        lambda: setup(READER, conditional=True, of_reals=False),
        "codes belong to no real image",
    ),
    "codes in VAE-GAN": (
        VAEGAN(),
        lambda: setup(SEER, conditional=True, of_reals=False),
        "gives codes no meaning",
    ),
    "codes in an adversarial autoencoder": (
        AAE(),
        lambda: setup(SEER, conditional=True, of_reals=False),
        "gives codes no meaning",
    ),
    "codes that are read in reals": (
        GAN(terms=(Classifier(on="both"),)),
        lambda: setup(READER, conditional=True, of_reals=False),
        "codes belong to no real image",
    ),
    "packed and told": (GAN(pack=2), lambda: setup(SEER, conditional=True), "set `game.pack=1`"),
    **{
        f"signs of {loss}": (
            GAN(loss=loss),
            lambda: setup(SEER, augment=lambda images, *_: images, strength=Adaptive()),
            "signs of scores",
        )
        for loss in ("least-squares", "wasserstein", "relativistic")
    },
}


@pytest.mark.parametrize("what", ODD)
def test_it_is_refused_with_what_to_do(what: str) -> None:
    settings, players, words = ODD[what]
    with pytest.raises(ValueError, match=words):
        settings.build(players())


@pytest.mark.parametrize(
    ("settings", "players"),
    [
        (GAN(joint_pass=True), lambda: setup(SEER)),
        (GAN(terms=(Classifier(on="reals"),)), lambda: setup(READER, conditional=True)),
        (
            GAN(terms=(Classifier(on="fakes"),)),
            lambda: setup(READER, conditional=True, of_reals=False),
        ),
        (
            GAN(loss="least-squares", real_label=1.0, fake_label=-1.0),
            lambda: setup(SEER, augment=lambda images, *_: images, strength=Adaptive()),
        ),
        (
            GAN(loss="hinge"),
            lambda: setup(SEER, augment=lambda images, *_: images, strength=Adaptive()),
        ),
    ],
)
def test_what_goes_together_is_built(settings: GAN, players: Any) -> None:
    game = settings.build(players())
    assert isinstance(game.players["generator"].networks["generator"], nn.Module)
