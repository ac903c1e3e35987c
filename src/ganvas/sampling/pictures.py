"""Sheets of samples and animations of them, from uint8 images [N, H, W, C]."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from ganvas import own_output
from ganvas.disk import replace_file

GAP = 2
"""Pixels between the images of a sheet."""


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


def enlarged(sheet: Image.Image, least: int = 480) -> Image.Image:
    """The sheet with whole-number pixels, so that small images stay crisp.

    Args:
        sheet: of any size.
        least: how wide it is at least, in pixels.
    """
    factor = max(1, math.ceil(least / sheet.width))
    return sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST)


def save_png(picture: Image.Image, path: Path, kind: own_output.Kind = "sheet") -> Path:
    """Save a sheet, or one sample, marked as ours, so that no training takes it for data."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=own_output.mark(kind))
    replace_file(path, buffer.getvalue())
    return path


def save_clip(
    frames: Sequence[Image.Image], path: Path, milliseconds: int = 120, last: int = 1500
) -> Path:
    """Save a looping animation.

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
