"""Colour transformations, against a product of 4x4 matrices made an image at a time."""

import math

import pytest
import torch
from augmenting import OFF, fixed, seeded, some_images
from torch import Tensor

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.colour import Colour
from ganvas.errors import UsageError

COLOUR = ADA(**{**OFF, "colour": Colour()})
ON, NEVER, MIDDLE = [0.0] * 4, [1.0] * 4, [0.5] * 4


def homogeneous(linear: Tensor, moved: float = 0.0) -> Tensor:
    matrix = torch.eye(4, dtype=torch.float64)
    matrix[:3, :3], matrix[:3, 3] = linear, moved
    return matrix


def reference(row: list[float], strength: float) -> Tensor:
    """The 4x4 matrix of one image, of its ten numbers."""
    normal = torch.special.ndtri(torch.tensor(row, dtype=torch.float64)).tolist()
    unit = torch.eye(3, dtype=torch.float64)
    axis = torch.full((3,), 1 / math.sqrt(3), dtype=torch.float64)
    along = torch.outer(axis, axis)
    matrix = torch.eye(4, dtype=torch.float64)
    if row[0] < strength:
        matrix = homogeneous(unit, 0.2 * normal[1]) @ matrix
    if row[2] < strength:
        matrix = homogeneous(unit * 2 ** (0.5 * normal[3])) @ matrix
    if row[4] < strength and row[5] >= 0.5:
        matrix = homogeneous(unit - 2 * along) @ matrix
    if row[6] < strength:
        angle = math.pi * (2 * row[7] - 1)
        x, y, z = axis.tolist()
        cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
        matrix = homogeneous(torch.linalg.matrix_exp(angle * cross)) @ matrix
    if row[8] < strength:
        matrix = homogeneous(along + (unit - along) * 2 ** normal[9]) @ matrix
    return matrix


def test_all_at_once_are_the_product_of_their_matrices() -> None:
    images, uniform = some_images(32, size=(6, 5)), seeded(32)
    out = COLOUR(images, uniform, 0.7)
    for image, made, row in zip(images, out, uniform("ada", 10).tolist(), strict=True):
        matrix = reference(row, 0.7).float()
        expected = torch.einsum("ij,jhw->ihw", matrix[:3, :3], image) + matrix[:3, 3, None, None]
        torch.testing.assert_close(made, expected, atol=1e-4, rtol=1e-4)


def test_a_third_of_a_turn_of_hue_permutes_the_channels() -> None:
    angles = [(2 / 3 + 1) / 2, (-2 / 3 + 1) / 2, 0.5, 0.5]
    uniform = fixed(NEVER, MIDDLE, NEVER, MIDDLE, NEVER, MIDDLE, ON, angles, NEVER, MIDDLE)
    images = some_images()
    out = COLOUR(images, uniform, 1.0)
    torch.testing.assert_close(out[0], images[0].roll(1, 0), atol=1e-5, rtol=0)
    torch.testing.assert_close(out[1], images[1].roll(-1, 0), atol=1e-5, rtol=0)
    assert torch.equal(out[2:], images[2:])


def test_flipped_luma_keeps_what_is_not_grey() -> None:
    uniform = fixed(NEVER, MIDDLE, NEVER, MIDDLE, ON, [0.7] * 4, NEVER, MIDDLE, NEVER, MIDDLE)
    images = some_images()
    out, grey = COLOUR(images, uniform, 1.0), images.mean(1, keepdim=True)
    torch.testing.assert_close(out, images - 2 * grey)


def test_grey_images_are_as_three_equal_channels() -> None:
    images, uniform = some_images(32, channels=1), seeded(32)
    out = COLOUR(images, uniform, 0.7)
    colours = COLOUR(images.expand(-1, 3, -1, -1), uniform, 0.7)
    torch.testing.assert_close(colours, out.expand(-1, 3, -1, -1), atol=1e-5, rtol=1e-5)
    assert not torch.equal(out, images)


def test_other_channels_are_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="set the augmentation's colour to null"):
        COLOUR(some_images(channels=2), seeded(4), 1.0)
