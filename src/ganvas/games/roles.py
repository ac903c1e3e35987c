"""What a game needs networks for: each role by its name, and what goes in and comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ganvas.networks.protocols import (
    DiscriminatorSettings,
    EncoderSettings,
    GeneratorSettings,
    TranslatorSettings,
)
from ganvas.networks.shape import Shape


@dataclass(frozen=True)
class Spec:
    """What the networks of a run are built for.

    shapes: of an item of each source, such as (C, H, W), by the source's name; the main source
        stands first.
    latent: how many numbers a latent has; 0 where samples are made of something else.
    conditions: how many numbers K a condition has; 0 without conditions.
    """

    shapes: Mapping[str, Shape]
    latent: int
    conditions: int = 0

    @property
    def shape(self) -> Shape:
        """The shape of an item of the main source."""
        return next(iter(self.shapes.values()))


@dataclass(frozen=True)
class Role:
    """What a game needs one network for.

    family: the interface of its settings, such as ``GeneratorSettings``; a recipe chooses among the
        kinds that are registered for it.
    arguments: what ``build`` of these settings is given: as a rule, the shapes of what goes in and
        of what comes out.
    conditioned: whether the network takes the recipe's conditions, where there are any; ``build``
        then gets their number too.
    frozen: whether its weights stay as they were built; otherwise a player must move them.
    """

    family: Any
    arguments: Callable[[Spec], tuple[Any, ...]]
    conditioned: bool = False
    frozen: bool = False


def generator(source: str | None = None) -> Role:
    """From latents to items of a source, by default the main one."""
    return Role(GeneratorSettings, lambda spec: (_shape(spec, source),), conditioned=True)


def discriminator(of: Callable[[Spec], Shape] | str | None = None) -> Role:
    """From items to scores.

    Args:
        of: whose items: a source by name, by default the main one; or the shape of what is scored.
    """
    if callable(of):
        return Role(DiscriminatorSettings, lambda spec: (of(spec),), conditioned=True)
    return Role(DiscriminatorSettings, lambda spec: (_shape(spec, of),), conditioned=True)


def encoder(source: str | None = None) -> Role:
    """From items of a source, by default the main one, to where their latents lie."""
    return Role(EncoderSettings, lambda spec: (_shape(spec, source), spec.latent))


def translator(source: str, target: str) -> Role:
    """From items of one source to items as those of another."""
    return Role(TranslatorSettings, lambda spec: (spec.shapes[source], spec.shapes[target]))


def _shape(spec: Spec, source: str | None) -> Shape:
    return spec.shape if source is None else spec.shapes[source]
