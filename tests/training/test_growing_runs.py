"""Runs that grow: resumed to the last bit in the middle of it, and sampled at their stage."""

from pathlib import Path
from typing import Any

import pytest
import torch

import ganvas
from ganvas.store.event import Event
from ganvas.store.run import Run

from ..playing import SMALL, assert_same_run

GROWING: dict[str, Any] = {
    **SMALL,
    "generator": {"kind": "progressive", "latent": 8, "width": 4, "widest": 8},
    "discriminator": {"kind": "progressive", "width": 4, "widest": 8},
    "game.images_per_stage": 64,
}
"""Three stages of 4, 8 and 16 pixels: fades from 64 to 128 and from 192 to 256 images."""


class Killed(BaseException):
    pass


def train(out: Path, data: Any, **more: Any) -> ganvas.Run:
    return ganvas.train("progressive", data=data, out=out, overrides=GROWING, **more)


@pytest.fixture
def growing(tmp_path, blobs) -> ganvas.Run:
    return train(tmp_path / "whole", blobs)


@pytest.mark.parametrize("moment", [100, 240])
def test_a_run_cut_while_it_grows_and_resumed_is_the_uninterrupted_run(
    growing, tmp_path, blobs, moment: int
) -> None:
    def listen(event: Event) -> None:
        if event.images >= moment:
            raise Killed

    with pytest.raises(Killed):
        train(tmp_path / "cut", blobs, listeners=[listen])
    (path,) = (tmp_path / "cut").iterdir()
    ganvas.resume(path, data=blobs)
    assert_same_run(path, growing.path)


def test_a_checkpoint_draws_at_its_stage(growing) -> None:
    found = {}
    for clock in (112, 224, 320):
        run = Run(growing.path, at=clock)
        images = run.sample(6)
        assert images.shape == (6, 16, 16, 1)
        found[clock] = run.generator.growth.item(), is_coarse(images)  # pyright: ignore
    assert found == {112: (0.75, True), 224: (1.5, False), 320: (2.0, False)}


def is_coarse(images: torch.Tensor) -> bool:
    """Whether each 2x2 of images [N, H, W, C] is of one value."""
    return torch.equal(images[:, ::2, ::2].repeat_interleave(2, 1).repeat_interleave(2, 2), images)
