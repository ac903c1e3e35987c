"""A bench as a picture: a step by move beside the plain loop's, and the layers under it."""

from ganvas.bench import canvas
from ganvas.bench.canvas import Box, Shape, Words
from ganvas.bench.layers import Layer
from ganvas.bench.moves import Part
from ganvas.bench.report import Report

WIDTH, LEFT, RIGHT = 960, 290, 810
GREY, SOFT = "#64748b", "#e2e8f0"
COLUMNS = (820, 876, 936)
"""Right edges of the figures beside the layers."""
FORWARD, BACKWARD = "#2563eb", "#93c5fd"
SHADES = {
    "discriminator": ("#1e40af", "#2563eb", "#60a5fa", "#93c5fd", "#bfdbfe", "#dbeafe"),
    "penalty": ("#5b21b6", "#7c3aed", "#a78bfa", "#c4b5fd", "#ddd6fe", "#ede9fe"),
    "generator": ("#065f46", "#059669", "#34d399", "#6ee7b7", "#a7f3d0", "#d1fae5"),
    "": ("#b45309", "#f59e0b", "#94a3b8"),
}
KINDS = {"forward": 0, "backward": 2, "slope": 3, "optimiser": 4, "losses": 5, "EMA": 5}
KINDS |= {"augmentation": 4, "data": 0, "noise": 1, "loop": 2}
"""Which shade, by the last word of a part's name."""
SMALL = 0.005
"""Layers under this share of a step are drawn as one."""


def shapes_of(report: Report) -> tuple[list[Shape], int, int]:
    """The shapes of the picture, its width and its height."""
    title = f"{report.recipe}: {report.ours.median:,.0f} images/s"
    shapes: list[Shape] = [
        Words(24, 40, title, 22),
        Words(24, 64, report.words(), 14),
        Words(24, 84, f"{report.processor}: {report.choices.words()}; batch {report.batch}; "
              f"{report.data}", 12, GREY),
    ]  # fmt: skip
    steps, y = _steps(report, 122)
    layers, y = _layers(report, y + 30)
    return [*shapes, *steps, *layers], WIDTH, y + 10


def png(report: Report) -> bytes:
    """The content of a PNG file."""
    return canvas.png(*shapes_of(report))


def svg(report: Report) -> str:
    """An ``<svg>`` element for a page."""
    return canvas.svg(*shapes_of(report))


def _steps(report: Report, y: int) -> tuple[list[Shape], int]:
    """The stacked bar of a step, the plain loop's beside it, and what the colours are."""
    plain = report.plain_milliseconds
    longest = max(report.milliseconds, plain or 0.0)
    shapes: list[Shape] = [Words(24, y, "One step by move", 15)]
    x, colours = float(LEFT), _colours(report.parts)
    for part, colour in zip(report.parts, colours, strict=True):
        width = (RIGHT - LEFT) * part.share * report.milliseconds / longest
        shapes.append(Box(x, y + 14, width, 30, colour, _label(part, report)))
        x += width
    shapes += [
        Words(LEFT - 12, y + 34, "ganvas", anchor="end"),
        Words(x + 8, y + 34, _ms(report.milliseconds)),
    ]
    y += 52
    if plain is not None:
        width = (RIGHT - LEFT) * plain / longest
        shapes += [
            Words(LEFT - 12, y + 20, "plain PyTorch loop, float32", anchor="end"),
            Box(LEFT, y, width, 30, "#cbd5e1", f"plain loop {_ms(plain)}"),
            Words(LEFT + width + 8, y + 20, _ms(plain)),
        ]
        y += 38
    legend, y = _legend(report, colours, y + 22)
    return shapes + legend, y


def _legend(
    report: Report, colours: list[str], y: int, columns: int = 3
) -> tuple[list[Shape], int]:
    rows = -(-len(report.parts) // columns)
    shapes: list[Shape] = []
    for index, (part, colour) in enumerate(zip(report.parts, colours, strict=True)):
        x = 24 + (index // rows) * 326
        at = y + (index % rows) * 19
        shapes += [Box(x, at - 10, 12, 12, colour), Words(x + 19, at, _label(part, report), 11)]
    return shapes, y + rows * 19


def _layers(report: Report, y: int) -> tuple[list[Shape], int]:
    """A bar a layer: forward, then backward; time and arithmetic beside it."""
    rows = _rows(report)
    longest = max(sum(ms) for _, ms, _ in rows) or 1.0
    shapes: list[Shape] = [
        Words(24, y, "One step by layer", 15),
        Box(LEFT, y - 11, 12, 12, FORWARD), Words(LEFT + 19, y, "forward", 12),
        Box(LEFT + 90, y - 11, 12, 12, BACKWARD), Words(LEFT + 109, y, "backward", 12),
        *_cells(("ms", "share", "GFLOP/s"), y, GREY),
    ]  # fmt: skip
    for index, (name, (forward, backward), texts) in enumerate(rows):
        at = y + 14 + index * 21
        wide, more = ((COLUMNS[0] - 55 - LEFT) * ms / longest for ms in (forward, backward))
        shapes += [
            Box(24, at + 17, WIDTH - 48, 1, SOFT),
            Words(LEFT - 12, at + 12, name, 12, anchor="end"),
            Box(LEFT, at, wide, 14, FORWARD if backward else "#94a3b8", name),
            Box(LEFT + wide, at, more, 14, BACKWARD, name),
            *_cells(texts, at + 12),
        ]
    return shapes, y + 20 + len(rows) * 21


Row = tuple[str, tuple[float, float], tuple[str, ...]]
"""Name, milliseconds forward and backward, and what stands in the columns."""


def _cells(texts: tuple[str, ...], y: int, colour: str = "#1e293b") -> list[Shape]:
    return [Words(x, y, text, 12, colour, "end") for x, text in zip(COLUMNS, texts, strict=False)]


def _rows(report: Report) -> list[Row]:
    found, whole = report.layers, report.layers.milliseconds

    def large(layer: Layer) -> bool:
        return layer.milliseconds >= SMALL * whole

    def cells(ms: float, gflop: float = 0.0) -> tuple[str, ...]:
        return f"{ms:,.2f}", f"{ms / whole:.1%}", f"{1e3 * gflop / ms:,.0f}" if gflop else ""

    rows: list[Row] = [
        (
            f"{layer.name}  {layer.kind}",
            (layer.forward_ms, layer.backward_ms),
            cells(layer.milliseconds, layer.gflop),
        )
        for layer in filter(large, found.layers)
    ]
    few = [layer for layer in found.layers if not large(layer)]
    ms = (sum(layer.forward_ms for layer in few), sum(layer.backward_ms for layer in few))
    if few:
        rows.append((f"{len(few)} smaller layers", ms, cells(sum(ms))))
    return [*rows, ("elsewhere", (found.elsewhere_ms, 0.0), cells(found.elsewhere_ms))]


def _colours(parts: tuple[Part, ...]) -> list[str]:
    """One a part: a hue a move, a shade a kind of part."""
    colours: list[str] = []
    for part in parts:
        shades = SHADES.get(part.move.partition(".")[0], SHADES[""])
        colour = shades[KINDS.get(part.name.split()[-1], 0) % len(shades)]
        if colours and colours[-1] == colour:  # a second network's forward in the same move
            colour = shades[1]
        colours.append(colour)
    return colours


def _label(part: Part, report: Report) -> str:
    name = f"{part.move}: {part.name}" if part.move else part.name
    return f"{name}  {_ms(part.share * report.milliseconds)}  {part.share:.1%}"


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"
