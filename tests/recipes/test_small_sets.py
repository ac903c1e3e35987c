"""Sets of a few pictures: advice that works, tried by following it."""

import contextlib
import re
from dataclasses import replace

import pytest
import torch

from ganvas.errors import UsageError
from ganvas.recipes import recipe_table
from ganvas.recipes.build.batch import check_batch, largest_batch, least_batch, with_fewer
from ganvas.recipes.build.choices import choose
from ganvas.recipes.build.data import load_data
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared

SMALL = {
    "generator": {"kind": "dcgan", "latent": 4, "width": 2},
    "discriminator": {"kind": "dcgan", "width": 2},
    "device": "cpu", "precision": "fp32", "threads": 1, "batch": 12,
}  # fmt: skip
ADVICE = re.compile(r"say `batch=(\d+)(?: accumulate=(\d+))?`, or give more images$")


def recipe_of(**overrides):
    return recipe_table.change(recipe_table.find("folder"), {**SMALL, **overrides})


def pictures(count: int) -> torch.Tensor:
    numbers = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 1, 16, 16), dtype=torch.uint8, generator=numbers)


@pytest.mark.parametrize("count", [2, 3, 5, 11])
@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"accumulate": 2},
        {"accumulate": 6},
        {"game.pack": 2},
        {"game.pack": 3, "accumulate": 2},
        {"generator": {"kind": "compact", "latent": 4, "width": 4}},
    ],
    ids=str,
)
def test_the_advice_works(overrides, count) -> None:
    recipe = recipe_of(**overrides)
    source = pictures(count)
    with pytest.raises(UsageError, match=f"more than the {count} images") as caught:
        check_batch(recipe, load_data(recipe.data, source))
    found = ADVICE.search(str(caught.value))
    if found is None:  # then it says how many there must be
        least = re.search(r"give at least (\d+) images$", str(caught.value))
        assert least is not None and int(least[1]) > count
        source, batch = pictures(int(least[1])), int(least[1])
        recipe = replace(recipe, batch=batch, accumulate=1)
    else:
        accumulate = int(found[2]) if found[2] else recipe.accumulate
        recipe = replace(recipe, batch=int(found[1]), accumulate=accumulate)
    check_batch(recipe, load_data(recipe.data, source))
    engine = build_engine(Prepared.of(recipe, load_data(recipe.data, source), choose(recipe)))
    engine.round()
    assert engine.is_finite() and engine.images == recipe.batch


@pytest.mark.parametrize("accumulate", [1, 2, 3])
@pytest.mark.parametrize("pack", [1, 2, 3, 4])
def test_the_largest_batch_against_trying_all(pack, accumulate) -> None:
    recipe = recipe_of(**{"game.pack": pack, "accumulate": accumulate, "batch": 72})
    able = []
    for batch in range(1, 25):
        with contextlib.suppress(UsageError):
            able.append(replace(recipe, batch=batch).batch)
    assert least_batch(recipe) == able[0]
    for count in range(1, 25):
        fitting = [batch for batch in able if batch <= count]
        assert largest_batch(recipe, count) == max(fitting, default=0)


def test_a_recipe_fits_its_batch_and_says_so() -> None:
    images = load_data(recipe_of().data, pictures(7))
    recipe, why = with_fewer(recipe_of(), images)
    assert recipe.batch == 7 and why == "batch 7 instead of 12: there are 7 images"
    assert with_fewer(recipe_of(batch=5), images) == (recipe_of(batch=5), "")
    with pytest.raises(UsageError, match="give at least 8 images"):
        with_fewer(recipe_of(**{"game.pack": 8, "batch": 16}), images)
