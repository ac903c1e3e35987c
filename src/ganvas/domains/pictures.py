"""Pictures that sheets are made of: grids of images, lines of text, cells; and their files."""

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ganvas import own_output
from ganvas.disk import replace_file

GAP = 2
"""Pixels between the images of a sheet."""

CELL = 10
"""Pixels of a cell's side."""

LOW, ZERO, HIGH = (37, 99, 235), (255, 255, 255), (220, 38, 38)
"""Colours of a number: the lowest, 0, the highest."""

LEAST_TEXT = 480
"""Width of lines of text at least, in pixels."""


def picture(image: Tensor) -> Image.Image:
    """One image uint8 [H, W, C], C of 1 or 3, as a picture."""
    pixels = image.numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def grid(images: Tensor, columns: int | None = None) -> Image.Image:
    """A sheet of images, row by row, on white.

    Args:
        images: uint8 [N, H, W, C], C of 1 or 3.
        columns: images in a row; None makes the sheet as square as can be.
    """
    count, height, width, channels = images.shape
    columns = columns or max(1, round(math.sqrt(count * height / width)))
    rows = math.ceil(count / columns)
    sheet = np.full(
        (rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, channels), 255, np.uint8
    )
    for index, image in enumerate(images.numpy()):
        y = GAP + (index // columns) * (height + GAP)
        x = GAP + (index % columns) * (width + GAP)
        sheet[y : y + height, x : x + width] = image
    return Image.fromarray(sheet[..., 0] if channels == 1 else sheet)


def stacked(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets of one mode under each other, on white; neighbours share the gap between them."""
    width = max(sheet.width for sheet in sheets)
    height = sum(sheet.height - GAP for sheet in sheets) + GAP
    whole = Image.new(sheets[0].mode, (width, height), "white")
    top = 0
    for sheet in sheets:
        whole.paste(sheet, (0, top))
        top += sheet.height - GAP
    return whole


def lines_of_text(lines: Sequence[str]) -> Image.Image:
    """Lines of text under each other, black on white."""
    font = ImageFont.load_default()
    boxes = [font.getbbox(line or " ") for line in lines]
    high = math.ceil(max(box[3] for box in boxes)) + 2 * GAP
    wide = max(LEAST_TEXT, math.ceil(max(box[2] for box in boxes)) + 4 * GAP)
    sheet = Image.new("L", (wide, high * len(lines) + GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for row, line in enumerate(lines):
        pen.text((2 * GAP, row * high + GAP), line, fill=0, font=font)
    return sheet


def cells(rows: Tensor) -> Image.Image:
    """A row of coloured cells for each vector of numbers [N, D].

    Blue is below 0, red above, white 0; the number that is farthest from 0 has the full colour.
    """
    values = rows.double().numpy()
    share = (values / max(np.abs(values).max(), 1e-12))[..., None]
    zero, low, high = (np.asarray(each, np.float64) for each in (ZERO, LOW, HIGH))
    ends = np.where(share < 0, low, high)
    colours = np.rint(zero + np.abs(share) * (ends - zero)).astype(np.uint8)
    big = colours.repeat(CELL, 0).repeat(CELL, 1)
    return Image.fromarray(np.pad(big, ((GAP, GAP), (GAP, GAP), (0, 0)), constant_values=255))


def enlarged(sheet: Image.Image, least: int = 480) -> Image.Image:
    """The sheet with whole-number pixels, so that small images stay crisp.

    Args:
        sheet: of any size.
        least: how wide it is at least, in pixels.
    """
    factor = max(1, math.ceil(least / sheet.width))
    return sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST)


def inline(path: Path) -> str:
    """A picture's file as the address of an image inside a page."""
    kind = "gif" if path.suffix == ".gif" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def save_png(picture: Image.Image, path: Path, kind: own_output.Kind = "sheet") -> Path:
    """Save a sheet, or one sample, marked as ours, so that no training takes it for data."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=own_output.mark(kind))
    replace_file(path, buffer.getvalue())
    return path


def save_clip(
    frames: Sequence[Image.Image], path: Path, milliseconds: int = 120, last: int = 1500
) -> Path:
    """Save a looping animation, marked as ours.

    Args:
        frames: one or more, of one size.
        path: a GIF or WebP, by its name.
        milliseconds: how long a frame stays.
        last: how long the last frame stays, in milliseconds.
    """
    buffer = io.BytesIO()
    first, *rest = frames
    times = [milliseconds] * len(rest) + [last]
    if path.suffix.lower() == ".webp":
        how = {"format": "WEBP", "lossless": True, "exif": own_output.exif("sheet")}
    else:
        how = {"format": "GIF", "comment": own_output.comment("sheet")}
    first.save(buffer, save_all=True, append_images=rest, duration=times, loop=0, **how)
    replace_file(path, buffer.getvalue())
    return path
