"""The one explicit table of parts that a recipe may name by ``kind``; none by import path.

A user's own parts join through ``register``; their names must be free.
"""

from typing import Any, TypeVar

from ganvas.engine.schedule import Cosine, Linear
from ganvas.errors import UsageError
from ganvas.games.gan import GAN
from ganvas.losses.adversarial import LOSSES, AdversarialLoss, unlabelled
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.networks.tutorial_mnist import TutorialMnistDiscriminator, TutorialMnistGenerator
from ganvas.recipes.recipe import DiscriminatorSettings, GeneratorSettings

GENERATORS: dict[str, type] = {
    "compact": CompactGenerator,
    "dcgan": DCGANGenerator,
    "tutorial-mnist": TutorialMnistGenerator,
}
DISCRIMINATORS: dict[str, type] = {
    "compact": CompactDiscriminator,
    "dcgan": DCGANDiscriminator,
    "tutorial-mnist": TutorialMnistDiscriminator,
}
GAMES: dict[str, type] = {"gan": GAN}
SCHEDULES: dict[str, type] = {"linear": Linear, "cosine": Cosine}

FAMILIES: dict[Any, dict[str, type]] = {
    GeneratorSettings: GENERATORS,
    DiscriminatorSettings: DISCRIMINATORS,
    GAN: GAMES,
    Linear: SCHEDULES,
    Cosine: SCHEDULES,
}
"""Which table a field of that type is read from."""


def kind_of(part: object) -> str | None:
    """The name under which a part's class stands in the table; ``None`` for a plain value."""
    for table in FAMILIES.values():
        for kind, known in table.items():
            if type(part) is known:
                return kind
    return None


T = TypeVar("T")


def register(part: T, kind: str | None = None) -> T:
    """Make a user's own part nameable in recipes; usable as a class decorator.

    Args:
        part: network settings, a frozen dataclass with ``build(shape)`` (with a field ``latent``
            it is a generator's, without one a discriminator's); or an ``AdversarialLoss``.
        kind: its name; by default the class name in lower case. A loss needs one.

    Raises:
        UsageError: it is neither, or the name is taken by another part.
    """
    if isinstance(part, AdversarialLoss):
        if kind is None or kind in LOSSES:
            raise UsageError(f"a loss needs a name of its own, not {kind!r}")
        LOSSES[kind] = unlabelled(part)
        return part
    if not isinstance(part, type):
        raise UsageError(f"{part!r} is neither network settings nor an AdversarialLoss")
    if not callable(getattr(part, "build", None)) or not hasattr(part, "__dataclass_fields__"):
        raise UsageError(f"{part.__name__} must be a dataclass with a method build(shape)")
    table = GENERATORS if "latent" in part.__dataclass_fields__ else DISCRIMINATORS
    name = kind or part.__name__.lower()
    if name in table and table[name] is not part:
        known = table[name]
        if (known.__module__, known.__qualname__) != (part.__module__, part.__qualname__):
            raise UsageError(f"the kind {name!r} is taken by {known.__name__}: choose another name")
    table[name] = part
    return part
