"""All parts of a recipe that a user registered, tried before anything is played with them."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch

from ganvas.data import Dataset
from ganvas.games.roles import Spec
from ganvas.recipes.check.network_check import NetworkCheck
from ganvas.recipes.check.own_network import COUNT, OwnNetwork
from ganvas.recipes.own_parts import own_part
from ganvas.recipes.recipe import Recipe
from ganvas.sampling.conditions import Conditions


def check_own_parts(
    recipe: Recipe, datasets: Mapping[str, Dataset], conditions: Conditions | None
) -> list[str]:
    """Try a user's own parts, on the CPU; nothing of it is kept, nor any default generator moved.

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
        return _check_networks(recipe, datasets, conditions)


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
        check = NetworkCheck(own, is_known_game=own_part(recipe.game) is None)
        check.run()
        warnings += check.warnings
    return warnings
