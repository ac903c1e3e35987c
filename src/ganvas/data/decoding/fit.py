"""From an image of any size to the size, aspect and channels of the set."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

import numpy as np
from PIL import Image

from ganvas.errors import DataError, UsageError

FITS = ("keep", "crop", "pad", "stretch")

LARGEST = 8192
"""Pixels of a side."""

WIDEST = 4
"""Times as long as its shorter side, a shape may be."""

WHITE = 255

Size = int | tuple[int, int] | None
"""The shorter side in pixels, or (height, width); None leaves images as they are."""


@dataclass(frozen=True)
class Fit:
    """How every image comes to one shape.

    size: the shorter side in pixels, or (height, width); None leaves images as they are, all of
        one size.
    channels: 1 or 3; None chooses 1 where all images are grey (also as three equal channels).
    how: "keep" crops to the set's median aspect (longer side a multiple of size/4, at most 4:1);
        "crop" crops to a square; both from the centre. "pad" puts the whole image in a square with
        white around it; "stretch" does not keep its aspect. With (height, width) all four come to
        that shape.
    white: the value in the files that becomes 255, from 1 to 65535; None takes the largest that
        they could hold.

    Raises:
        UsageError: any other value.
    """

    size: Size = None
    channels: int | None = None
    how: str = "keep"
    white: int | None = None

    def __post_init__(self) -> None:
        if self.how not in FITS:
            raise UsageError(f"fit {self.how!r} is not known: use one of {', '.join(FITS)}")
        if self.channels not in (None, 1, 3):
            raise UsageError(f"channels {self.channels!r}: use 1 (grey) or 3 (colour)")
        if self.white is not None and not 1 <= self.white <= 65535:
            raise UsageError(f"white {self.white!r}: use a value from 1 to 65535")
        for side in self.size if isinstance(self.size, tuple) else (self.size,):
            if side is not None and not (type(side) is int and 1 <= side <= LARGEST):
                raise UsageError(f"size {self.size!r}: use pixels from 1 to {LARGEST}, or (H, W)")
        if isinstance(self.size, tuple) and len(self.size) != 2:
            raise UsageError(f"size {self.size!r}: use one number, or (height, width)")

    def shape(
        self, sizes: Sequence[tuple[int, int]], grey: bool, name: str
    ) -> tuple[int, int, int]:
        """The one shape (C, H, W) for images of these sizes (height, width).

        Args:
            sizes: of all images.
            grey: whether all are.
            name: what to call the source in an error.

        Raises:
            DataError: no size is set, and theirs differ.
        """
        channels = self.channels or (1 if grey else 3)
        if isinstance(self.size, tuple):
            return (channels, *self.size)
        if self.size is None:
            return (channels, *common_size(sizes, name))
        if self.how != "keep":
            return channels, self.size, self.size
        return (channels, *kept_aspect(sizes, self.size))

    def apply(self, image: Image.Image, shape: tuple[int, int, int]) -> np.ndarray:
        """An L or RGB image as uint8 [C, H, W] of ``shape``."""
        channels, height, width = shape
        image = resized(image, width, height, self.how)
        array = np.asarray(image.convert("L" if channels == 1 else "RGB"))
        return array[None] if channels == 1 else array.transpose(2, 0, 1)

    def lost(self, height: int, width: int, shape: tuple[int, int, int]) -> float:
        """The share of an image's area that this fit crops away (0 to 1)."""
        if self.size is None or self.how in ("pad", "stretch"):
            return 0.0
        left, top, right, bottom = crop_box(width, height, shape[2], shape[1])
        return 1 - (right - left) * (bottom - top) / (width * height)


def fit_text(
    sizes: Sequence[tuple[int, int]], grey: bool, fit: Fit, name: str
) -> tuple[str, tuple[int, int, int] | None]:
    """What a fit would do to images of these sizes (height, width), for a screen.

    Returns:
        The text, and the shape (C, H, W); None where they have none in common.
    """
    try:
        shape = fit.shape(sizes, grey, name)
    except DataError as error:
        return str(error), None
    target = f"{shape[2]}x{shape[1]}"
    if fit.size is None or set(sizes) == {shape[1:]}:
        return f"{target}: as they are", shape
    if fit.how in ("pad", "stretch"):
        done = {"pad": "padded with white where the aspect differs", "stretch": "stretched"}
        return f"{target}: {done[fit.how]}", shape
    lost = sum(fit.lost(height, width, shape) for height, width in sizes) / len(sizes)
    return f"{target}: {f'cropped {lost:.0%} on average' if lost >= 0.005 else 'resized'}", shape


def common_size(sizes: Sequence[tuple[int, int]], name: str) -> tuple[int, int]:
    """The one (height, width) of all.

    Raises:
        DataError: they differ; it suggests a size.
    """
    if len(different := sorted(set(sizes))) == 1:
        return different[0]
    shorter = min(min(size) for size in different)
    power = 2 ** max(3, min(8, int(math.log2(shorter))))
    (h1, w1), (h2, w2) = different[0], different[-1]
    raise DataError(
        f"{name}: images of {len(different)} sizes, from {w1}x{h1} to {w2}x{h2}: "
        f"choose one, e.g. `data.size={power}`"
    )


def kept_aspect(sizes: Sequence[tuple[int, int]], size: int) -> tuple[int, int]:
    """(height, width) with the shorter side ``size`` and about the median aspect of ``sizes``."""
    aspect = median_low(width / height for height, width in sizes)
    step = size // math.gcd(size, 4)  # multiples of size/4, so that base x 2^k reaches both sides
    longer = max(aspect, 1 / aspect) * size
    longer = min(max(size, step * math.floor(longer / step + 0.5)), WIDEST * size)
    return (size, longer) if aspect >= 1 else (longer, size)


def crop_box(
    width: int, height: int, to_width: int, to_height: int
) -> tuple[float, float, float, float]:
    """The largest centred box of the aspect ``to_width``:``to_height``."""
    if width * to_height >= height * to_width:
        wide, high = height * to_width / to_height, float(height)
    else:
        wide, high = float(width), width * to_height / to_width
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, left + wide, top + high


def resized(image: Image.Image, width: int, height: int, how: str) -> Image.Image:
    """The image at width x height, antialiased (Lanczos); untouched where it has that size."""
    if image.size == (width, height):
        return image
    if how == "pad":
        return padded(image, width, height)
    box = (0.0, 0.0, float(image.width), float(image.height))
    if how in ("keep", "crop"):
        box = crop_box(*image.size, width, height)
    return image.resize((width, height), Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def padded(image: Image.Image, width: int, height: int) -> Image.Image:
    """The whole image, as large as fits, in the middle of white."""
    scale = min(width / image.width, height / image.height)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(inner, Image.Resampling.LANCZOS, reducing_gap=3.0)
    canvas = Image.new(image.mode, (width, height), (WHITE,) * len(image.getbands()))
    canvas.paste(small, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return canvas
