"""The one explicit table of parts that a recipe may name by ``kind``; none by import path.

A user's own parts join through ``register``; their names must be free.
"""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.diffaugment import DiffAugment
from ganvas.domains import Domain, add
from ganvas.engine.optimiser import SGD, Adam, AdamW, OptimiserSettings, RMSprop
from ganvas.engine.schedule import Cosine, Geometric, Linear
from ganvas.errors import UsageError
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
from ganvas.losses.adversarial import LOSSES, AdversarialLoss, unlabelled
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

USUALLY_UNNAMED = (AUGMENTATIONS, OPTIMISERS)
"""Tables of which older recipes name no kind: they mean the first."""


def kind_of(part: object) -> str | None:
    """The name under which a part's class stands in the table; ``None`` for a plain value."""
    for table in FAMILIES.values():
        for kind, known in table.items():
            if type(part) is known:
                return kind
    return None


T = TypeVar("T")


def register(part: T, kind: str | None = None, family: Any = None) -> T:
    """Make a user's own part nameable in recipes; usable as a class decorator.

    Args:
        part: network settings, a frozen dataclass with ``build(shape)``; ``GameSettings``, a
            ``Term`` or ``OptimiserSettings``; an ``AdversarialLoss``; or a ``Domain``.
        kind: its name; by default the class name in lower case. A loss needs one; a domain has one.
        family: of network settings, the interface that the role of a game asks for, such as
            ``TranslatorSettings``; by default a generator's where they have a field ``latent``, and
            otherwise a discriminator's.

    Raises:
        UsageError: it is neither, or the name is taken by another part.
    """
    if isinstance(part, AdversarialLoss):
        if kind is None or kind in LOSSES:
            raise UsageError(f"a loss needs a name of its own, not {kind!r}")
        LOSSES[kind] = unlabelled(part)
        return part
    if not isinstance(part, type):
        raise UsageError(f"{part!r} is no settings of a network, game or term, nor a loss")
    _register_class(part, kind, family)
    return part


def _register_class(part: type, kind: str | None, family: Any) -> None:
    if issubclass(part, Domain):
        add(part)
        return
    table = _table_of(part) if family is None else _table_of_family(part, family)
    name = kind or part.__name__.lower()
    if name in table and table[name] is not part:
        known = table[name]
        if (known.__module__, known.__qualname__) != (part.__module__, part.__qualname__):
            raise UsageError(f"the kind {name!r} is taken by {known.__name__}: choose another name")
    table[name] = part


def _table_of(part: type) -> dict[str, type]:
    if issubclass(part, GameSettings):
        return GAMES
    if issubclass(part, Term):
        return TERMS
    if issubclass(part, OptimiserSettings):
        return OPTIMISERS
    is_generator = is_dataclass(part) and any(field.name == "latent" for field in fields(part))
    family = GeneratorSettings if is_generator else DiscriminatorSettings
    return _table_of_family(part, family)


def _table_of_family(part: type, family: Any) -> dict[str, type]:
    """The table of a family of network settings, a new one of a user's own family."""
    if not is_dataclass(part) or not callable(getattr(part, "build", None)):
        raise UsageError(f"{part.__name__} must be a dataclass with a method build(shape)")
    return FAMILIES.setdefault(family, {})
