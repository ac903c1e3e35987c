"""Values: 12 bits in 16-bit files, grey pictures saved in colour, sets with nothing to see."""

import shutil

import numpy as np
import pytest
import torch
from picture_files import encoded, picture, write
from PIL import Image

from ganvas.data import inspect_source, load_dataset
from ganvas.data.decoding.image_file import decode
from ganvas.data.decoding.values import values_of
from ganvas.errors import UsageError


def wide_folder(path, most: int, count: int = 4):
    """16-bit PNGs whose values go from 0 to ``most``."""
    for row in range(count):
        ramp = np.linspace(0, most, 24 * 24).reshape(24, 24).round().astype(np.uint16)
        write(path / f"{row}.png", encoded(Image.fromarray(np.roll(ramp, row, 0)), "PNG"))
    return path


@pytest.mark.parametrize(
    ("most", "white"), [(4095, 4095), (4000, 4095), (1023, 1023), (16383, 16383), (200, 255)]
)
def test_few_bits_in_16_are_told_and_scaled(tmp_path, most, white) -> None:
    source = wide_folder(tmp_path, most)
    for found in (load_dataset(source), inspect_source(source), load_dataset(source, size=12)):
        (warning,) = [text for text in found.warnings if "16-bit" in text]
        assert f"above {most:,} of 65,535" in warning and f"`data.white={white}` " in warning
    dataset = load_dataset(source, white=white)
    expected = np.rint(np.linspace(0, most, 24 * 24).round() * 255 / white)
    assert np.array_equal(dataset.pixels[0, 0].numpy().ravel(), expected)
    assert dataset.warnings == ()


def test_a_mapped_set_knows_its_warnings_again(tmp_path) -> None:
    source = wide_folder(tmp_path, 4095)
    for images in (load_dataset(source, memory_bytes=0), load_dataset(source, memory_bytes=0)):
        assert len(images.warnings) == 1 and "`data.white=4095`" in images.warnings[0]
    scaled = load_dataset(source, memory_bytes=0, white=4095)
    assert scaled.pixels.max() == 255 and scaled.warnings == ()


def test_16_bits_in_full_use_are_as_before(tmp_path) -> None:
    dataset = load_dataset(wide_folder(tmp_path, 65535))
    assert dataset.pixels[0].max() == 255 and dataset.warnings == ()
    cut = load_dataset(tmp_path, white=40000)
    assert "up to 65,535 lie above `data.white=40000`" in cut.warnings[0]


@pytest.mark.parametrize("most", [1, 16, 40])
def test_few_values_of_8_bits_are_told_and_scaled(tmp_path, most) -> None:
    """Such as masks whose classes are the values 0 and 1."""
    ramps = [np.linspace(0, most, 64).round().astype(np.uint8).reshape(8, 8) for _ in range(2)]
    ramps[1] = ramps[1].T
    for row, ramp in enumerate(ramps):
        write(tmp_path / f"{row}.png", encoded(Image.fromarray(ramp), "PNG"))
    array = np.stack(ramps)[..., None]
    for source in (tmp_path, array):
        (warning,) = load_dataset(source).warnings
        assert f"from 0 to {most} of 255" in warning and f"`data.white={most}` " in warning
        dataset = load_dataset(source, white=most)
        assert dataset.warnings == () and dataset.pixels.max() == 255
        assert dataset.pixels.unique().numel() == most + 1


@pytest.mark.parametrize("white", [0, -1, 65536])
def test_a_white_that_is_none_is_refused(white) -> None:
    with pytest.raises(UsageError, match="use a value from 1 to 65535"):
        load_dataset(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), white=white)


@pytest.mark.parametrize(
    ("value", "other", "words"),
    [
        (128, 128, "every pixel of every image has the value 128"),
        (0, 0, "every pixel of every image has the value 0"),
        (200, 215, "only go from 200 to 215 of 255"),
    ],
)
def test_sets_with_nothing_to_see_are_told(tmp_path, value, other, words) -> None:
    array = np.full((3, 6, 6, 3), value, np.uint8)
    array[1, 2, 2] = other
    for row, pixels in enumerate(array):
        write(tmp_path / f"{row}.png", encoded(Image.fromarray(pixels), "PNG"))
    for found in (load_dataset(array), load_dataset(tmp_path), inspect_source(tmp_path)):
        assert any(words in text for text in found.warnings)


def test_one_picture_many_times_is_told(tmp_path) -> None:
    for row in range(3):
        write(tmp_path / f"{row}.png", encoded(picture(0), "PNG"))
    assert load_dataset(tmp_path).warnings == (
        "all images are the same: nothing else can be learned",
    )
    write(tmp_path / "3.png", encoded(picture(1), "PNG"))
    assert load_dataset(tmp_path).warnings == ()


def in_colour(path, kinds=("PNG", "JPEG", "BMP")):
    """Grey pictures whose files have three channels; and the same in one."""
    for number, kind in enumerate(kinds):
        grey = picture(number, mode="L")
        write(path / "three" / f"{number}.{kind.lower()}", encoded(grey.convert("RGB"), kind))
        write(path / "one" / f"{number}.{kind.lower()}", encoded(grey, kind))
    return path / "three", path / "one"


@pytest.mark.parametrize("size", [None, 16])
def test_three_equal_channels_are_grey(tmp_path, size) -> None:
    three, one = in_colour(tmp_path)
    inside, outside = load_dataset(three, size=size), load_dataset(three, size=size, memory_bytes=0)
    assert inside.shape[0] == outside.shape[0] == 1
    assert inside.fingerprint == outside.fingerprint == load_dataset(one, size=size).fingerprint
    again = load_dataset(three, size=size, memory_bytes=0)  # from the cache
    assert again.fingerprint == inside.fingerprint and again.shape == inside.shape
    colour = load_dataset(three, size=size, channels=3)
    assert torch.equal(colour.pixels, inside.pixels.expand_as(colour.pixels))
    assert torch.equal(load_dataset(three, size=size, channels=1).pixels, inside.pixels)


def test_colour_is_decided_by_the_whole_set(tmp_path) -> None:
    three, _ = in_colour(tmp_path)
    write(three / "z.png", encoded(picture(9), "PNG"))
    assert load_dataset(three).shape[0] == 3
    assert load_dataset(three, split="0:2").shape[0] == 3
    assert load_dataset(three, limit=2, memory_bytes=0).shape[0] == 3
    assert inspect_source(three).notes == ()


@pytest.mark.parametrize("pack", [False, True])
def test_files_that_say_grey_are_not_decoded_for_their_colour(tmp_path, monkeypatch, pack) -> None:
    source = in_colour(tmp_path)[1]
    write(source / "9.png", encoded(picture(3, mode="L").convert("RGB"), "PNG"))
    if pack:
        source = shutil.make_archive(str(tmp_path / "packed"), "tar", source)
    decoded = []

    def counted(file, *options):
        decoded.append(file)
        return decode(file, *options)

    monkeypatch.setattr("ganvas.data.decoding.decoder.decode", counted)
    assert load_dataset(source, limit=2).shape[0] == 1
    assert len(decoded) == 3  # and the one that may have colours


def test_arrays_and_data_sets_with_three_equal_channels_are_grey(tmp_path) -> None:
    grey = torch.randint(0, 256, (300, 1, 6, 6), dtype=torch.uint8)
    colour = grey.repeat(1, 3, 1, 1)
    expected = load_dataset(grey).fingerprint
    np.savez(tmp_path / "set.npz", images=colour.numpy())
    pictures = [Image.fromarray(each.permute(1, 2, 0).numpy()) for each in colour]
    for source in (colour, colour.numpy(), tmp_path / "set.npz", pictures):
        dataset = load_dataset(source)
        assert dataset.shape == (1, 6, 6) and dataset.fingerprint == expected
        assert load_dataset(source, channels=3).shape == (3, 6, 6)
    seen_through = torch.cat([colour, grey.flip(0)], 1)
    files = [Image.fromarray(each.permute(1, 2, 0).numpy()) for each in seen_through]
    assert load_dataset(seen_through).fingerprint == load_dataset(files).fingerprint
    assert load_dataset(seen_through).shape == (1, 6, 6)
    colour[299, 0, 3, 3] ^= 1
    assert load_dataset(colour).shape == load_dataset(colour, split="0:100").shape == (3, 6, 6)


def test_a_look_says_grey_too(tmp_path) -> None:
    three, _ = in_colour(tmp_path)
    assert inspect_source(three).notes == ("3 grey images stored in colour",)
    for channels in (None, 1, 3):
        notes = inspect_source(three, channels=channels).notes
        assert load_dataset(three, channels=channels).notes == notes


def test_values_against_numpy() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        pixels = random.integers(0, 256, (random.integers(1, 600), 3, 2, 2)).astype(np.uint8)
        found = values_of(pixels)
        assert (found.low, found.high) == (pixels.min(), pixels.max())
        assert found.varied == (np.ptp(pixels, 0) > 0).any()
        assert found.coloured == (np.ptp(pixels, 1) > 0).any()
        same = values_of(np.repeat(pixels[:1, :1], 3, 1))
        assert not same.coloured and not same.varied
