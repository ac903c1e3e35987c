"""How the cost of a step grows: with the images' side, the width, the batch, the number of images.

    python benchmarks/growth.py [--minutes 6] [--threads 1] [--out growth.json]
        [--plot docs/pictures/growth.png] [--quick]

Tutorial A's pair and game (DCGAN, fakes re-used, no penalty) on random images in memory, ours
(bfloat16 where the trial at the base setting prefers it) and the plain loop (`ganvas.bench.plain`,
float32). One thing at a time leaves the base: 32x32 colour, width 64, batch 32, 2,048 images. The
number of images is grown with 16x16 grey ones, and with these the start: from pixels in memory to
the end of the first step (ours also hashes all of them; the trial is apart).

All settings and both sides are built first, then play in turn, again and again, so that what
disturbs one disturbs all; medians of the repeats, ratios pair by pair. There are 9 repeats, or as
many as --minutes allow, 3 at least; --quick plays the two smallest settings of each line once.
Slopes are least squares on both logarithms: a slope of 2 means four times the time for twice the
setting. GFLOP are of our step (matrix products and convolutions). Each doubling of the side
also adds a level to both networks, of twice the channels of the one before, 512 at most.
Memory is the growth of the process's resident memory at its peak in building and two steps, what
was free given back before (Linux with glibc; on others it is not known, or too little).
"""

import argparse
import io
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from ganvas import domains
from ganvas.bench import canvas, plain
from ganvas.bench.canvas import Box, Shape, Words
from ganvas.bench.flops import Counter
from ganvas.bench.speed import TimedLoop
from ganvas.engine.device import processor, release_memory
from ganvas.recipes.build.choices import Choices, playing
from ganvas.recipes.build.data import load_data
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, find
from ganvas.trial import peak_memory
from ganvas.trial.choose import try_out

REPEATS, LEAST = 9, 3
CHUNK = 0.3  # seconds of one repeat of one side, one step at least


@dataclass(frozen=True)
class Setting:
    """What is played: images of so many channels and pixels a side, and how many of them."""

    side: int = 32
    width: int = 64
    batch: int = 32
    count: int = 2_048
    channels: int = 3


@dataclass(frozen=True)
class Line:
    """One part of a setting that grows. title: of its panel."""

    part: str
    title: str
    values: tuple[int, ...]
    base: Setting = field(default_factory=Setting)

    def settings(self) -> list[Setting]:
        """The settings along this line."""
        return [replace(self.base, **{self.part: value}) for value in self.values]


LINES = (
    Line("side", "image side (pixels)", (16, 32, 64, 128)),
    Line("width", "width (channels of the largest map)", (32, 64, 128, 256)),
    Line("batch", "batch (images)", (8, 16, 32, 64, 128, 256)),
    Line(
        "count",
        "images in memory (16x16, grey)",
        (1_000, 10_000, 100_000, 1_000_000),
        Setting(side=16, channels=1),
    ),
)


# Playing.


@dataclass
class Played:
    """One side of one setting. start: seconds to the end of the first step. grown: bytes.
    steps: of a chunk. times: milliseconds a step, one a chunk."""

    loop: TimedLoop
    start: float
    grown: int | None
    steps: int = 1
    times: list[float] = field(default_factory=list)

    def play(self) -> None:
        """One chunk more; where it has several steps, one goes before it to warm up."""
        if self.steps > 1:
            self.loop.play(1)
        self.times.append(1e3 * self.loop.play(self.steps) / self.steps)

    def record(self) -> dict[str, Any]:
        """Its figures, for JSON."""
        middle = statistics.median(self.times)
        return {
            "ms": middle,
            "ms_min": min(self.times),
            "ms_max": max(self.times),
            "images_per_second": 1e3 * self.loop.batch / middle,
            "start_ms": 1e3 * self.start,
            "memory_mib": None if self.grown is None else self.grown / 2**20,
        }


@dataclass
class Match:
    """Both sides of a setting, and how ours plays."""

    choices: Choices
    gflop: float
    ours: Played
    plain: Played

    def play(self) -> None:
        """Some steps of ours, then as many of the plain loop."""
        with playing(self.choices):
            self.ours.play()
            self.plain.play()

    def record(self) -> dict[str, Any]:
        """The figures of both, and their ratio, for JSON."""
        pairs = [b / a for a, b in zip(self.ours.times, self.plain.times, strict=True)]
        return {
            "ours": self.ours.record(),
            "plain": self.plain.record(),
            "ratio": statistics.median(pairs),
            "ratio_min": min(pairs),
            "ratio_max": max(pairs),
            "gflop": self.gflop,
        }


def recipe_of(setting: Setting, precision: str, threads: int) -> Recipe:
    """The recipe of a setting: DCGAN's networks without a penalty."""
    changes = {
        "device": "cpu",
        "precision": precision,
        "threads": threads,
        "batch": setting.batch,
        "game.penalties": [],
        "generator.width": setting.width,
        "discriminator.width": setting.width,
    }
    return change(find("tutorial-cifar10"), changes)


def match(setting: Setting, pixels: Tensor, precision: str, threads: int) -> Match:
    """Build both sides and play their first two steps."""
    recipe = recipe_of(setting, precision, threads)
    choices = try_out(recipe, domains.Image(setting.channels, setting.side, setting.side))
    device = torch.device(choices.device)
    images = load_data(recipe.data, pixels)
    plain.MOST = len(images)  # it would use the first 10,000 alone

    def engine() -> Callable[[], None]:
        return build_engine(Prepared.of(recipe, load_data(recipe.data, pixels), choices)).round

    def loop() -> Callable[[], None]:
        return plain.PlainLoop(recipe, images, device).round

    with playing(choices):
        ours, theirs = (begun(build, setting.batch, device) for build in (engine, loop))
        with Counter() as counter:
            ours.loop.round()
    return Match(choices, counter.flops / 1e9, ours, theirs)


def begun(build: Callable[[], Callable[[], None]], batch: int, device: torch.device) -> Played:
    """Build a loop and play it twice, for its start, its memory and its pace."""
    release_memory()
    grown = peak_memory.watch(device)
    began = time.perf_counter()
    loop = TimedLoop(build(), batch, 1, device)
    loop.play(1)
    start = time.perf_counter() - began
    once = loop.play(1)
    return Played(loop, start, grown(), max(1, round(CHUNK / once)))


def play_all(
    lines: Sequence[Line], threads: int, repeats: int, deadline: float
) -> tuple[Choices, dict[Setting, Match]]:
    """Every setting, built and then played in turn: the base's choices, and the matches."""
    base = try_out(recipe_of(Setting(), "auto", threads), domains.Image(3, 32, 32))
    tell(f"ours plays {base.sentence()}")
    matches: dict[Setting, Match] = {}
    sources: dict[tuple[int, int], Tensor] = {}
    settings = dict.fromkeys(setting for line in lines for setting in line.settings())
    for setting in settings:
        form, most = (setting.channels, setting.side), setting.count
        if form not in sources:
            most = max(s.count for s in settings if (s.channels, s.side) == form)
            shape = (most, setting.channels, setting.side, setting.side)
            sources[form] = torch.randint(0, 256, shape, dtype=torch.uint8)
        pixels = sources[form][: setting.count]
        matches[setting] = match(setting, pixels, base.precision, threads)
        tell(f"built {setting}")
    for repeat in range(repeats):
        if repeat >= min(LEAST, repeats) and time.monotonic() > deadline:
            break
        for each in matches.values():
            each.play()
        tell(f"repeat {repeat + 1}")
    return base, matches


def tell(text: str) -> None:
    """Print progress to stderr."""
    print(text, file=sys.stderr, flush=True)


# Summing up.


def slope(values: Sequence[float], costs: Sequence[float]) -> float:
    """Least squares, logarithm on logarithm."""
    x, y = ([math.log(value) for value in each] for each in (values, costs))
    return statistics.linear_regression(x, y).slope


def summed(line: Line, matches: dict[Setting, Match]) -> dict[str, Any]:
    """The points of a line, and its slopes."""
    points = [
        {"value": value, **matches[setting].record()}
        for value, setting in zip(line.values, line.settings(), strict=True)
    ]
    costs = {
        "ours": [p["ours"]["ms"] for p in points],
        "plain": [p["plain"]["ms"] for p in points],
        "gflop": [p["gflop"] for p in points],
        "ours_start": [p["ours"]["start_ms"] for p in points],
        "plain_start": [p["plain"]["start_ms"] for p in points],
    }
    slopes = {name: slope(line.values, each) for name, each in costs.items()}
    return {"base": asdict(line.base), "points": points, "slopes": slopes}


def table(line: Line, found: dict[str, Any]) -> Iterator[str]:
    """A row a setting: ours, the plain loop, and how they compare."""
    sides = "ours, ms a step | images/s | MiB | plain, ms a step | images/s | MiB"
    yield f"\n| {line.title} | {sides} | ratio | start, ms: ours, plain |"
    yield "|---" * 9 + "|"
    for point in found["points"]:
        cells = [f"{point['value']:,}"]
        for side in (point["ours"], point["plain"]):
            cells += [number(side["ms"]), number(side["images_per_second"])]
            cells += ["" if side["memory_mib"] is None else number(side["memory_mib"])]
        low, high = point["ratio_min"], point["ratio_max"]
        cells.append(f"{point['ratio']:.2f} ({low:.2f} to {high:.2f})")
        cells.append(", ".join(number(point[side]["start_ms"]) for side in ("ours", "plain")))
        yield f"| {' | '.join(cells)} |"
    said = ", ".join(f"{name} {value:.2f}" for name, value in found["slopes"].items())
    yield f"\nSlopes: {said}"


def number(value: float) -> str:
    """A figure, of three digits at least."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


# The picture.

WIDTH, HEIGHT = 960, 800
TOPS, LEFTS, PANEL = (146, 490), (74, 556), (370, 250)
OURS, PLAIN, GREY, RULE = "#2563eb", "#d97706", "#64748b", "#e2e8f0"
FINE = 2  # strokes are drawn so much larger, and then reduced


@dataclass(frozen=True)
class Stroke:
    """A line through points; dots: mark each of them; dash: of so many units, 0 for none."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 2.0
    dots: float = 0.0
    dash: float = 0.0


@dataclass(frozen=True)
class Axis:
    """A logarithmic scale from ``low`` to ``high``, which lie at ``start`` and ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + (self.end - self.start) * share

    def marks(self) -> list[float]:
        """Powers of ten, and 2 and 5 times them where there would be few."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        tens = [10.0**p for p in powers]
        many = sum(self.low <= ten <= self.high for ten in tens) > 2
        marks = [f * ten for ten in tens for f in ((1,) if many else (1, 2, 5))]
        return [mark for mark in marks if self.low <= mark <= self.high]


@dataclass(frozen=True)
class Curve:
    """One line of a panel, with what its corner says of it."""

    said: str
    costs: list[float]
    stroke: Stroke
    ranges: list[tuple[float, float]] = field(default_factory=list)


def curves(line: Line, found: dict[str, Any]) -> list[Curve]:
    """What a panel shows: both sides, and the arithmetic or the starts."""
    points, slopes = found["points"], found["slopes"]
    made = []
    for name, key, colour in (("ganvas", "ours", OURS), ("plain loop", "plain", PLAIN)):
        sides = [point[key] for point in points]
        ranges = [(side["ms_min"], side["ms_max"]) for side in sides]
        said = f"{name}: slope {slopes[key]:.2f}"
        made.append(Curve(said, [s["ms"] for s in sides], Stroke((), colour, 2, 4), ranges))
    if line.part != "count":
        work = [point["gflop"] for point in points]
        factor = points[-1]["ours"]["ms"] / work[-1]
        said = f"arithmetic: slope {slopes['gflop']:.2f}"
        return [*made, Curve(said, [factor * w for w in work], Stroke((), GREY, 1.5, 0, 5))]
    for name, key, colour in (("ganvas", "ours", OURS), ("plain loop", "plain", PLAIN)):
        starts = [point[key]["start_ms"] for point in points]
        said = f"{name}, start to the end of step 1 (dashed)"
        made.append(Curve(said, starts, Stroke((), colour, 1.5, 2.5, 5)))
    return made


def panel(
    line: Line, found: dict[str, Any], left: float, top: float
) -> tuple[list[Shape], list[Stroke]]:
    """Axes, marks and words; the lines on them."""
    wide, high = PANEL
    lines = curves(line, found)
    values = [v for c in lines for v in [*c.costs, *(e for low_high in c.ranges for e in low_high)]]
    across = Axis(line.values[0], line.values[-1], left + 16, left + wide - 16)
    # Flat lines leave no corner free for the words.
    room = 1.55 if line.part == "count" else 1.1
    low, span = min(values) / 1.4, max(values) / min(values) * 2
    up = Axis(low, low * span**room, top + high, top)
    shapes: list[Shape] = [Words(left, top - 12, f"ms a step by {line.title}", 15)]
    for mark in up.marks():
        shapes += [Box(left, up(mark), wide, 1, RULE),
                   Words(left - 8, up(mark) + 4, f"{mark:,g}", 12, GREY, "end")]  # fmt: skip
    shapes.append(Box(left, top + high, wide, 1, GREY))
    for value in line.values:
        x = across(value)
        shapes += [Box(x, top + high, 1, 5, GREY),
                   Words(x, top + high + 20, f"{value:,}", 12, GREY, "middle")]  # fmt: skip
    strokes = []
    for index, curve in enumerate(lines):
        y = top + 16 + 18 * index
        shapes += [Box(left + 6, y - 13, 8 + 6.6 * len(curve.said), 18, "white"),
                   Words(left + 10, y, curve.said, 13, curve.stroke.colour)]  # fmt: skip
        at = [across(value) for value in line.values]
        for x, (least, most) in zip(at, curve.ranges, strict=False):
            strokes.append(Stroke(((x, up(least)), (x, up(most))), curve.stroke.colour, 1))
        points = tuple(zip(at, map(up, curve.costs), strict=True))
        strokes.append(replace(curve.stroke, points=points))
    return shapes, strokes


def picture(result: dict[str, Any], lines: Sequence[Line]) -> bytes:
    """The content of a PNG file: four panels."""
    shapes: list[Shape] = [
        Words(24, 38, "How the cost of a step grows", 22),
        Words(24, 62, "DCGAN, no penalty; 32x32 colour, width 64, batch 32 where nothing else "
              f"is said. {result['processor']}, {result['choices']}.", 13, GREY),
    ]  # fmt: skip
    strokes: list[Stroke] = []
    legend = (
        (24, "ganvas", Stroke((), OURS, 2, 4)),
        (136, "plain PyTorch loop, float32", Stroke((), PLAIN, 2, 4)),
        (376, "arithmetic (GFLOP), from ganvas's last point", Stroke((), GREY, 1.5, 0, 5)),
        (724, "lowest to highest repeat", Stroke((), OURS, 1)),
    )
    for x, text, stroke in legend:
        points = ((x + 12, 78), (x + 12, 92)) if stroke.width == 1 else ((x, 85), (x + 24, 85))
        strokes.append(replace(stroke, points=points))
        shapes.append(Words(x + 32, 89, text, 13))
    for index, line in enumerate(lines):
        left, top = LEFTS[index % 2], TOPS[index // 2]
        more, drawn = panel(line, result["lines"][line.part], left, top)
        shapes += more
        strokes += drawn
    return stroked(canvas.png(shapes, WIDTH, HEIGHT), strokes)


def stroked(png: bytes, strokes: Iterable[Stroke]) -> bytes:
    """The picture with smooth lines on it; whatever they do not cover stays as it is."""
    small = Image.open(io.BytesIO(png))
    large = small.resize((FINE * small.width, FINE * small.height), Image.Resampling.NEAREST)
    pen, scale = ImageDraw.Draw(large), FINE * canvas.SCALE
    for stroke in strokes:
        points = [(scale * x, scale * y) for x, y in stroke.points]
        width = round(scale * stroke.width)
        for start, end in pairwise(points):
            for part in dashes(start, end, scale * stroke.dash):
                pen.line(part, stroke.colour, width)
        for x, y in points if stroke.dots else ():
            r = scale * stroke.dots
            pen.ellipse((x - r, y - r, x + r, y + r), stroke.colour)
    buffer = io.BytesIO()
    large.reduce(FINE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def dashes(
    start: tuple[float, float], end: tuple[float, float], length: float
) -> Iterator[list[tuple[float, float]]]:
    """The parts of a stretch that are drawn; all of it where the length is 0."""
    whole = math.dist(start, end)
    count = max(1, round((whole / length + 1) / 2)) if length else 1
    for index in range(count):
        shares = (2 * index / (2 * count - 1), (2 * index + 1) / (2 * count - 1))
        yield [
            (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            for share in shares
        ]


def main() -> None:
    """Measure, or read what was measured; print the table, and draw the picture if asked."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    parser.add_argument("--again", type=Path, metavar="FILE.json", help="only draw what --out kept")
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    options = parser.parse_args()
    lines = LINES
    if options.again:
        result = json.loads(options.again.read_text())
    else:
        if options.quick:
            lines = tuple(replace(line, values=line.values[:2]) for line in LINES)
        deadline = began + 60 * options.minutes
        with tempfile.TemporaryDirectory() as folder:
            os.environ["GANVAS_CACHE"] = folder  # what trials find is measured anew, and forgotten
            repeats = 1 if options.quick else REPEATS
            base, matches = play_all(lines, options.threads, repeats, deadline)
        result = {
            "processor": processor(torch.device(base.device)),
            "torch": torch.__version__,
            "choices": base.words(),
            "repeats": len(next(iter(matches.values())).ours.times),
            "seconds": time.monotonic() - began,
            "lines": {line.part: summed(line, matches) for line in lines},
        }
    lines = tuple(
        replace(line, values=tuple(p["value"] for p in result["lines"][line.part]["points"]))
        for line in lines
    )
    for line in lines:
        print("\n".join(table(line, result["lines"][line.part])))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1))
    if options.plot:
        options.plot.parent.mkdir(parents=True, exist_ok=True)
        options.plot.write_bytes(picture(result, lines))
    tell(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
