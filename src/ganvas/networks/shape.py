"""Image shapes, and how many times a network may halve them."""

from ganvas.errors import UsageError

Shape = tuple[int, ...]
"""Of an item in network form; of an image (channels, height, width)."""


def halvings(shape: Shape, base: int = 4) -> tuple[int, int, int]:
    """How often both sides can be halved without falling under ``base``.

    Returns:
        (levels, height, width): the number of halvings, and the size that is left.

    Raises:
        UsageError: not even one halving fits.
    """
    _, height, width = shape
    levels = 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) // 2 >= base:
        height, width, levels = height // 2, width // 2, levels + 1
    if levels == 0 or max(height, width) > 8 * base:
        raise UsageError(
            f"this network cannot make {shape[2]}x{shape[1]} images: each side must be a small "
            f"number times a power of two (28, 32, 48, 64, 96, 128 ...); set `data.size`"
        )
    return levels, height, width


def quarter(shape: Shape) -> tuple[int, int]:
    """A quarter of an image's height and width, for networks that halve twice.

    Raises:
        UsageError: a side that is no multiple of 4, or not within 16 to 128.
    """
    _, height, width = shape
    if height % 4 or width % 4 or not 16 <= min(height, width) <= max(height, width) <= 128:
        raise UsageError(
            f"this network cannot make {width}x{height} images: each side must be a multiple of 4 "
            f"between 16 and 128; set `data.size`"
        )
    return height // 4, width // 4


def widths(count: int, width: int, widest: int) -> list[int]:
    """Channels of ``count`` maps: ``width``, doubled at each next one, up to ``widest``."""
    return [min(widest, width * 2**level) for level in range(count)]
