"""What does not go together is said before the game begins."""

from typing import Any

import pytest
import torch
from torch import nn

from ganvas.engine.player import Adam
from ganvas.games.aae import AAE
from ganvas.games.gan import GAN
from ganvas.games.parts.classifier import Classifier
from ganvas.games.parts.strength import Adaptive
from ganvas.games.setup import Cast, Seat, Told
from ganvas.games.vae_gan import VAEGAN
from ganvas.networks.autoencoder import CompactAutoencoder
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.encoder import CompactEncoder

SHAPE, LATENT = (1, 16, 16), 4
READER = CompactDiscriminator(4, hidden=8, condition="classifier")
SEER = CompactDiscriminator(4, hidden=8)


def cast(discriminator: Any, told: bool = False, of_reals: bool = True, **more: Any) -> Cast:
    count = (3,) if told else ()
    networks = {
        "generator": CompactGenerator(LATENT, width=4).build(SHAPE, *count),
        "discriminator": discriminator.build(SHAPE, *count),
        "encoder": CompactEncoder(width=4, hidden=8).build(SHAPE, LATENT),
    }
    conditions = Told(3, True, lambda turn: torch.eye(3), of_reals) if told else None
    return Cast(networks, LATENT, Seat(Adam()), Seat(Adam()), conditions, **more)


ODD = {
    "an autoencoder": (GAN(), lambda: cast(CompactAutoencoder()), "scores none"),
    "a term without a reader": (
        GAN(terms=(Classifier(),)),
        lambda: cast(SEER, told=True),
        "needs a condition .* and a discriminator that reads it",
    ),
    "a term without a condition": (GAN(terms=(Classifier(),)), lambda: cast(SEER), "needs a cond"),
    "a reader without a term": (GAN(), lambda: cast(READER, told=True), "nothing teaches"),
    "a reader in VAE-GAN": (VAEGAN(), lambda: cast(READER, told=True), "teaches no classifier"),
    "codes that reals are told": (
        GAN(),
        lambda: cast(SEER, told=True, of_reals=False),
        "codes belong to no real image",
    ),
    "codes and a reader that nobody teaches": (
        GAN(),
        lambda: cast(READER, told=True, of_reals=False),
        "codes belong to no real image",
    ),
    "codes in VAE-GAN": (
        VAEGAN(),
        lambda: cast(SEER, told=True, of_reals=False),
        "gives codes no meaning",
    ),
    "codes in an adversarial autoencoder": (
        AAE(),
        lambda: cast(SEER, told=True, of_reals=False),
        "gives codes no meaning",
    ),
    "codes that are read in reals": (
        GAN(terms=(Classifier(on="both"),)),
        lambda: cast(READER, told=True, of_reals=False),
        "codes belong to no real image",
    ),
    "packed and told": (GAN(pack=2), lambda: cast(SEER, told=True), "set pack to 1"),
    **{
        f"signs of {loss}": (
            GAN(loss=loss),
            lambda: cast(SEER, augment=lambda images, *_: images, strength=Adaptive()),
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
        (GAN(joint_pass=True), lambda: cast(SEER)),
        (GAN(terms=(Classifier(on="reals"),)), lambda: cast(READER, told=True)),
        (GAN(terms=(Classifier(on="fakes"),)), lambda: cast(READER, told=True, of_reals=False)),
        (
            GAN(loss="least-squares", real_label=1.0, fake_label=-1.0),
            lambda: cast(SEER, augment=lambda images, *_: images, strength=Adaptive()),
        ),
        (
            GAN(loss="hinge"),
            lambda: cast(SEER, augment=lambda images, *_: images, strength=Adaptive()),
        ),
    ],
)
def test_what_goes_together_is_built(settings: GAN, players: Any) -> None:
    game = settings.build(players())
    assert isinstance(game.players["generator"].networks["generator"], nn.Module)
