"""The values that images hold: whether they have colour, and whether they have any contrast."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BLOCK = 256
"""Images that are compared at a time."""

WIDEST = 65535
"""The largest value of 16 bits."""

FAINT = 64
"""Of 255: a set without a brighter value is nearly black."""

FLAT = 32
"""Of 255: so few values in all leave hardly any contrast."""


@dataclass(frozen=True)
class Values:
    """The values of some images; at first, of none.

    low: the darkest byte.
    high: the brightest byte.
    wide: the largest value in files of 16 bits; None where there are none.
    coloured: whether some image has channels that differ.
    varied: whether some images differ.
    """

    low: int = 255
    high: int = 0
    wide: int | None = None
    coloured: bool = False
    varied: bool = False

    def joined(self, other: "Values") -> "Values":
        """The values of the images of both. Whether the two differ from each other is not known."""
        wide = [each for each in (self.wide, other.wide) if each is not None]
        return Values(
            min(self.low, other.low),
            max(self.high, other.high),
            max(wide, default=None),
            self.coloured or other.coloured,
            self.varied or other.varied,
        )

    def warnings(self, white: int | None) -> list[str]:
        """What will trouble training, a sentence each; ``white`` is the value that became 255."""
        if self.low > self.high:  # of no image
            return []
        if self.low == self.high:
            return [f"every pixel of every image has the value {self.high}: nothing can be learned"]
        found = [] if self.varied else ["all images are the same: nothing else can be learned"]
        if white is not None and self.wide is not None and self.wide > white:
            found.append(
                f"16-bit values up to {self.wide:,} lie above `data.white={white}` and become white"
            )
        elif white is None and self.wide is not None and self.wide <= WIDEST // 4:
            bits = (1 << max(8, self.wide.bit_length())) - 1
            found.append(
                f"no 16-bit value is above {self.wide:,} of {WIDEST:,}, so the images are nearly "
                f"black: say `data.white={bits}` to make {bits:,} white"
            )
        elif self.high < FAINT:
            found.append(
                f"the values go from {self.low} to {self.high} of 255, so the images are nearly "
                f"black: say `data.white={self.high}` to make {self.high} white"
            )
        elif self.high - self.low < FLAT:
            found.append(
                f"the values only go from {self.low} to {self.high} of 255: the images have hardly "
                f"any contrast"
            )
        return found


def values_of(pixels: np.ndarray, wide: int | None = None) -> Values:
    """The values of images uint8 [N, C, H, W].

    ``wide`` is the largest value in their files, if these have 16 bits.
    """
    varied = any((block != pixels[:1]).any() for block in blocks(pixels))
    coloured = not has_equal_channels(pixels)
    return Values(int(pixels.min()), int(pixels.max()), wide, coloured, varied)


def has_equal_channels(pixels: np.ndarray) -> bool:
    """Whether images [N, C, H, W] are grey: one channel, or several equal ones."""
    return pixels.shape[1] == 1 or all((b == b[:, :1]).all() for b in blocks(pixels))


def blocks(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """A few images at a time, so that the first that answers a question ends the search."""
    return (pixels[start : start + BLOCK] for start in range(0, len(pixels), BLOCK))


def brighter(pixels: np.ndarray, white: int) -> np.ndarray:
    """Bytes on a scale on which ``white`` (at most 255) is 255."""
    scale = np.rint(np.arange(256) * (255 / white)).clip(0, 255).astype(np.uint8)
    return scale[pixels]
