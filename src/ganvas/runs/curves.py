"""Curves as inline SVG: small, sharp, and nothing to load."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM = 460, 170, 52, 22
COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706")


def chart(title: str, clock: Sequence[int], lines: Mapping[str, Sequence[float]]) -> str:
    """A figure of one or more lines against images seen."""
    values = [value for line in lines.values() for value in line if value == value]
    if len(clock) < 2 or not values:
        return ""
    low, high = min(values), max(values)
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    paths, names = [], []
    for colour, (name, line) in zip(COLOURS * len(lines), lines.items(), strict=False):
        points = " ".join(
            f"{_x(moment, clock):.1f},{_y(value, low, high):.1f}"
            for moment, value in zip(clock, line, strict=True)
            if value == value
        )
        paths.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )
        names.append(f'<span style="color:{colour}">{escape(name)}</span>')
    marks = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{_y(v, low, high):.1f}" y2="{_y(v, low, high):.1f}" '
        f'class="rule"/><text x="{LEFT - 6}" y="{_y(v, low, high) + 4:.1f}" class="axis" '
        f'text-anchor="end">{v:.3g}</text>'
        for v in (low, (low + high) / 2, high)
    )
    ends = (
        f'<text x="{LEFT}" y="{HEIGHT - 4}" class="axis">{clock[0]:,}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" class="axis" '
        f'text-anchor="end">{clock[-1]:,} images</text>'
    )
    drawing = f"{marks}{ends}{''.join(paths)}"
    return (
        f"<figure><figcaption>{escape(title)}: {' · '.join(names)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH + 8} {HEIGHT}" role="img">{drawing}</svg></figure>'
    )


def _x(moment: int, clock: Sequence[int]) -> float:
    return LEFT + (WIDTH - LEFT) * (moment - clock[0]) / max(clock[-1] - clock[0], 1)


def _y(value: float, low: float, high: float) -> float:
    return 8 + (HEIGHT - BOTTOM - 8) * (high - value) / (high - low)
