"""Boxes and words on white, as SVG or PNG: the same picture from the same list."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from ganvas import own_output

SCALE = 2
"""Pixels of a PNG for each unit."""

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Box:
    """A filled rectangle.

    x, y: its upper left corner.
    width, height: its sides.
    colour: as in CSS, such as ``#2563eb``.
    title: the text that appears where one points at it.
    """

    x: float
    y: float
    width: float
    height: float
    colour: str
    title: str = ""


@dataclass(frozen=True)
class Words:
    """A line of text.

    x, y: the point of its baseline that ``anchor`` names.
    text: one line.
    size: of the letters.
    colour: ``#`` and six hexadecimal digits.
    anchor: which point of the line stands at x.
    """

    x: float
    y: float
    text: str
    size: int = 13
    colour: str = "#1e293b"
    anchor: Anchor = "start"


Shape = Box | Words


def svg(shapes: Sequence[Shape], width: int, height: int) -> str:
    """An ``<svg>`` element that scales."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'style="width:100%;max-width:{width}px" font-family="system-ui,sans-serif" role="img">'
        f"{''.join(map(_element, shapes))}</svg>"
    )


def png(shapes: Sequence[Shape], width: int, height: int) -> bytes:
    """The content of a PNG file, ``SCALE`` pixels a unit."""
    picture = Image.new("RGB", (width * SCALE, height * SCALE), "white")
    draw = ImageDraw.Draw(picture)
    for shape in shapes:
        x, y = shape.x * SCALE, shape.y * SCALE
        if isinstance(shape, Words):
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
            font = ImageFont.load_default(shape.size * SCALE)
            draw.text((x, y), shape.text, shape.colour, font, anchor)
        elif (right := round(x + shape.width * SCALE)) > round(x):
            bottom = round(y + shape.height * SCALE)
            draw.rectangle((round(x), round(y), right - 1, bottom - 1), shape.colour)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True, pnginfo=own_output.mark("sheet"))
    return buffer.getvalue()


def _element(shape: Shape) -> str:
    if isinstance(shape, Words):
        return (
            f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size}" '
            f'fill="{shape.colour}" text-anchor="{shape.anchor}">{escape(shape.text)}</text>'
        )
    title = f"<title>{escape(shape.title)}</title>" if shape.title else ""
    return (
        f'<rect x="{shape.x:.2f}" y="{shape.y:.1f}" width="{shape.width:.2f}" '
        f'height="{shape.height:.1f}" fill="{shape.colour}">{title}</rect>'
    )
