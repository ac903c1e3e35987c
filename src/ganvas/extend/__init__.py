"""All that a part of one's own needs; the one module, beside ``ganvas`` itself, that is stable.

A part is registered under a name, by which recipes, YAML files and options know it, as they know
those of ganvas. What there may be, and what it is:

===============  ===================================================================================
loss             an ``AdversarialLoss``: two functions of scores
penalty          a ``PenaltyKind``: a function of scores and the images they were computed from
term             a ``Term``: what an idea adds to either side's loss, with a state and moves
game             ``GameSettings``: players and their moves
network          a dataclass with ``build``, as ``GeneratorSettings`` and its like say
optimiser        ``OptimiserSettings``
augmentation     a dataclass that is called as ``Augment`` says
domain           a ``Domain``: what an item is
condition        ``ConditionSettings``: what networks are told of an item beside their input
metric           a ``Metric``: a function of samples and reals, or of their features
feature network  a ``Features``: what loads a network, and which items it reads
recipe           a ``Recipe``
logger           a class, or a function, that makes a ``Logger`` from the path of a run folder
listener         a function of an ``Event``
===============  ===================================================================================

``docs/extend.md`` has a complete example of each. What stands in ``__all__`` keeps its name and its
meaning: what must change is announced in CHANGELOG, and the old way works, with a warning, for one
minor version at least. All other modules may change at any time.
"""

from ganvas.data.dataset import Dataset, make_dataset
from ganvas.domains import Clip, Domain, Image, Points, Tokens, Vector
from ganvas.engine.draw import Batch, Draw
from ganvas.engine.game import Game, Hook, Move, Outcome, Phase, Result, Turn
from ganvas.engine.optimiser import SGD, Adam, AdamW, OptimiserSettings, RMSprop
from ganvas.engine.player import Player
from ganvas.engine.schedule import Cosine, Geometric, Linear, Schedule, at
from ganvas.errors import DataError, UsageError, UserError
from ganvas.extend.register import register
from ganvas.features import FeatureNetwork, Features, Origin, Reading
from ganvas.games.gan import GAN
from ganvas.games.parts.augmentation import Augment, Uniform
from ganvas.games.parts.augmented_discriminator import DiscriminatorOutput
from ganvas.games.parts.fakes import Fakes, average_hooks, generate
from ganvas.games.parts.penalty import Penalty
from ganvas.games.parts.term import Term
from ganvas.games.roles import Role, Spec, discriminator, encoder, generator, translator
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.adversarial import AdversarialLoss, per_image
from ganvas.losses.penalties import image_gradients, interpolates, neighbours
from ganvas.losses.penalty_kinds import PenaltyKind
from ganvas.losses.precision import at_least_float32
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric import Metric
from ganvas.networks.protocols import (
    Autoencoding,
    Discriminator,
    DiscriminatorSettings,
    Encoder,
    EncoderSettings,
    Generator,
    GeneratorSettings,
    ScoresAndLogits,
    Styled,
    Translator,
    TranslatorSettings,
    Truncatable,
)
from ganvas.networks.shape import Shape
from ganvas.recipes.condition_settings import ConditionSettings
from ganvas.recipes.recipe import Data, EvaluationSettings, Every, Recipe
from ganvas.sampling.conditions import Conditions
from ganvas.store.event import Event, Listener
from ganvas.store.log import Logger, Record, Rewritable

__all__ = [
    "GAN",
    "SGD",
    "Adam",
    "AdamW",
    "AdversarialLoss",
    "Augment",
    "Autoencoding",
    "Batch",
    "Clip",
    "ConditionSettings",
    "Conditions",
    "Cosine",
    "Data",
    "DataError",
    "Dataset",
    "Discriminator",
    "DiscriminatorOutput",
    "DiscriminatorSettings",
    "Domain",
    "Draw",
    "Encoder",
    "EncoderSettings",
    "EvaluationSettings",
    "Event",
    "Every",
    "Fakes",
    "FeatureNetwork",
    "FeatureSet",
    "Features",
    "Figure",
    "Game",
    "GameSettings",
    "GameSetup",
    "Generator",
    "GeneratorSettings",
    "Geometric",
    "Hook",
    "Image",
    "Linear",
    "Listener",
    "Logger",
    "Metric",
    "Move",
    "NotApplicable",
    "OptimiserSettings",
    "Origin",
    "Outcome",
    "Penalty",
    "PenaltyKind",
    "Phase",
    "Player",
    "Points",
    "RMSprop",
    "Reading",
    "Recipe",
    "Record",
    "Result",
    "Rewritable",
    "Role",
    "Schedule",
    "ScoresAndLogits",
    "Shape",
    "Spec",
    "Styled",
    "Term",
    "Tokens",
    "Translator",
    "TranslatorSettings",
    "Truncatable",
    "Turn",
    "Uniform",
    "UsageError",
    "UserError",
    "Vector",
    "at",
    "at_least_float32",
    "average_hooks",
    "discriminator",
    "encoder",
    "generate",
    "generator",
    "image_gradients",
    "interpolates",
    "make_dataset",
    "neighbours",
    "per_image",
    "register",
    "translator",
]
