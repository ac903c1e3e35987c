"""Squares that are cut out and shifts by whole pixels, against loops over single pixels."""

import pytest
import torch
from augmenting import OFF, fixed, seeded
from torch import Tensor

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.corruption import Corruption
from ganvas.data.augment.diffaugment import DiffAugment

SIZES = [(8, 8), (28, 28), (32, 32), (15, 20), (9, 32)]
NOTHING = {"brightness": 0.0, "saturation": 0.0, "contrast": 0.0}
COUNT = 4000


def rows_of(u: float, v: float) -> Tensor:
    return torch.tensor([0.5, 0.5, 0.5, u, v, u, v])


def drawn(rows: Tensor):
    return lambda name, *shape: rows


@pytest.mark.parametrize("size", SIZES)
def test_ada_cuts_pixels_whose_centres_lie_within_half_a_side(size: tuple[int, int]) -> None:
    height, width = size
    part = ADA(**{**OFF, "corruption": Corruption(noise=0.0, span="rims")})
    uniform = seeded(50)
    noise = uniform("ada", 5)
    out = part(torch.ones(50, 1, *size), uniform, 0.7)
    for image, (_, _, gate, y, x) in zip(out, noise.double().tolist(), strict=True):
        for row in range(height):
            for column in range(width):
                inside = abs((row + 0.5) / height - y) < 0.25
                inside &= abs((column + 0.5) / width - x) < 0.25
                assert image[0, row, column] == (0.0 if inside and gate < 0.7 else 1.0)


def test_half_of_an_even_side_is_always_as_many_pixels() -> None:
    centres = [0.31, 0.5, 0.62, 0.74]
    noise = fixed([1.0] * 4, [0.5] * 4, [0.0] * 4, centres, centres)
    counts = []
    for span in ("rims", "centres"):
        part = ADA(**{**OFF, "corruption": Corruption(noise=0.0, span=span)})
        out = part(torch.ones(4, 1, 32, 32), noise, 1.0)
        counts.append((out == 0).sum((1, 2, 3)).tolist())
    assert counts[0] == [16 * 16] * 4
    assert set(counts[1]) <= {15 * 15, 16 * 16} and 15 * 15 in counts[1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.5, 0.3])
def test_even_steps_cut_the_authors_rectangles(size: tuple[int, int], share: float) -> None:
    """DiffAugment's: a whole number of pixels about a whole place, cut off by the rim."""
    part = DiffAugment(translate=0.0, cutout=share, **NOTHING, steps="even")
    places = torch.rand(60, 2, generator=torch.Generator().manual_seed(1))
    noise = torch.stack([rows_of(*place) for place in places.tolist()])
    out = part(torch.ones(60, 1, *size), drawn(noise))
    for image, place in zip(out, places.tolist(), strict=True):
        expected = torch.ones(size)
        spans = []
        for side, u in zip(size, place, strict=True):
            long = int(side * share + 0.5)
            first = int(u * (side + 1 - long % 2)) - long // 2
            spans.append(slice(max(0, first), max(0, first + long)))
        expected[spans[0], spans[1]] = 0
        assert torch.equal(image[0], expected)


@pytest.mark.parametrize(("side", "most"), [(28, 4), (32, 4), (64, 8), (12, 2)])
def test_even_steps_shift_by_every_number_of_pixels_alike_often(side: int, most: int) -> None:
    marked = torch.zeros(COUNT, 1, 1, side)
    marked[..., side // 2] = 1
    noise = torch.rand(COUNT, 7, generator=torch.Generator().manual_seed(2))
    found = {}
    for steps in ("even", "rounded"):
        part = DiffAugment(cutout=0.0, **NOTHING, steps=steps)
        places = part(marked, drawn(noise)).sum((1, 2)).argmax(1) - side // 2
        found[steps] = {shift: (places == shift).sum().item() for shift in range(-most, most + 1)}
        assert sum(found[steps].values()) == COUNT
    each = COUNT / (2 * most + 1)
    assert all(abs(count - each) < 4.5 * each**0.5 for count in found["even"].values())
    assert found["rounded"][most] < 0.7 * each  # which is why there are even steps


def test_noise_at_its_ends_stays_within_the_steps_and_no_draw_is_no_shift() -> None:
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(3))
    noise = torch.stack([torch.zeros(7), torch.full((7,), 1 - 2.0**-24)])
    part = DiffAugment(cutout=0.0, **NOTHING, steps="even")
    out = part(images, drawn(noise))
    assert torch.equal(out[0, :, :-4, :-4], images[0, :, 4:, 4:])
    assert torch.equal(out[1, :, 4:, 4:], images[1, :, :-4, :-4])
    never = part(images, lambda name, *shape: torch.full((2, *shape), 0.7), 0.5)
    assert torch.equal(never, images)
