"""All parts of a recipe that a user registered, tried before anything is played with them."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch

from ganvas.data import Dataset
from ganvas.engine.device import choose_device
from ganvas.errors import UsageError
from ganvas.games.roles import Spec
from ganvas.recipes.check.augmentation_check import check_augmentation
from ganvas.recipes.check.network_check import NetworkCheck
from ganvas.recipes.check.optimiser_check import check_optimiser
from ganvas.recipes.check.own_network import COUNT, Items, OwnNetwork
from ganvas.recipes.check.scores_check import check_loss, check_penalty
from ganvas.recipes.own_parts import known, own_part
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions


def check_own_parts(
    recipe: Recipe, datasets: Mapping[str, Dataset], conditions: Conditions | None
) -> list[str]:
    """Try a user's own parts; nothing of it is kept, nor any default generator moved.

    Args:
        recipe: whose parts.
        datasets: what it trains on, by the names of its sources.
        conditions: what its networks are conditioned on; None without.

    Returns:
        What looks wrong, a sentence each.

    Raises:
        UsageError: a part cannot be used as it is; the message says why, and where.
    """
    with generators_kept():
        _check_losses(recipe, datasets)
        for settings in recipe.optimisers.values():
            if (own := own_part(settings)) is not None:
                check_optimiser(settings, own.kind)
        return [
            *_check_augmentation(recipe, datasets),
            *_check_networks(recipe, datasets, conditions),
        ]


@contextmanager
def generators_kept() -> Iterator[None]:
    """Default generators of PyTorch, NumPy and Python are afterwards where they were."""
    python, arrays = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(arrays)


def _check_losses(recipe: Recipe, datasets: Mapping[str, Dataset]) -> None:
    """Those losses and penalties of the game that are the user's own."""
    game, own = recipe.game, {(part.what, part.kind) for part in known()}
    loss = getattr(game, "loss", None)
    other = getattr(game, "generator_loss", None) or loss
    sides = {"discriminator": loss, "generator": other}
    for name in dict.fromkeys(sides.values()):
        if isinstance(name, str) and ("loss", name) in own:
            check_loss(name, [side for side, each in sides.items() if each == name])
    for penalty in getattr(game, "penalties", ()):
        if ("penalty", penalty.kind) in own:
            check_penalty(penalty.kind, datasets[game.sources[0]].shape)


def _check_augmentation(recipe: Recipe, datasets: Mapping[str, Dataset]) -> list[str]:
    own = own_part(recipe.augment)
    if recipe.augment is None or own is None:
        return []
    images = Items.of(datasets[recipe.game.sources[0]].shape, datasets).values
    whole = recipe.strength == 1.0
    return check_augmentation(recipe.augment, own.kind, images, always_whole=whole)


def _check_networks(
    recipe: Recipe, datasets: Mapping[str, Dataset], conditions: Conditions | None
) -> list[str]:
    shapes = {name: dataset.shape for name, dataset in datasets.items()}
    count = 0 if conditions is None else len(conditions.names)
    spec, warnings = Spec(shapes, recipe.latent, count), []
    for name, role in recipe.game.roles.items():
        settings = recipe.networks[name]
        if own_part(settings) is None:
            continue
        rows = () if conditions is None or not role.conditioned else (conditions.sample(0, COUNT),)
        own = OwnNetwork(name, role, settings, spec, recipe.seed, datasets, rows)
        warnings += _tried(own, recipe, is_known_game=own_part(recipe.game) is None)
    return warnings


def _tried(own: OwnNetwork, recipe: Recipe, *, is_known_game: bool) -> list[str]:
    """A network on the CPU; where its code fails there, on the GPU that the run would use, since
    it may be written for one."""
    try:
        return NetworkCheck(own, is_known_game=is_known_game).run()
    except UsageError as error:
        device = choose_device(recipe.device)
        if error.__cause__ is None or device.type != "cuda":
            raise
    conditions = tuple(rows.to(device) for rows in own.conditions)
    there = replace(own, device=device, conditions=conditions)
    with torch.random.fork_rng([torch.cuda.current_device()]):
        return NetworkCheck(there, is_known_game=is_known_game).run()
