"""Recipes small enough to be played in a test."""

from typing import Any

import torch

from ganvas.data.dataset import Dataset, make_dataset
from ganvas.domains import Image
from ganvas.engine.engine import Engine
from ganvas.recipes.build.choices import choose
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, find

TINY = {
    "generator": {"kind": "dcgan", "latent": 8, "width": 4},
    "discriminator": {"kind": "dcgan", "width": 4, "norm": "none"},
    "batch": 8, "device": "cpu", "precision": "fp32", "threads": 1,
}  # fmt: skip


def tiny(name: str = "mnist", **changes: Any) -> Recipe:
    """A recipe with tiny networks; dots in names are written as two underscores."""
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return change(find(name), {**TINY, **dotted})


def random_images(shape: tuple[int, int, int] = (1, 16, 16), count: int = 32) -> Dataset:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
    return make_dataset(Image(*pixels.shape[1:]), pixels, None, (), "random")


def engine_of(recipe: Recipe, images: Dataset | None = None) -> Engine:
    return build_engine(Prepared.of(recipe, images or random_images(), choose(recipe)))
