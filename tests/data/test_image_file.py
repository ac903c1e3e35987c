"""What a single file may be, and what it becomes."""

import io
import struct
import zlib

import numpy as np
import pytest
from picture_files import chunk, encoded, folder_of, picture, png_of_zeros, write
from PIL import Image

from ganvas.data import load_dataset
from ganvas.data.decoding.image_file import Unreadable, decode, quiet, read_header
from ganvas.errors import DataError


def decoded(data: bytes) -> Image.Image:
    with quiet():
        return decode(io.BytesIO(data))


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (12_000, 9_000)])
def test_bomb_is_refused_before_decoding(tmp_path, width, height):
    data = png_of_zeros(width, height)
    assert len(data) < 60_000
    with pytest.raises(Unreadable, match="megapixels"):
        decoded(data)
    write(folder_of(tmp_path) / "bomb.png", data)
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 4
    assert "bomb.png" in dataset.notes[0] and "megapixels" in dataset.notes[0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_truncated_file_is_skipped_and_named(tmp_path, kind):
    folder_of(tmp_path, height=64, width=64)
    data = encoded(picture(9, 64, 64), kind)
    name = f"cut.{kind.lower()}"
    for share in (0.3, 0.6, 0.9):
        write(tmp_path / name, data[: int(len(data) * share)])
        dataset = load_dataset(tmp_path)
        assert len(dataset) == 4
        assert name in dataset.notes[0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_any_cut_ends_in_an_image_or_a_reason(kind):
    data = encoded(picture(9, 16, 16), kind)
    for length in range(0, len(data), max(1, len(data) // 60)):
        try:
            assert decoded(data[:length]).size == (16, 16)
        except Unreadable as error:
            assert str(error)


def test_any_flipped_byte_ends_in_an_image_or_a_reason():
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF"):
        data = bytearray(encoded(picture(3, 16, 16), kind))
        for place in range(0, len(data), max(1, len(data) // 60)):
            data[place] ^= 0xFF
            try:
                assert decoded(bytes(data)).mode in ("L", "RGB")
            except Unreadable as error:
                assert str(error)
            data[place] ^= 0xFF


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("drawing.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"),
        ("drawing2.png", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
        ("note.png", b"this is no picture"),
        ("empty.jpg", b""),
    ],
)
def test_what_only_has_an_image_name_is_refused(tmp_path, name, data):
    write(folder_of(tmp_path) / name, data)
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 4
    assert name in dataset.notes[0]


def test_png_written_by_hand_and_jpeg_against_its_original():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    header = struct.pack(">IIBBBBB", 24, 24, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)
    assert np.array_equal(decoded(png), pixels)
    jpeg = encoded(picture(1), "JPEG", subsampling=0, quality=98)
    assert abs(np.asarray(decoded(jpeg)).astype(int) - np.asarray(picture(1))).max() <= 6


def test_sixteen_bits_are_divided_by_257():
    wide = (np.arange(24 * 24) * 113 % 65536).reshape(24, 24).astype(np.uint16)
    wide[0, :2] = 0, 65535
    expected = np.rint(wide / 257).astype(np.uint8)
    assert np.array_equal(decoded(encoded(Image.fromarray(wide), "PNG")), expected)
    assert np.array_equal(decoded(encoded(Image.fromarray(wide), "TIFF")), expected)
    pgm = b"P5 24 24 65535\n" + wide.astype(">u2").tobytes()
    assert np.array_equal(decoded(pgm), expected)


@pytest.mark.parametrize(("mode", "words"), [("F", "floating"), ("I", "32-bit")])
def test_unknown_ranges_are_refused_by_name(tmp_path, mode, words):
    data = encoded(picture(0, mode="L").convert(mode), "TIFF")
    write(folder_of(tmp_path) / "deep.tif", data)
    assert f"deep.tif ({words}" in load_dataset(tmp_path).notes[0]
    write(tmp_path / "only" / "deep.tif", data)
    with pytest.raises(DataError, match=f"none of its 1.*deep.tif.*{words}"):
        load_dataset(tmp_path / "only")


def half_transparent(mode: str) -> Image.Image:
    image = picture(2, mode="RGB" if mode == "RGBA" else "L").convert(mode)
    alpha = np.zeros((24, 24), np.uint8)
    alpha[:, 8:16], alpha[:, 16:] = 128, 255
    image.putalpha(Image.fromarray(alpha))
    return image


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_composited_on_white(mode):
    image = half_transparent(mode)
    plain = np.asarray(decoded(encoded(image, "PNG"))).astype(float)
    bands = np.asarray(image).astype(float)
    colour = bands[..., :3] if mode == "RGBA" else bands[..., 0]
    alpha = bands[..., 3:] / 255 if mode == "RGBA" else bands[..., 1] / 255
    assert plain.ndim == (3 if mode == "RGBA" else 2)
    assert abs(plain - (colour * alpha + 255 * (1 - alpha))).max() <= 1


def test_palette_with_transparency_and_keyed_colours():
    image = picture(2).quantize(8)
    shown = np.asarray(image.convert("RGB"))
    assert np.array_equal(decoded(encoded(image, "PNG")), shown)
    see_through = np.asarray(image) == 3
    plain = np.asarray(decoded(encoded(image, "PNG", transparency=3)))
    assert (plain[see_through] == 255).all()
    assert np.array_equal(plain[~see_through], shown[~see_through])


def test_cmyk_jpeg_becomes_rgb():
    image = picture(4)
    data = encoded(image.convert("CMYK"), "JPEG", quality=98, subsampling=0)
    assert read_header(io.BytesIO(data)).mode == "CMYK"
    plain = decoded(data)
    assert plain.mode == "RGB"
    assert abs(np.asarray(plain).astype(int) - np.asarray(image)).mean() < 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, turn, kind):
    upright = picture(5, 32, 48)
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = upright.transpose(back[turn]) if turn in back else upright
    exif = Image.Exif()
    exif[0x0112] = turn
    for number in range(2):
        fine = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}
        data = encoded(stored, kind, exif=exif, **fine.get(kind, {}))
        write(tmp_path / f"{number}.{kind.lower()}", data)
    dataset = load_dataset(tmp_path)
    assert dataset.shape == (3, 32, 48)
    difference = dataset.pixels[0].numpy().transpose(1, 2, 0).astype(int) - np.asarray(upright)
    assert abs(difference).mean() < 3


def test_first_frame_of_an_animation():
    first, second = picture(1, mode="L"), picture(2, mode="L")
    gif = encoded(first, "GIF", save_all=True, append_images=[second])
    assert np.array_equal(np.asarray(decoded(gif).convert("L")), np.asarray(first))


def test_damaged_exif_does_not_cost_the_picture():
    data = encoded(picture(1), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decoded(data).size == (24, 24)


def test_grey_is_told_from_colour():
    grey = [encoded(picture(0, mode=mode), "PNG") for mode in ("L", "1", "LA")]
    grey.append(encoded(picture(0, mode="L").quantize(8), "PNG"))
    assert all(read_header(io.BytesIO(data)).grey for data in grey)
    colour = [encoded(picture(0), "PNG"), encoded(picture(0).quantize(8), "PNG")]
    assert not any(read_header(io.BytesIO(data)).grey for data in colour)
