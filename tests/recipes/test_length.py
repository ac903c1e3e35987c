"""A recipe of another length, and an engine that learns of it while it plays."""

from dataclasses import replace
from typing import Any

import pytest

from ganvas.domains import Image, Points
from ganvas.engine.engine import Engine
from ganvas.engine.schedule import Linear
from ganvas.recipes.build.choices import choose
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.length import fixed
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import RECIPES
from ganvas.trial.choose import noise


def schedules(engine: Engine) -> dict[str, Any]:
    players = engine.game.players.items()
    return {**engine.game.schedules, **{n: (p.settings, p.half_life) for n, p in players}}


def bound(name: str) -> Recipe:
    """A recipe whose schedules end with it: rates; betas, weights of penalties, strengths too."""
    recipe = replace(RECIPES[name](), device="cpu")
    return replace(recipe, images=5_000_000) if name == "r3gan-small" else recipe


@pytest.mark.parametrize("name", ["mnist", "wgan-gp", "playground-grid", "r3gan-small"])
def test_an_engine_moves_the_ends_that_its_recipe_moves(name: str) -> None:
    recipe = bound(name)
    domain = Points() if name.startswith("playground") else Image(3, 32, 32)
    images = noise(domain, 2 * recipe.batch)
    engine = build_engine(Prepared.of(recipe, images, choose(recipe)))
    before = schedules(engine)
    engine.move_ends(recipe.images, recipe.images // 3)
    short = fixed(recipe, recipe.images // 3)
    assert schedules(engine) == schedules(build_engine(Prepared.of(short, images, choose(short))))
    assert (schedules(engine) != before) == (name != "wgan-gp")
    assert short.half_life == recipe.half_life and not short.fit_minutes


@pytest.mark.parametrize("name", [name for name in RECIPES if RECIPES[name]().fit_minutes])
def test_a_rate_falls_only_after_a_run_has_fitted_its_minutes(name: str) -> None:
    """So that the first tenth is the same, however long the run will be."""
    recipe = RECIPES[name]()
    for lr in (recipe.optimisers["generator"].lr, recipe.optimisers["discriminator"].lr):
        if isinstance(lr, Linear):
            assert lr.until == recipe.images and lr.begin >= recipe.images // 5


def test_recipes_that_promise_minutes_keep_to_them() -> None:
    assert {"mnist", "mnist-conditional", "fashion-mnist", "folder", "cifar10"} <= {
        each for each in RECIPES if RECIPES[each]().fit_minutes
    }
