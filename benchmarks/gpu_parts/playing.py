"""What the parts share: images in memory for any recipe, and how a recipe is played here."""

from dataclasses import replace

import torch
from torch import Tensor

from ganvas.bench.bench_dataset import PACKAGED, shape_of
from ganvas.data import Dataset
from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.data.dataset import make_dataset
from ganvas.domains import Image
from ganvas.engine.engine import Engine
from ganvas.recipes.build.choices import Choices, choose
from ganvas.recipes.build.data import load_data
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, find

COUNT = 4_096
"""Random images, at most: speed does not depend on what is in an image."""

SMALL = {"generator.width": 8, "discriminator.width": 8, "batch": 16}
"""Overrides of a quick check."""


def recipe_of(name: str, quick: bool, **changes: object) -> Recipe:
    """A recipe by name, narrow where the check is quick."""
    recipe = find(name)
    for key, value in SMALL.items() if quick else ():
        part, _, field = key.partition(".")
        if not field or hasattr(recipe.networks[part], field):
            changes.setdefault(key, value)
    return change(recipe, changes)


def images_of(recipe: Recipe, count: int = COUNT) -> Dataset:
    """The recipe's own images where the package has them, else random ones with random labels."""
    source = recipe.data.source
    if source in PACKAGED or (source in BUILTIN and source not in ("fashion-mnist", "cifar10")):
        return load_data(recipe.data)
    return random_images(shape_of(recipe.data) or (3, 64, 64), max(count, 2 * recipe.batch))


def random_images(shape: tuple[int, int, int], count: int) -> Dataset:
    """uint8 [count, *shape] with ten classes and three attributes."""
    generator = torch.Generator().manual_seed(0)

    def whole(most: int, *size: int) -> Tensor:
        return torch.randint(0, most, size, generator=generator)

    pixels, attributes = whole(256, count, *shape).byte(), whole(2, count, 3).byte()
    names = {"attributes": attributes, "attribute_names": ("a", "b", "c")}
    classes = tuple(map(str, range(10)))
    return make_dataset(
        Image(*shape), pixels, torch.arange(count) % 10, classes, "random images", **names
    )


def choices_of(recipe: Recipe, *, graph: bool) -> Choices:
    """The rule's choices, with rounds recorded or not; no trial."""
    return replace(choose(recipe), graph=graph, threads=1)


def unrecorded(engine: Engine) -> str:
    """Why rounds were played kernel by kernel; "" of an engine that replays them or never would."""
    if engine.reason is not None:
        return engine.reason
    waits = engine.recorder is not None and not engine.recorder.replays
    return "betas or the like still move, which a graph would freeze" if waits else ""


def sentence(error: BaseException) -> str:
    """An error on one line."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}"
