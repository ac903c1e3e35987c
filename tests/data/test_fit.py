"""Sizes, aspects and channels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import encoded, folder_of, picture, write
from PIL import Image

from ganvas.data import load_dataset
from ganvas.data.decoding.fit import Fit, crop_box, kept_aspect
from ganvas.errors import DataError, UsageError

sides = st.integers(1, 400)


@pytest.mark.parametrize(
    ("height", "width", "size", "expected"),
    [
        (200, 300, 64, (64, 96)), (300, 200, 64, (96, 64)), (218, 178, 64, (80, 64)),
        (100, 108, 64, (64, 64)), (100, 1000, 64, (64, 256)), (1000, 30, 32, (128, 32)),
        (480, 640, 128, (128, 160)), (1080, 1920, 64, (64, 112)),
    ],
)  # fmt: skip
def test_aspect_is_kept(height, width, size, expected):
    assert kept_aspect([(height, width)], size) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=9), st.sampled_from([16, 64, 100]))
def test_kept_aspect_always_halves(sizes, size):
    height, width = kept_aspect(sizes, size)
    assert min(height, width) == size and max(height, width) <= 4 * size
    assert height % (size // 4) == 0 and width % (size // 4) == 0


@settings(deadline=None)
@given(sides, sides, sides, sides)
def test_crop_box_is_centred_inside_and_as_large_as_fits(width, height, to_width, to_height):
    left, top, right, bottom = crop_box(width, height, to_width, to_height)
    assert left >= 0 and top >= 0 and left + right == pytest.approx(width)
    assert top + bottom == pytest.approx(height)
    assert (right - left) * to_height == pytest.approx((bottom - top) * to_width)
    assert min(left, top) == pytest.approx(0, abs=1e-9)


def test_photos_of_three_to_two(tmp_path):
    folder_of(tmp_path, 3, 80, 120)
    dataset = load_dataset(tmp_path, size=32)
    assert dataset.shape == (3, 32, 48)
    whole = picture(0, 80, 120).resize((48, 32), Image.Resampling.LANCZOS)
    difference = dataset.pixels[0].permute(1, 2, 0).numpy().astype(int) - np.asarray(whole)
    assert abs(difference).max() <= 3


def test_other_fits(tmp_path):
    folder_of(tmp_path, 3, 40, 60)
    image = picture(0, 40, 60)
    crop = np.asarray(image.crop((10, 0, 50, 40)))
    cropped = load_dataset(tmp_path, size=40, fit="crop").pixels[0].permute(1, 2, 0).numpy()
    assert np.array_equal(cropped, crop)
    stretched = load_dataset(tmp_path, size=(40, 30), fit="stretch").pixels[0].permute(1, 2, 0)
    expected = np.asarray(image.resize((30, 40), Image.Resampling.LANCZOS))
    assert abs(stretched.numpy().astype(int) - expected).max() <= 2
    padded = load_dataset(tmp_path, size=60, fit="pad").pixels[0].permute(1, 2, 0).numpy()
    assert np.array_equal(padded[10:50], np.asarray(image))
    assert (padded[:10] == 255).all() and (padded[50:] == 255).all()
    assert load_dataset(tmp_path, size=(24, 16)).shape == (3, 24, 16)


def test_mixed_sizes_need_a_size(tmp_path):
    write(folder_of(tmp_path) / "large.png", encoded(picture(1, 50, 70), "PNG"))
    with pytest.raises(DataError, match=r"2 sizes, from 24x24 to 70x50.*e\.g\. `data\.size=16`"):
        load_dataset(tmp_path)
    dataset = load_dataset(tmp_path, size=32)
    assert dataset.shape == (3, 32, 32)
    assert "4 images smaller than 32x32 enlarged" in dataset.notes


def test_large_jpegs_are_shrunk_while_decoding_and_look_the_same(tmp_path):
    image = picture(3, 800, 1200).resize((1200, 800))
    for number in range(2):
        write(tmp_path / f"{number}.jpg", encoded(image, "JPEG", quality=98))
    ours = load_dataset(tmp_path, size=32).pixels[0].permute(1, 2, 0).numpy().astype(int)
    expected = np.asarray(image.resize((48, 32), Image.Resampling.LANCZOS))
    assert abs(ours - expected).mean() < 2


def test_channels(tmp_path):
    for number in range(3):
        write(tmp_path / f"{number}.png", encoded(picture(number, mode="L"), "PNG"))
    grey = load_dataset(tmp_path)
    assert grey.shape == (1, 24, 24)
    colour = load_dataset(tmp_path, channels=3)
    assert torch.equal(colour.pixels, grey.pixels.expand(-1, 3, -1, -1))
    write(tmp_path / "4.png", encoded(picture(4), "PNG"))
    assert load_dataset(tmp_path).shape == (3, 24, 24)
    forced = load_dataset(tmp_path, channels=1)
    assert np.array_equal(forced.pixels[3, 0].numpy(), np.asarray(picture(4, mode="L")))


@pytest.mark.parametrize(
    "options",
    [
        {"size": 0}, {"size": -3}, {"size": 10**9}, {"size": (8, 0)}, {"size": True},
        {"size": "64"}, {"size": (1, 2, 3)}, {"channels": 2}, {"fit": "squash"},
        {"split": "half"}, {"split": "-5:"}, {"limit": 0},
    ],
)  # fmt: skip
def test_options_that_are_not_known(options):
    with pytest.raises(UsageError):
        load_dataset(torch.zeros(4, 1, 8, 8), **options)


def test_fit_tells_what_is_lost():
    fit = Fit(64)
    assert fit.lost(64, 128, (3, 64, 96)) == pytest.approx(0.25)
    assert Fit(64, how="pad").lost(64, 128, (3, 64, 64)) == 0
