"""The networks of a recipe, with their first weights."""

from typing import Any

import torch
from torch import nn

from ganvas import keys
from ganvas.errors import UsageError
from ganvas.networks.protocols import DiscriminatorSettings, GeneratorSettings, conditional
from ganvas.networks.shape import Shape
from ganvas.recipes.build.freeze import freeze
from ganvas.recipes.parts import FAMILIES, kind_of
from ganvas.recipes.recipe import Recipe

FAMILY: dict[str, Any] = {
    "generator": GeneratorSettings,
    "discriminator": DiscriminatorSettings,
}
"""The networks that may be conditioned, and the family of their settings."""

AT_LEAST_ONE = ("width", "latent", "hidden", "depth")
"""Numbers of any network's settings that may not be 0; of others 0 turns a part off."""


def build_networks(recipe: Recipe, shape: Shape, conditions: int = 0) -> dict[str, nn.Module]:
    """The networks with their first weights, which the seed alone determines.

    Args:
        recipe: its generator, its discriminator, and an encoder where it has one.
        shape: (C, H, W) of an image.
        conditions: numbers K in a condition, which generator and discriminator then take beside
            their input; 0 for networks without conditions.

    Raises:
        UsageError: settings that make no network, such as a width of 0, or a network that cannot
            be conditioned.
    """
    networks = {}
    for name, arguments in _arguments(recipe, shape, conditions).items():
        settings = getattr(recipe, name)
        _check_numbers(name, settings)
        if conditions and name in FAMILY:
            _check_conditioned(name, settings)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(keys.key(recipe.seed, "weights", name))
            try:
                networks[name] = settings.build(*arguments)
            except (ValueError, RuntimeError, ZeroDivisionError) as error:
                raise UsageError(f"{name} {settings} cannot be built: {error}") from error
    freeze(networks["discriminator"], recipe.freeze)
    return networks


def _arguments(recipe: Recipe, shape: Shape, conditions: int) -> dict[str, tuple[Any, ...]]:
    """What the ``build`` of each network is given, in the order in which they are built."""
    latent = recipe.generator.latent
    count = (conditions,) if conditions else ()
    arguments: dict[str, tuple[Any, ...]] = {
        "generator": (shape, *count),
        "discriminator": (recipe.game.discriminator_input(shape, latent), *count),
    }
    if recipe.encoder is not None:
        arguments["encoder"] = (shape, latent)
    return arguments


def _check_numbers(name: str, settings: Any) -> None:
    for key, value in vars(settings).items():
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        least = 1 if key in AT_LEAST_ONE else 0
        if value < least:
            raise UsageError(f"{name}.{key} must be at least {least}, not {value}")


def _check_conditioned(name: str, settings: Any) -> None:
    if conditional(settings):
        return
    able = [kind for kind, part in FAMILIES[FAMILY[name]].items() if conditional(part)]
    named = " or ".join([f"`{name}.kind={able[0]}`", *able[1:]])
    raise UsageError(
        f"the {name} {kind_of(settings)} takes no conditions: choose {named}, or leave "
        f"`condition` away"
    )
