"""Geometric transformations, against a smooth function that is moved exactly."""

import math

import pytest
import torch
from augmenting import OFF, fixed, seeded, some_images
from torch import Tensor

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.warp import Geometry, resample

GEOMETRY = ADA(**{**OFF, "geometry": Geometry()})
ON, NEVER, MIDDLE = [0.0] * 4, [1.0] * 4, [0.5] * 4


def pattern(x: Tensor, y: Tensor) -> Tensor:
    """A smooth function of pixels from the centre, without any symmetry."""
    return 0.5 * torch.sin(x / 5 + 0.4) + 0.3 * torch.cos(y / 4 - x / 9) + 0.01 * y


def places(height: int, width: int) -> tuple[Tensor, Tensor]:
    """(x, y) of each pixel, from the centre."""
    y = torch.arange(height) - (height - 1) / 2
    x = torch.arange(width) - (width - 1) / 2
    return x.expand(height, width), y[:, None].expand(height, width)


def smooth(count: int, height: int = 32, width: int = 32) -> Tensor:
    return pattern(*places(height, width)).expand(count, 3, height, width).clone()


def turn(angle: float) -> Tensor:
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.tensor([[cos, -sin], [sin, cos]])


@pytest.mark.parametrize("size", [(32, 32), (48, 36), (28, 28)])
def test_all_at_once_move_a_function_as_their_product_does(size: tuple[int, int]) -> None:
    height, width = size
    count, uniform = 24, seeded(24)
    out = GEOMETRY(smooth(count, height, width), uniform, 0.8)
    noise, normal = uniform("ada", 11), torch.special.ndtri(uniform("ada", 11))
    either = 1 - math.sqrt(1 - 0.8)
    for index in range(count):
        gate, z = noise[index].tolist(), normal[index].tolist()
        matrix, moved = torch.eye(2), torch.zeros(2)
        if gate[0] < 0.8:
            matrix = matrix * 2 ** (0.2 * z[1])
        if gate[2] < either:
            matrix = turn(math.pi * (2 * gate[3] - 1)) @ matrix
        if gate[4] < 0.8:
            factor = 2 ** (0.2 * z[5])
            matrix = torch.tensor([[factor, 0], [0, 1 / factor]]) @ matrix
        if gate[6] < either:
            matrix = turn(math.pi * (2 * gate[7] - 1)) @ matrix
        if gate[8] < 0.8:
            moved = 0.125 * torch.tensor([z[9] * width, z[10] * height])
        x, y = places(height, width)
        back = torch.linalg.inv(matrix) @ torch.stack([x - moved[0], y - moved[1]]).flatten(1)
        from_x, from_y = back.view(2, height, width)
        inside = (from_x.abs() < width / 2 - 4) & (from_y.abs() < height / 2 - 4)
        difference = (out[index] - pattern(from_x, from_y))[:, inside]
        assert inside.any() and difference.abs().max() < 0.03


def test_quarter_turns_are_those_of_rot90() -> None:
    quarters = [-0.5, 0.0, 0.5, -1.0]  # of half a turn, clockwise
    angles = [(share + 1) / 2 for share in quarters]
    uniform = fixed(NEVER, MIDDLE, ON, angles, NEVER, MIDDLE, NEVER, MIDDLE, NEVER, MIDDLE, MIDDLE)
    images = smooth(4)
    out = GEOMETRY(images, uniform, 1.0)
    for index, turns in enumerate((1, 0, 3, 2)):
        expected = torch.rot90(images[index], turns, (1, 2))
        assert (out[index] - expected).abs().max() < 0.03


def test_beyond_the_rim_lies_the_reflection() -> None:
    images = smooth(1)
    shift = torch.tensor([[0.25], [0.0]])  # right by 8 pixels of 32
    out = resample(images, torch.eye(2)[None], shift)
    torch.testing.assert_close(out[..., 10:], images[..., 2:-8], atol=0.01, rtol=0)
    torch.testing.assert_close(out[..., :8], images[..., 1:9].flip(3), atol=0.03, rtol=0)


def test_nothing_between_is_undone_by_the_wavelet() -> None:
    images = some_images(size=(32, 24))
    out = resample(images, torch.eye(2).expand(4, 2, 2), torch.zeros(2, 4))
    assert (out - images)[..., 3:-3, 3:-3].abs().max() < 1e-5
    images = smooth(4)
    out = resample(images, torch.eye(2).expand(4, 2, 2), torch.zeros(2, 4))
    assert (out - images).abs().max() < 0.01


def test_an_image_that_nothing_is_applied_to_is_not_resampled() -> None:
    images = some_images(64)
    out = GEOMETRY(images, seeded(64), 0.2)
    kept = (out == images).flatten(1).all(1)
    noise = seeded(64)("ada", 11)
    either = 1 - math.sqrt(0.8)
    gates = torch.tensor([0.2, either, 0.2, either, 0.2])
    assert torch.equal(kept, (noise[:, [0, 2, 4, 6, 8]] >= gates).all(1))
    assert 0 < kept.sum() < 64
