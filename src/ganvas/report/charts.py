"""Curves and intervals as inline SVG: small, sharp, and nothing to load."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM = 460, 170, 56, 22
"""Of a drawing; left and at the bottom it has axes."""

COLOURS = (
    *("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2"),
    *("#be185d", "#65a30d", "#78350f", "#64748b", "#1e3a8a", "#f472b6"),
)
STEEP = 30
"""From this ratio of largest to smallest on, positive values stand on a logarithmic scale."""

ALIKE = 1e-6
"""Values that differ by less than this part of them are one value: the rest is rounding."""

LETTER = 6.2
"""Width of a letter of the axes, on average."""

Band = tuple[Sequence[float], Sequence[float]]
"""Lower and upper bounds of an interval."""


class Scale:
    """Values to heights (or widths), on a linear or a logarithmic scale.

    Args:
        values: what must find its place, finite.
        start, end: where the lowest and the highest of them stand.
    """

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = min(values), max(values)
        self.log = low > 0 and high / low >= STEEP
        self.only = high if high - low <= ALIKE * max(abs(low), abs(high)) else None
        self.low, self.high = self._map(low), self._map(high)
        if self.only is not None:  # it stands in the middle, from nothing to twice as much
            reach = abs(high) or 1.0
            self.low, self.high = high - reach, high + reach
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        """Where a value stands, between ``start`` and ``end``."""
        share = (self._map(value) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    def marks(self) -> list[float]:
        """The lowest value, the middle of the scale, the highest; a value that is the only one."""
        if self.only is not None:
            return [self.only]
        middle = (self.low + self.high) / 2
        return [10**v if self.log else v for v in (self.low, middle, self.high)]

    def labels(self) -> list[str]:
        """Of the marks: short, and different ones."""
        marks = self.marks()
        for digits in range(3, 7):
            found = [short(mark, digits) for mark in marks]
            if len(set(found)) == len(found):
                break
        return found

    def _map(self, value: float) -> float:
        return math.log10(value) if self.log else value


def short(value: float, digits: int = 3) -> str:
    """A number for an axis: ``0.0121``, ``3.75e-4``, ``1.2e6``."""
    text = f"{value:.{digits}g}"
    if "e" not in text and len(text) > 7:
        text = f"{value:.{digits - 1}e}"
    number, exponent, power = text.partition("e")
    number = number.rstrip("0").rstrip(".") if exponent and "." in number else number
    return f"{number}e{int(power)}" if exponent else number


class Dot(NamedTuple):
    """A named value.

    name: the text beside the dot.
    value: where the dot is.
    low, high: the ends of its interval; None where there is none.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def chart(
    title: str,
    clock: Sequence[int],
    lines: Mapping[str, Sequence[float]],
    band: Band | None = None,
    level: float | None = None,
) -> str:
    """A figure of one or more lines against images seen, as HTML; "" where there is nothing to see.

    Args:
        title: over it.
        clock: images seen, [n], ascending.
        lines: values by name, [n] each; one that is not finite is passed over.
        band: lower and upper bounds of an interval, [n] each, shaded; None shades nothing.
        level: a height to compare with, dashed; left out where a logarithmic scale has no such.
    """
    bounds = [*band[0], *band[1]] if band else []
    values = [v for line in [*lines.values(), bounds] for v in line if math.isfinite(v)]
    if len(clock) < 2 or not values:
        return ""
    y = Scale(_with_level(values, level), HEIGHT - BOTTOM, 8)
    drawing = _rules(y)
    if band is not None:
        drawing += _shade(clock, band, y)
    if level is not None and _has_place(level, values):
        at = f"{y(level):.1f}"
        drawing += f'<line x1="{LEFT}" x2="{WIDTH}" y1="{at}" y2="{at}" class="level"/>'
    drawing += _lines(clock, lines, y) + _clock_axis(clock)
    return _figure(escape(title) + _names(title, lines), drawing, HEIGHT)


def dots(title: str, rows: Sequence[Dot], level: float | None = None) -> str:
    """A figure of values under each other, with their intervals, as HTML; "" where there is none.

    Args:
        title: over it.
        rows: from top to bottom; values that are not finite are left out.
        level: a value to compare with, dashed, as in ``chart``.
    """
    rows = [row for row in rows if math.isfinite(row.value)]
    values = [v for row in rows for v in row[1:] if v is not None]
    if not values:
        return ""
    left = min(WIDTH // 2, 20 + LETTER * max(len(row.name) for row in rows))
    x = Scale(_with_level(values, level), left, WIDTH - 10)
    height = 26 * len(rows) + 30
    drawing = ""
    if level is not None and _has_place(level, values):
        at = f"{x(level):.1f}"
        drawing += f'<line x1="{at}" x2="{at}" y1="4" y2="{height - 24}" class="level"/>'
    drawing += "".join(_dot(row, index, x, left - 10) for index, row in enumerate(rows))
    for mark, label in zip(x.marks(), x.labels(), strict=True):
        drawing += (
            f'<text x="{x(mark):.1f}" y="{height - 6}" class="axis" text-anchor="middle">'
            f"{label}</text>"
        )
    return _figure(escape(title), drawing, height)


def _figure(caption: str, drawing: str, height: int) -> str:
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH + 8} {height}" role="img">{drawing}</svg></figure>'
    )


def _has_place(level: float, values: Sequence[float]) -> bool:
    """Whether a level can stand on the scale of values, which may be logarithmic."""
    return level > 0 or min(values) <= 0


def _with_level(values: list[float], level: float | None) -> list[float]:
    return [*values, level] if level is not None and _has_place(level, values) else values


def _dot(row: Dot, index: int, x: Scale, right: float) -> str:
    """A row: its name, which ends at ``right``, its interval and its value."""
    colour, y = COLOURS[index % len(COLOURS)], 18 + 26 * index
    drawing = (
        f'<text x="{right:.1f}" y="{y + 4}" class="axis" text-anchor="end">'
        f"<title>{escape(row.name)}</title>{escape(_fitting(row.name, right))}</text>"
    )
    if row.low is not None and row.high is not None:
        drawing += (
            f'<line x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y}" y2="{y}" '
            f'stroke="{colour}" stroke-width="3" stroke-opacity=".45"/>'
        )
    return drawing + f'<circle cx="{x(row.value):.1f}" cy="{y}" r="4.5" fill="{colour}"/>'


def _fitting(name: str, width: float) -> str:
    """The name, without its middle where that is too long: ends tell names apart."""
    most = int(width / LETTER)
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"


def _rules(y: Scale) -> str:
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(v):.1f}" y2="{y(v):.1f}" class="rule"/>'
        f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" class="axis" text-anchor="end">{label}</text>'
        for v, label in zip(y.marks(), y.labels(), strict=True)
    )


def _lines(clock: Sequence[int], lines: Mapping[str, Sequence[float]], y: Scale) -> str:
    """The lines; those that lie on another one are dashed."""
    drawing, drawn = "", []
    for colour, line in zip(COLOURS * len(lines), lines.values(), strict=False):
        drawing += _line(clock, line, y, colour, dashed=line in drawn)
        drawn.append(line)
    return drawing


def _names(title: str, lines: Mapping[str, Sequence[float]]) -> str:
    """The names of lines in their colours; "" where the title says it."""
    if list(lines) == [title]:
        return ""
    names = [
        f'<span style="color:{colour}">{escape(name)}</span>'
        for colour, name in zip(COLOURS * len(lines), lines, strict=False)
    ]
    return f": {' · '.join(names)}"


def _clock_axis(clock: Sequence[int]) -> str:
    """Images seen at either end."""
    return (
        f'<text x="{LEFT}" y="{HEIGHT - 4}" class="axis">{clock[0]:,}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" class="axis" '
        f'text-anchor="end">{clock[-1]:,} images</text>'
    )


def _line(
    clock: Sequence[int], line: Sequence[float], y: Scale, colour: str, dashed: bool = False
) -> str:
    """dashed: it lies on another line, which shall still be seen."""
    points = " ".join(
        f"{_x(moment, clock):.1f},{y(value):.1f}"
        for moment, value in zip(clock, line, strict=True)
        if math.isfinite(value)
    )
    dashes = ' stroke-dasharray="6 6"' if dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>'


def _shade(clock: Sequence[int], band: Band, y: Scale) -> str:
    there = [f"{_x(t, clock):.1f},{y(v):.1f}" for t, v in zip(clock, band[0], strict=True)]
    back = [f"{_x(t, clock):.1f},{y(v):.1f}" for t, v in zip(clock, band[1], strict=True)]
    points = " ".join([*there, *reversed(back)])
    return f'<polygon points="{points}" fill="{COLOURS[0]}" fill-opacity=".15"/>'


def _x(moment: int, clock: Sequence[int]) -> float:
    return LEFT + (WIDTH - LEFT) * (moment - clock[0]) / max(clock[-1] - clock[0], 1)
