"""The one explicit table of parts that a recipe may name by ``kind``; none by import path.

A user's own parts join through ``ganvas.register``.
"""

from typing import Any

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.diffaugment import DiffAugment
from ganvas.engine.optimiser import SGD, Adam, AdamW, OptimiserSettings, RMSprop
from ganvas.engine.schedule import Cosine, Geometric, Linear
from ganvas.features.projected import ProjectedDiscriminator
from ganvas.games.aae import AAE
from ganvas.games.began import BEGAN
from ganvas.games.ebgan import EBGAN
from ganvas.games.gan import GAN
from ganvas.games.parts.augmentation import Adaptive, Augment
from ganvas.games.parts.classifier import Classifier
from ganvas.games.parts.mode_seeking import ModeSeeking
from ganvas.games.parts.path_length import PathLength
from ganvas.games.parts.term import Term
from ganvas.games.progressive import Progressive
from ganvas.games.setup import GameSettings
from ganvas.games.vae_gan import VAEGAN
from ganvas.networks.autoencoder import CompactAutoencoder
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.networks.encoder import CompactEncoder
from ganvas.networks.fastgan import FastGANGenerator
from ganvas.networks.mlp import MLPDiscriminator, MLPGenerator
from ganvas.networks.progressive import ProgressiveDiscriminator, ProgressiveGenerator
from ganvas.networks.protocols import (
    DiscriminatorSettings,
    EncoderSettings,
    GeneratorSettings,
    TranslatorSettings,
)
from ganvas.networks.r3gan import R3GANDiscriminator, R3GANGenerator
from ganvas.networks.resnet import ResNetDiscriminator, ResNetGenerator
from ganvas.networks.style import StyleGenerator
from ganvas.networks.style_discriminator import StyleDiscriminator
from ganvas.networks.tutorial_mnist import TutorialMnistDiscriminator, TutorialMnistGenerator
from ganvas.recipes import own_parts
from ganvas.recipes.condition_settings import ByAttributes, ByClass, Codes, ConditionSettings

GENERATORS: dict[str, type] = {
    "compact": CompactGenerator,
    "dcgan": DCGANGenerator,
    "mlp": MLPGenerator,
    "progressive": ProgressiveGenerator,
    "fastgan": FastGANGenerator,
    "r3gan": R3GANGenerator,
    "resnet": ResNetGenerator,
    "style": StyleGenerator,
    "tutorial-mnist": TutorialMnistGenerator,
}
DISCRIMINATORS: dict[str, type] = {
    "autoencoder": CompactAutoencoder,
    "compact": CompactDiscriminator,
    "dcgan": DCGANDiscriminator,
    "mlp": MLPDiscriminator,
    "progressive": ProgressiveDiscriminator,
    "projected": ProjectedDiscriminator,
    "r3gan": R3GANDiscriminator,
    "resnet": ResNetDiscriminator,
    "style": StyleDiscriminator,
    "tutorial-mnist": TutorialMnistDiscriminator,
}
ENCODERS: dict[str, type] = {"compact": CompactEncoder}
TRANSLATORS: dict[str, type] = {}
GAMES: dict[str, type] = {
    "gan": GAN,
    "aae": AAE,
    "began": BEGAN,
    "ebgan": EBGAN,
    "progressive": Progressive,
    "vae-gan": VAEGAN,
}
TERMS: dict[str, type] = {
    "classifier": Classifier,
    "mode-seeking": ModeSeeking,
    "path-length": PathLength,
}
CONDITIONS: dict[str, type] = {"class": ByClass, "attributes": ByAttributes, "codes": Codes}
AUGMENTATIONS: dict[str, type] = {"diffaugment": DiffAugment, "ada": ADA}
OPTIMISERS: dict[str, type] = {"adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "sgd": SGD}
SCHEDULES: dict[str, type] = {"linear": Linear, "cosine": Cosine, "geometric": Geometric}
STRENGTHS: dict[str, type] = {"adaptive": Adaptive}

FAMILIES: dict[Any, dict[str, type]] = {
    GeneratorSettings: GENERATORS,
    DiscriminatorSettings: DISCRIMINATORS,
    EncoderSettings: ENCODERS,
    TranslatorSettings: TRANSLATORS,
    GameSettings: GAMES,
    Term: TERMS,
    ConditionSettings: CONDITIONS,
    Augment: AUGMENTATIONS,
    OptimiserSettings: OPTIMISERS,
    Adaptive: STRENGTHS,
    Linear: SCHEDULES,
    Cosine: SCHEDULES,
    Geometric: SCHEDULES,
}
"""Which table a field of that type is read from."""

FAMILY_NAMES = {
    GeneratorSettings: "generator",
    DiscriminatorSettings: "discriminator",
    EncoderSettings: "encoder",
    TranslatorSettings: "translator",
    Augment: "augmentation",
}
"""What the parts of a family are called, where its name does not say it."""

USUALLY_UNNAMED = (AUGMENTATIONS, OPTIMISERS)
"""Tables of which older recipes name no kind: they mean the first."""


def kind_of(part: object) -> str | None:
    """The name under which a part's class stands in the table; ``None`` for a plain value."""
    for table in FAMILIES.values():
        for kind, known in table.items():
            if type(part) is known:
                return kind
    # A class that was registered anew since, as a notebook's cell does, has its name still.
    own = own_parts.own_part(part)
    return None if own is None else own.kind
