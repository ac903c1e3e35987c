"""From the bytes of one file to its header, or to one upright image of 8 bits.

Formats and sizes that are not listed here are refused. Documented conversions: transparency is
composited on white; CMYK and other colour spaces become RGB; 16-bit grey is divided by 257, or
scaled so that a given value is white (16-bit colour keeps its high bytes); of an animation the
first frame is taken; EXIF orientation is applied; ICC profiles are ignored.
"""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from ganvas.data.decoding.values import brighter
from ganvas.own_output import marked

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is decoded, by PIL's names."""

MAX_PIXELS = 64_000_000
"""The most that one image may have."""

GREY_MODES = frozenset(("1", "L", "LA", "La", "I", "F"))
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""

EXIF_KEYS = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")
ORIENTATION = 0x0112

BRIGHTEST = "brightest"
"""Where an image's ``info`` has the largest value of a file of 16 bits."""


class Unreadable(Exception):
    """A file that is not taken; the text is the reason."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself before its pixels are decoded.

    height, width: in pixels, of the upright image.
    mode: PIL's name of how a pixel is stored.
    format: PIL's name of the file's format.
    grey: whether the image has no colour.
    transparent: whether it has an alpha channel or a transparent colour.
    several: whether the file has further pages or frames.
    own: "sheet" or "sample" for a picture that ganvas drew, else "".
    """

    height: int
    width: int
    mode: str
    format: str
    grey: bool
    transparent: bool
    several: bool = False
    own: str = ""

    @property
    def wide(self) -> bool:
        """Whether its values have 16 bits."""
        return self.mode == "I" or self.mode.startswith("I;16")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """PIL's warnings (bomb, corrupt EXIF) say nothing that is not raised or counted here.

    Warning filters belong to the whole process: entered once around a loop, never in a thread.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_header(file: BinaryIO) -> Header:
    """The header alone, no pixel decoded.

    Raises:
        Unreadable: the file is not taken.
    """
    with opened(file) as image, unreadable():
        check_mode(image)
        width, height = image.size
        # Pillow has already turned the size of a TIFF, and of nothing else.
        if orientation(image) >= 5 and image.format != "TIFF":
            width, height = height, width
        kind = image.format or ""
        grey, transparent, several = is_grey(image), is_transparent(image), has_several(image)
        return Header(height, width, image.mode, kind, grey, transparent, several, marked(image))


def decode(
    file: BinaryIO, enough: tuple[int, int] | None = None, white: int | None = None
) -> Image.Image:
    """The file as an upright image of mode L or RGB.

    Where it has 16 bits, ``image.info[BRIGHTEST]`` is its largest value.

    Args:
        file: its bytes.
        enough: a width and height; a JPEG may be decoded at 1/2, 1/4 or 1/8 while it stays as
            large. None decodes it whole.
        white: the value that becomes 255; None takes the largest that the file could hold.

    Raises:
        Unreadable: another format, too many pixels, truncation, or 32 bits a value.
    """
    with opened(file) as image, unreadable():
        check_mode(image)
        if enough is not None and image.format in ("JPEG", "MPO"):
            image.draft(image.mode, enough)
        image.load()
        turn = TURNS.get(orientation(image))
        plain = to_plain(image, white)
        return plain.transpose(turn) if turn is not None else plain


@contextlib.contextmanager
def opened(file: BinaryIO) -> Iterator[Image.Image]:
    """An image whose format and number of pixels are taken, not yet decoded."""
    with unreadable():
        image = Image.open(file, formats=FORMATS)
    with image:
        if (pixels := image.width * image.height) > MAX_PIXELS:
            raise Unreadable(f"{pixels / 1e6:.0f} megapixels, more than {MAX_PIXELS // 10**6}")
        if pixels == 0:
            raise Unreadable("it has no pixel")
        yield image


@contextlib.contextmanager
def unreadable() -> Iterator[None]:
    """PIL raises nearly anything on a damaged file: all of it means that the file is not taken."""
    try:
        yield
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable("damaged, or not PNG, JPEG, WebP, GIF, BMP, TIFF or PPM") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unreadable(f"more than {MAX_PIXELS // 10**6} megapixels") from None
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise Unreadable(f"damaged or truncated: {text}") from None


def check_mode(image: Image.Image) -> None:
    """Refuse what has no known range.  PIL opens a 16-bit PGM as 32 bit, so that one is known."""
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        kind = "floating-point" if image.mode == "F" else "32-bit integer"
        raise Unreadable(f"{kind} pixels have no known range: save it with 8 or 16 bits")


def orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where there is none or it cannot be read."""
    if image.format != "TIFF" and not any(key in image.info for key in EXIF_KEYS):
        return 1
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a damaged EXIF block does not make the picture unreadable
        return 1
    return value if value in TURNS else 1


def is_grey(image: Image.Image) -> bool:
    """Whether an image has no colour, by its mode and its palette."""
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGB":
        colours = np.frombuffer(bytes(image.palette.palette), np.uint8)
        colours = colours[: len(colours) // 3 * 3].reshape(-1, 3)
        return bool((colours == colours[:, :1]).all())
    return image.mode in GREY_MODES or image.mode.startswith("I;16")


def has_several(image: Image.Image) -> bool:
    """Whether there are further pages or frames (the second picture of an MPO is a preview)."""
    try:
        return image.format != "MPO" and getattr(image, "is_animated", False)
    except Exception:  # a damaged second frame does not make the first unreadable
        return False


def is_transparent(image: Image.Image) -> bool:
    """Whether an image has an alpha channel or a transparent colour."""
    return image.mode.endswith(("A", "a")) or "transparency" in image.info


def to_plain(image: Image.Image, white: int | None = None) -> Image.Image:
    """An image of any mode as L or RGB; ``white`` is the value that becomes 255."""
    grey = is_grey(image)
    if image.mode == "I" or image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.float64)
        step = 257 if white is None else white / 255
        plain = Image.fromarray(np.rint(wide / step).clip(0, 255).astype(np.uint8))
        plain.info[BRIGHTEST] = int(wide.max())
        return plain
    if is_transparent(image):
        image = on_white(image)
    image = image.convert("L" if grey else "RGB")
    if white is None or white > 255:  # which is on the scale of 16-bit files alone
        return image
    return Image.fromarray(brighter(np.asarray(image), white))


def on_white(image: Image.Image) -> Image.Image:
    """Composite a transparent image on white."""
    image = image.convert("RGBA")
    canvas = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(canvas, image).convert("RGB")
