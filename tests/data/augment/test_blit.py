"""Pixel blitting, against flips, turns and padding by PyTorch, an image at a time."""

import math

import pytest
import torch
import torch.nn.functional as F
from augmenting import OFF, fixed, seeded, some_images
from torch import Tensor

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.blit import Blit, _sources

BLIT = ADA(**{**OFF, "blit": Blit()})
ON, NEVER = [0.0] * 4, [1.0] * 4


def shifted(image: Tensor, down: int, right: int) -> Tensor:
    """Moved by whole pixels, filled by reflection."""
    height, width = image.shape[-2:]
    rim = max(abs(down), abs(right))
    padded = F.pad(image[None], (rim, rim, rim, rim), mode="reflect")[0]
    return padded[:, rim - down :, rim - right :][:, :height, :width]


def test_flips_of_an_image_each() -> None:
    images = some_images()
    out = BLIT(images, fixed(ON, [0.7, 0.2, 0.5, 0.49], NEVER, ON, NEVER, ON, ON), 1.0)
    for index, flipped in enumerate((True, False, True, False)):
        assert torch.equal(out[index], images[index].flip(2) if flipped else images[index])


def test_quarter_turns_are_those_of_rot90() -> None:
    images = some_images(size=(7, 7))
    out = BLIT(images, fixed(NEVER, ON, ON, [0.1, 0.3, 0.6, 0.9], NEVER, ON, ON), 1.0)
    for turns in range(4):
        assert torch.equal(out[turns], torch.rot90(images[turns], turns, (1, 2)))


def test_images_that_are_not_square_turn_by_halves() -> None:
    images = some_images(size=(16, 12))
    out = BLIT(images, fixed(NEVER, ON, ON, [0.1, 0.3, 0.6, 0.9], NEVER, ON, ON), 1.0)
    assert torch.equal(out[:2], images[:2])
    assert torch.equal(out[2:], torch.rot90(images[2:], 2, (2, 3)))


def test_shifts_reflect_at_the_rim() -> None:
    images = some_images(size=(16, 32))
    down, right = [1.0, 0.0, 0.25, 0.5], [0.0, 0.75, 0.5, 0.625]
    out = BLIT(images, fixed(NEVER, ON, NEVER, ON, ON, down, right), 1.0)
    for index, (y, x) in enumerate([(2, -4), (-2, 2), (-1, 0), (0, 1)]):
        assert torch.equal(out[index], shifted(images[index], y, x))


@pytest.mark.parametrize("size", [(16, 16), (15, 15), (16, 12)])
def test_all_at_once_are_a_flip_then_a_turn_then_a_shift(size: tuple[int, int]) -> None:
    images, uniform = some_images(64, size=size), seeded(64)
    out = BLIT(images, uniform, 0.7)
    noise = uniform("ada", 7).double()
    for index, image in enumerate(images):
        row = noise[index].tolist()
        if row[0] < 0.7 and row[1] >= 0.5:
            image = image.flip(2)
        if row[2] < 0.7:
            turns = math.floor(4 * row[3]) if size[0] == size[1] else 2 * math.floor(2 * row[3])
            image = torch.rot90(image, turns, (1, 2))
        if row[4] < 0.7:
            shares = (0.125 * (2 * number - 1) for number in row[5:])
            image = shifted(image, *(round(s * side) for s, side in zip(shares, size, strict=True)))
        assert torch.equal(out[index], image)


def test_each_may_be_switched_off() -> None:
    still = ADA(**{**OFF, "blit": Blit(flip=False, rotate=False, translate=0)})
    assert torch.equal(still(some_images(), seeded(4), 1.0), some_images())
    with pytest.raises(ValueError, match="within 0 and 1"):
        Blit(translate=1.5)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_any_shift_is_a_reflection(side) -> None:
    steps = torch.arange(-2 * side, 2 * side + 1)
    found = _sources(side, steps / side)
    row = torch.arange(side)
    period = torch.cat([row, row.flip(0)[1:-1]]) if side > 1 else row
    for shift, places in zip(steps.tolist(), found, strict=True):
        expected = [period[(place - shift) % len(period)].item() for place in range(side)]
        assert places.tolist() == expected
