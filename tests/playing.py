"""Runs small enough to play in a test, and how two runs are compared bit for bit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganvas.store import checkpoint
from ganvas.store.log import read_log

SMALL: dict[str, Any] = {
    "generator": {"kind": "dcgan", "latent": 8, "width": 4},
    "discriminator": {"kind": "dcgan", "width": 4},
    "batch": 16,
    "images": 320,
    "threads": 1,
    "every.log": 48,
    "every.samples": 96,
    "every.checkpoint": 112,
    "evaluation": None,
}
"""Overrides that make any recipe small, with log lines and grids falling between checkpoints."""

MEASURED: dict[str, Any] = {"evaluation.every": 160, "evaluation.count": 200}
"""Overrides that make its evaluations small; 200 are just enough for the features ``digits``."""


WALL = ("seconds", "images_per_second")
"""What the clock on the wall writes into a log; no two runs agree on it."""


Log = Callable[[Path], list[dict[str, Any]]]


def log_of(path: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in r.items() if k not in WALL} for r in read_log(path / "log.jsonl")]


def assert_same_run(ours: Path, theirs: Path, log: Log = log_of) -> None:
    """Weights, EMA, optimisers, clock, log and samples are equal to the last bit."""
    mine = checkpoint.load_newest(ours / "checkpoints")
    other = checkpoint.load_newest(theirs / "checkpoints")
    assert mine[1].keys() == other[1].keys()
    pairs = {name: (value, other[1][name]) for name, value in mine[1].items()}
    apart = {
        name: (a.double() - b.double()).abs().max().item()
        for name, (a, b) in pairs.items()
        if not torch.equal(a, b)
    }
    assert not apart, f"{len(apart)} of {len(pairs)} tensors differ, by at most {apart}"
    for numbers in (mine[2], other[2]):
        numbers.pop("seconds")
        numbers.pop("log_bytes")
        numbers.pop("evaluation_seconds")
    assert mine[2] == other[2]
    assert log(ours) == log(theirs)
    grids = [sorted((path / "samples").glob("*.png")) for path in (ours, theirs)]
    assert [p.name for p in grids[0]] == [p.name for p in grids[1]]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(*grids, strict=True))


def picture_folder(path: Path, count: int = 24, size: tuple[int, int] = (32, 32)) -> Path:
    """A folder of small colour pictures: discs of every colour on every ground."""
    from PIL import Image, ImageDraw

    path.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(0)
    for index in range(count):
        ground, disc = (tuple(int(v) for v in numbers.integers(0, 256, 3)) for _ in range(2))
        image = Image.new("RGB", size, ground)
        x, y = (int(numbers.integers(2, side // 2)) for side in size)
        ImageDraw.Draw(image).ellipse((x, y, x + size[0] // 2, y + size[1] // 2), fill=disc)
        image.save(path / f"{index:03d}.png")
    return path
