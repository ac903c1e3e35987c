"""What ``same_bits.py`` plays: every recipe, made small, and what no recipe does on its own.

A play keeps its recipe's structure; batches, widths and images are few, since all are played on one
core, and in bfloat16 too, which most processors emulate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

BATCH = 8
"""Images a round; for points too, which cost nothing in comparison."""

PICTURES, CLASSES, ATTRIBUTES = "pictures", "classes", "attributes"
"""Folders of made pictures: 48 of them; the same in three classes; with a table of attributes."""

Settings = dict[str, Any]  # overrides, by dotted name

WIDTHS: Settings = {"generator.width": 8, "discriminator.width": 8}
WIDTHS_OF_R3GAN: Settings = {"generator.widths": [32, 32], "discriminator.widths": [32, 32]}
GROWING: Settings = {"game.images_per_stage": 32}
"""Stages of 7, 14 and 28 pixels: fades from image 32 to 64 and from 96 to 128."""

ADA: Settings = {
    "augment": {"kind": "ada", "bands": {}, "corruption": {}},
    "strength": {"kind": "adaptive", "images": 200, "every": 2},
}
"""All of its transformations, sought so fast that they come within twenty rounds."""

EVALUATED: Settings = {"evaluation": {"every": 64, "count": 200}}
IN_PIXELS: Settings = {"features": "pixels", "metrics": ["kid"], "best": "kid"}
EVALUATED_IN_PIXELS: Settings = {"evaluation": {"every": 64, "count": 16, **IN_PIXELS}}
EVALUATED_POINTS: Settings = {"evaluation": {"every": 64, "count": 200, "best": "reverse-kl"}}
PENALTIES: Settings = {
    "game.penalties": [
        {"kind": "dragan", "every": 3, "weight": 1.0},
        {"kind": "r1", "every": 4, "part": 0.5, "through": "images"},
        {"kind": "r2", "every": 5, "form": "approximate", "weight": 1.0},
    ],
    "game.lazy": "apart",
    "augment.kind": "diffaugment",
    "strength": {"kind": "linear", "start": 0.0, "end": 0.8, "until": 100},
}


@dataclass(frozen=True)
class Play:
    """settings: overrides of the recipe. data: a built-in name or a made folder; by default the
    recipe's own."""

    name: str
    recipe: str
    settings: Settings
    data: str | None = None


def small(recipe: str, name: str = "", more: Settings | None = None) -> Play:
    """A recipe made small, on data that need no network, and with ``more`` settings."""
    data, settings = _small(recipe)
    return Play(name or recipe, recipe, {**settings, **(more or {})}, data)


def _small(recipe: str) -> tuple[str | None, Settings]:
    """Data and sizes for a recipe."""
    if recipe.startswith(("playground", "unrolled")):
        return None, {}
    if recipe.startswith("r3gan"):
        return CLASSES, WIDTHS_OF_R3GAN
    if recipe in ("vae-gan", "aae"):
        return None, {**WIDTHS, "encoder.width": 8}
    if recipe in ("r1", "pacgan", "mode-seeking") or recipe.startswith("minibatch"):
        return CLASSES, {**WIDTHS, "data.size": 28}  # stacked-mnist takes seconds to read
    if recipe == "cifar10" or recipe.startswith("tutorial-cifar10"):
        return CLASSES, WIDTHS
    if recipe == "projected":
        return PICTURES, {"generator.width": 8, "discriminator.size": 64, "data.size": 32}
    if recipe in ("folder", "few-shot", "attributes"):
        data = ATTRIBUTES if recipe == "attributes" else PICTURES
        return data, {**WIDTHS, "data.size": [32, 40]}
    return "mnist" if recipe == "fashion-mnist" else None, WIDTHS


BY_CLASS: Settings = {"condition.kind": "class"}
MORE = (
    # What changes on the way, within twenty rounds.
    small("warm-up", "warm-up-ends", {**BY_CLASS, "game.warm_up.images": 80}),
    small("progressive", "progressive-grows", {**GROWING, "game.restart": True}),
    small("progressive", "progressive-class", {**GROWING, **BY_CLASS}),
    small("few-shot", "few-shot-ada", ADA),
    small(
        "stylegan2",
        "stylegan2-ada",
        {**ADA, **BY_CLASS, "discriminator.kind": "style", "data.flip": True},
    ),
    small("r3gan-small", "r3gan-augmented", {**BY_CLASS, "strength": 0.5}),
    # Evaluations: a generator's buffers and every draw must come out of them unmoved.
    small("mnist", "mnist-evaluated", EVALUATED),
    small("cifar10", "cifar10-evaluated", EVALUATED_IN_PIXELS),
    small("playground-ring", "ring-evaluated", EVALUATED_POINTS),
    # Settings that no recipe turns on.
    small("mnist", "mnist-micro-batches", {"accumulate": 2, "clip_gradient": 0.5}),
    small("mnist", "mnist-frozen", {"freeze": 2, "game.joint_pass": False}),
    small("mnist", "mnist-penalties", PENALTIES),
    small("mnist", "mnist-packed", {"game.pack": 2, "game.loss": "hinge"}),
    small("tutorial-mnist", "tutorial-mnist-smooth", {"game.real_label": 0.9}),
    small(
        "acgan",
        "acgan-both",
        {
            "game.terms": [{"kind": "classifier", "on": "both"}, {"kind": "mode-seeking"}],
            "discriminator.diversity": "deviation",
        },
    ),
    small(
        "unrolled",
        "unrolled-descent",
        {"game.unrolled.inner": "gradient-descent", "game.unrolled.objective": "value"},
    ),
    small("vae-gan", "vae-gan-pixels", {**BY_CLASS, "game.likeness": "pixels"}),
    small("aae", "aae-gaussian", {"game.posterior": "gaussian"}),
    small("sagan", "sagan-class", BY_CLASS),
)

RESUMED = (
    "mnist-evaluated", "cifar10-evaluated", "vae-gan", "progressive-grows", "stylegan2-ada",
    "ring-evaluated", "attributes",
)  # fmt: skip
"""The plays that are also cut in half and resumed: different games, with all that they remember."""


def plays(recipes: Iterable[str]) -> dict[str, Play]:
    """All that is played, by name."""
    return {play.name: play for play in (*map(small, recipes), *MORE)}


def make_pictures(place: Path) -> None:
    """The three folders of made pictures, in ``place``, if they are not there yet."""
    numbers = np.random.default_rng(0)
    rows = ["image,Bright,Round"]
    for index in range(48):
        pixels = numbers.integers(0, 256, (8, 10, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize((60, 48), Image.Resampling.BICUBIC)
        name, square = f"{index:03d}.png", picture.resize((32, 32))
        save(picture, place / PICTURES / name)
        save(picture, place / ATTRIBUTES / name)
        save(square, place / CLASSES / "abc"[index % 3] / name)
        rows.append(f"{name},{index % 2},{index // 2 % 3 // 2}")
    (place / ATTRIBUTES / "labels.csv").write_text("\n".join(rows) + "\n")


def save(picture: Image.Image, path: Path) -> None:
    """Write a picture where there is none yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
