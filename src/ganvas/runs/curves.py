"""Curves and intervals as inline SVG: small, sharp, and nothing to load."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM = 460, 170, 52, 22
COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2")
STEEP = 30
"""From this ratio of largest to smallest on, positive values stand on a logarithmic scale."""

Band = tuple[Sequence[float], Sequence[float]]


class Scale:
    """Values to heights (or widths), on a linear or a logarithmic scale."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = min(values), max(values)
        self.log = low > 0 and high / low >= STEEP
        self.low, self.high = self._map(low), self._map(high)
        if self.high - self.low < 1e-12:
            self.low, self.high = self.low - 0.5, self.high + 0.5
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = (self._map(value) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    def marks(self) -> list[float]:
        """The lowest value, the middle of the scale, the highest."""
        middle = (self.low + self.high) / 2
        return [10**v if self.log else v for v in (self.low, middle, self.high)]

    def _map(self, value: float) -> float:
        return math.log10(value) if self.log else value


def chart(
    title: str,
    clock: Sequence[int],
    lines: Mapping[str, Sequence[float]],
    band: Band | None = None,
    level: float | None = None,
) -> str:
    """A figure of one or more lines against images seen.

    Args:
        title, clock, lines: what is drawn; a value that is NaN is passed over.
        band: lower and upper bounds of an interval, shaded.
        level: a height to compare with, dashed; left out where a logarithmic scale has no such.
    """
    bounds = [*band[0], *band[1]] if band else []
    values = [v for line in [*lines.values(), bounds] for v in line if v == v]
    if len(clock) < 2 or not values:
        return ""
    if level is not None and (level > 0 or min(values) <= 0):
        values.append(level)
    y = Scale(values, HEIGHT - BOTTOM, 8)
    drawing = _rules(y)
    if band is not None:
        drawing += _shade(clock, band, y)
    if level is not None and level in values:
        at = f"{y(level):.1f}"
        drawing += f'<line x1="{LEFT}" x2="{WIDTH}" y1="{at}" y2="{at}" class="level"/>'
    names = []
    for colour, (name, line) in zip(COLOURS * len(lines), lines.items(), strict=False):
        drawing += _line(clock, line, y, colour)
        names.append(f'<span style="color:{colour}">{escape(name)}</span>')
    drawing += (
        f'<text x="{LEFT}" y="{HEIGHT - 4}" class="axis">{clock[0]:,}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" class="axis" '
        f'text-anchor="end">{clock[-1]:,} images</text>'
    )
    return (
        f"<figure><figcaption>{escape(title)}: {' · '.join(names)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH + 8} {HEIGHT}" role="img">{drawing}</svg></figure>'
    )


class Dot(NamedTuple):
    """A named value with its interval, where there is one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def dots(title: str, rows: Sequence[Dot], level: float | None = None) -> str:
    """A figure of values under each other, with their intervals; ``level`` is dashed."""
    values = [v for row in rows for v in row[1:] if v is not None and v == v]
    if not values:
        return ""
    if level is not None and (level > 0 or min(values) <= 0):
        values.append(level)
    x = Scale(values, 170, WIDTH - 10)
    height = 26 * len(rows) + 30
    drawing = ""
    if level is not None and level in values:
        at = f"{x(level):.1f}"
        drawing += f'<line x1="{at}" x2="{at}" y1="4" y2="{height - 24}" class="level"/>'
    for index, row in enumerate(rows):
        colour, y = COLOURS[index % len(COLOURS)], 18 + 26 * index
        drawing += (
            f'<text x="160" y="{y + 4}" class="axis" text-anchor="end">{escape(row.name)}</text>'
        )
        if row.low is not None and row.high is not None:
            drawing += (
                f'<line x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y}" y2="{y}" '
                f'stroke="{colour}" stroke-width="3" stroke-opacity=".45"/>'
            )
        drawing += f'<circle cx="{x(row.value):.1f}" cy="{y}" r="4.5" fill="{colour}"/>'
    for mark in x.marks():
        drawing += (
            f'<text x="{x(mark):.1f}" y="{height - 6}" class="axis" text-anchor="middle">'
            f"{mark:.3g}</text>"
        )
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH + 8} {height}" role="img">{drawing}</svg></figure>'
    )


def _rules(y: Scale) -> str:
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(v):.1f}" y2="{y(v):.1f}" class="rule"/>'
        f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" class="axis" text-anchor="end">{v:.3g}</text>'
        for v in y.marks()
    )


def _line(clock: Sequence[int], line: Sequence[float], y: Scale, colour: str) -> str:
    points = " ".join(
        f"{_x(moment, clock):.1f},{y(value):.1f}"
        for moment, value in zip(clock, line, strict=True)
        if value == value
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _shade(clock: Sequence[int], band: Band, y: Scale) -> str:
    there = [f"{_x(t, clock):.1f},{y(v):.1f}" for t, v in zip(clock, band[0], strict=True)]
    back = [f"{_x(t, clock):.1f},{y(v):.1f}" for t, v in zip(clock, band[1], strict=True)]
    points = " ".join([*there, *reversed(back)])
    return f'<polygon points="{points}" fill="{COLOURS[0]}" fill-opacity=".15"/>'


def _x(moment: int, clock: Sequence[int]) -> float:
    return LEFT + (WIDTH - LEFT) * (moment - clock[0]) / max(clock[-1] - clock[0], 1)
