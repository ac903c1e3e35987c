"""The networks of a recipe, with their first weights."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ganvas import keys
from ganvas.errors import UsageError
from ganvas.games.roles import Role, Spec
from ganvas.networks.protocols import DiscriminatorSettings, conditional
from ganvas.networks.shape import Shape
from ganvas.recipes.build.freeze import freeze
from ganvas.recipes.parts import FAMILIES, kind_of
from ganvas.recipes.recipe import Recipe

AT_LEAST_ONE = ("width", "latent", "hidden", "depth")
"""Numbers of any network's settings that may not be 0; of others 0 turns a part off."""


def build_networks(
    recipe: Recipe, shapes: Mapping[str, Shape], conditions: int = 0
) -> dict[str, nn.Module]:
    """The networks by role, with their first weights, which the seed alone determines.

    Args:
        recipe: whose.
        shapes: (C, H, W) of an image of each source, by the source's name.
        conditions: numbers K in a condition, which the networks whose role is conditioned then take
            beside their input; 0 for networks without conditions.

    Raises:
        UsageError: settings that make no network, such as a width of 0, or a network that cannot
            be conditioned.
    """
    spec = Spec(shapes, recipe.latent, conditions)
    networks = {}
    for name, role in recipe.game.roles.items():
        network = _build(name, role, recipe.networks[name], spec, recipe.seed)
        if role.family is DiscriminatorSettings:
            freeze(network, recipe.freeze)
        if role.frozen:
            network.eval().requires_grad_(False)
        networks[name] = network
    return networks


def build_arguments(name: str, role: Role, settings: Any, spec: Spec) -> tuple[Any, ...]:
    """What ``build`` of a network's settings is given.

    Raises:
        UsageError: settings that make no network, or conditions that it does not take.
    """
    _check_numbers(name, settings)
    arguments = role.arguments(spec)
    if role.conditioned and spec.conditions:
        _check_conditioned(name, role, settings)
        arguments = *arguments, spec.conditions
    return arguments


def first_weights(name: str, settings: Any, arguments: tuple[Any, ...], seed: int) -> nn.Module:
    """A network as its settings build it; its weights are drawn with a key of its own."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(keys.key(seed, "weights", name))
        return settings.build(*arguments)


def _build(name: str, role: Role, settings: Any, spec: Spec, seed: int) -> nn.Module:
    arguments = build_arguments(name, role, settings, spec)
    try:
        return first_weights(name, settings, arguments, seed)
    except (ValueError, RuntimeError, ZeroDivisionError) as error:
        raise UsageError(f"{name} {settings} cannot be built: {error}") from error


def _check_numbers(name: str, settings: Any) -> None:
    for key, value in vars(settings).items():
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        least = 1 if key in AT_LEAST_ONE else 0
        if value < least:
            raise UsageError(f"{name}.{key} must be at least {least}, not {value}")


def _check_conditioned(name: str, role: Role, settings: Any) -> None:
    if conditional(settings):
        return
    able = [kind for kind, part in FAMILIES[role.family].items() if conditional(part)]
    named = " or ".join([f"`{name}.kind={kind}`" if kind == able[0] else kind for kind in able])
    raise UsageError(
        f"the {name} {kind_of(settings)} takes no conditions: "
        f"{f'choose {named}, or ' if able else ''}leave `condition` away"
    )
