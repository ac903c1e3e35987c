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
from ganvas.recipes.check.own_network import Items, OwnNetwork
from ganvas.recipes.check.scores_check import check_loss, check_penalty
from ganvas.recipes.own_parts import known, own_part
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions

MOST_ITEMS = 16
"""That a network is called with. One that compares items in groups takes groups of fewer."""


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
        known = conditions if role.conditioned else None
        own = OwnNetwork(name, role, settings, spec, recipe.seed, datasets, known)
        warnings += _tried(own, recipe)
    return warnings


def _tried(own: OwnNetwork, recipe: Recipe) -> list[str]:
    """A network as it is called first; where its code fails so, as ``_otherwise`` calls it.

    Raises:
        UsageError: it cannot be used as it is; where its code fails every time, as it did first.
    """
    is_known_game, failed = own_part(recipe.game) is None, None
    for each in [own, *_otherwise(own, recipe)]:
        gpus = [torch.cuda.current_device()] if each.device.type == "cuda" else []
        try:
            with torch.random.fork_rng(gpus):
                return NetworkCheck(each, is_known_game=is_known_game).run()
        except UsageError as error:
            if error.__cause__ is None:  # its code ran, and what it returned is wrong
                raise
            failed = failed or error
    assert failed is not None
    raise failed


def _otherwise(own: OwnNetwork, recipe: Recipe) -> list[OwnNetwork]:
    """A network that is called nearer to how the run will: it may compare items in groups, or be
    written for the GPU."""
    count, device = min(recipe.batch // recipe.accumulate, MOST_ITEMS), choose_device(recipe.device)
    more = replace(own, count=max(own.count, count))
    others = [more] if more.count > own.count else []
    return [*others, replace(more, device=device)] if device.type == "cuda" else others
