"""What each metric notices, and to what it is blind: real digits, made worse on purpose.

MNIST training images against the 10,000 test images, in `digits` features, by all metrics of
``ganvas evaluate``. They are clean (the floor: what a perfect generator would get), or spoilt in
three strengths: blurred, noisy, of fewer classes, partly copies of the training images, or partly
repeated. 10,000 further training images are the training set that may have been copied. There are
5,000 samples, since one class has no more; the floor is drawn five times, which shows by how much
figures differ of themselves.

    python benchmarks/corruptions.py [--plot docs/pictures/corruptions.png] [--values FILE.json]

prints two tables of figures and one of who noticed what; two minutes on one free core. With
--values the figures are kept, and read again if the file is there. The plot needs matplotlib.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from ganvas import keys
from ganvas.data import load_dataset
from ganvas.features import extract, load_features
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import NotApplicable
from ganvas.metrics.metric_table import METRICS

STRENGTHS = ("weak", "medium", "strong")
COPIED = 10_000
FLOORS = 5

SHOULD = {
    "frechet": "blur noise classes", "frechet-infinite": "blur noise classes",
    "kid": "blur noise classes", "precision": "blur noise", "recall": "classes",
    "density": "blur noise", "coverage": "blur noise classes", "classifier-score": "classes",
    "modes": "classes", "reverse-kl": "classes", "confident": "blur noise",
    "sliced-wasserstein": "blur noise classes", "frechet-per-class": "blur noise",
    "duplicates": "repeats", "authenticity": "copies",
}  # fmt: skip
"""What each figure is there for; whatever else it notices is a gift."""


@dataclass
class Corruption:
    """name, the strengths in words, and how real images become samples of each."""

    name: str
    words: tuple[str, str, str]
    apply: Callable[["Reals", int], tuple[Tensor, Tensor]]


@dataclass
class Reals:
    """Training images apart from those that may have been copied: pixels and labels of both."""

    pixels: Tensor
    labels: Tensor
    training: Tensor
    training_labels: Tensor
    count: int

    def clean(self, draw: int = 0) -> tuple[Tensor, Tensor]:
        """Untouched images and labels; each ``draw`` has others."""
        part = slice(draw * self.count, (draw + 1) * self.count)
        return self.pixels[part], self.labels[part]


def blurred(reals: Reals, strength: int) -> tuple[Tensor, Tensor]:
    """Gaussian blur of sigma 0.5, 0.7 or 1 pixel."""
    sigma = (0.5, 0.7, 1.0)[strength]
    pixels, labels = reals.clean()
    parts = [gaussian_blur(part, [7, 7], [sigma, sigma]) for part in pixels.split(1000)]
    return torch.cat(parts), labels


def noisy(reals: Reals, strength: int) -> tuple[Tensor, Tensor]:
    """Gaussian noise of 10, 25 or 50 grey levels."""
    pixels, labels = reals.clean()
    generator = keys.generator("corruptions", "noise", strength)
    noise = torch.randn(pixels.shape, generator=generator) * (10, 25, 50)[strength]
    return (pixels + noise).round().clamp(0, 255).to(torch.uint8), labels


def fewer(reals: Reals, strength: int) -> tuple[Tensor, Tensor]:
    """The most frequent classes, so that there are enough of them."""
    common = torch.bincount(reals.labels).argsort(descending=True)[: (7, 4, 1)[strength]]
    rows = torch.isin(reals.labels, common).nonzero()[: reals.count, 0]
    if len(rows) < reals.count:
        raise SystemExit(f"one class has {len(rows):,} images: give --count {len(rows)} or less")
    return reals.pixels[rows], reals.labels[rows]


def copied(reals: Reals, strength: int) -> tuple[Tensor, Tensor]:
    """A quarter, a half or all replaced by training images."""
    number = reals.count * (25, 50, 100)[strength] // 100
    pixels, labels = reals.clean()
    return (
        torch.cat([reals.training[:number], pixels[number:]]),
        torch.cat([reals.training_labels[:number], labels[number:]]),
    )


def repeated(reals: Reals, strength: int) -> tuple[Tensor, Tensor]:
    """So many of the samples repeat another one; at 50% each is there twice."""
    number = reals.count * (10, 25, 50)[strength] // 100
    kept = [values[: reals.count - number] for values in reals.clean()]
    pixels, labels = (torch.cat([values, values[:number]]) for values in kept)
    return pixels, labels


CORRUPTIONS = (
    Corruption("blur", ("0.5 px", "0.7 px", "1 px"), blurred),
    Corruption("noise", ("10 of 255", "25 of 255", "50 of 255"), noisy),
    Corruption("classes", ("7 of 10", "4 of 10", "1 of 10"), fewer),
    Corruption("copies", ("25%", "50%", "100%"), copied),
    Corruption("repeats", ("10%", "25%", "50%"), repeated),
)

Values = dict[str, dict[str, float]]
"""Of each set of samples, its figures by name."""


# Measuring.


def measure(count: int) -> tuple[Values, dict[str, str]]:
    """All figures of all sets, and which way is better."""
    network = load_features("digits")
    test, train = load_dataset("mnist", split="test"), load_dataset("mnist")
    assert test.labels is not None and train.labels is not None
    order = torch.randperm(len(train), generator=keys.generator("corruptions", "order"))
    held, rest = order[:COPIED], order[COPIED:]

    def read(pixels: Tensor, labels: Tensor) -> FeatureSet:
        features, logits = extract(network, pixels)
        return FeatureSet(pixels, features, logits, labels, test.classes)

    reals = Reals(
        train.pixels[rest], train.labels[rest], train.pixels[held], train.labels[held], count
    )
    if FLOORS * count > len(rest):
        raise SystemExit(f"{FLOORS} floors need --count {len(rest) // FLOORS} or less")
    others = {
        "reference": read(test.pixels, test.labels),
        "training": read(reals.training, reals.training_labels),
    }
    values: Values = {}
    better: dict[str, str] = {}
    for name, (pixels, labels) in sets(reals):
        began = time.perf_counter()
        samples, found = read(pixels, labels), {}
        for kind, metric in METRICS.items():
            try:
                for figure in metric.figures(kind, samples, others[metric.compares_with]):
                    found[figure.name] = figure.value
                    better[figure.name] = figure.better
            except NotApplicable as reason:
                print(f"{name}: {reason}", file=sys.stderr)
        values[name] = found
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return values, better


def sets(reals: Reals) -> Iterator[tuple[str, tuple[Tensor, Tensor]]]:
    """Every set of samples by its name: the clean ones, then each corruption at each strength."""
    for draw in range(FLOORS):
        yield f"clean {draw}", reals.clean(draw)
    for corruption in CORRUPTIONS:
        for strength, words in enumerate(corruption.words):
            yield f"{corruption.name} {words}", corruption.apply(reals, strength)


# How figures react.


@dataclass
class Reaction:
    """A figure under a corruption.

    floors: its values for clean images.
    steps: its values at the three strengths.
    higher: whether more is better.
    """

    floors: list[float]
    steps: list[float]
    higher: bool

    @property
    def spread(self) -> float:
        """How far the clean values lie apart."""
        return max(self.floors) - min(self.floors)

    @property
    def worst(self) -> float:
        """The worst of the clean values."""
        return min(self.floors) if self.higher else max(self.floors)

    def first_strength(self) -> str:
        """From which strength on the figure is worse than all floors, by more than they differ."""
        sign = -1 if self.higher else 1
        best = max(self.floors) if self.higher else min(self.floors)
        worse = [sign * (value - self.worst) > self.spread for value in self.steps]
        improved = [sign * (best - value) > self.spread for value in self.steps]
        if not any(worse):
            return "**the wrong way**" if any(improved) else "–"
        falls = [sign * (b - a) for a, b in zip(self.steps, self.steps[1:], strict=False)]
        in_order = all(fall >= -self.spread for fall in falls) and worse == sorted(worse)
        return STRENGTHS[worse.index(True)] if in_order and not any(improved) else "not in order"


def reaction(
    values: Values, better: dict[str, str], figure: str, corruption: Corruption
) -> Reaction:
    """The values of one figure, clean and under one corruption."""
    floors = [values[f"clean {draw}"][figure] for draw in range(FLOORS)]
    steps = [values[f"{corruption.name} {words}"][figure] for words in corruption.words]
    return Reaction(floors, steps, better[figure] == "higher")


def tables(values: Values, better: dict[str, str]) -> Iterator[str]:
    """Lines of Markdown: all values, then from which strength on each figure reacts."""
    names = list(better)
    for part in (names[:8], names[8:]):
        yield from table(
            ("samples", *(f"{name} {'↑' if better[name] == 'higher' else '↓'}" for name in part)),
            [("clean", *(floor_text(values, name) for name in part))]
            + [
                (f"{one.name}, {words}", *(number(values[f"{one.name} {words}"][n]) for n in part))
                for one in CORRUPTIONS
                for words in one.words
            ],
        )
        yield ""
    missed: list[str] = []
    rows = []
    for name in names:
        cells = []
        for one in CORRUPTIONS:
            text = reaction(values, better, name, one).first_strength()
            if one.name in SHOULD.get(name, "").split() and text not in STRENGTHS:
                missed.append(f"{name} under {one.name}")
            cells.append(text)
        rows.append((name, *cells))
    yield from table(("noticed from", *(one.name for one in CORRUPTIONS)), rows)
    yield ""
    yield f"Should have noticed, and did not in order: {', '.join(missed) or 'none'}."


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def floor_text(values: Values, name: str) -> str:
    """The floors from the lowest to the highest."""
    floors = sorted(values[f"clean {draw}"][name] for draw in range(FLOORS))
    low, high = number(floors[0]), number(floors[-1])
    return low if low == high else f"{low} to {high}"


def number(value: float) -> str:
    """A value with as many digits as it deserves."""
    if value == int(value) and abs(value) >= 1:
        return f"{int(value):,}"
    return f"{value:.2g}" if abs(value) < 0.1 else f"{value:.3g}"


# The picture.

COLOURS = {
    "blur": "#0072b2", "noise": "#d55e00", "classes": "#009e73", "copies": "#cc79a7",
    "repeats": "#7f7f7f",
}  # fmt: skip
MARKS = {"blur": "o", "noise": "s", "classes": "^", "copies": "D", "repeats": "v"}


def plot(values: Values, better: dict[str, str], path: Path) -> None:
    """Write the picture: one panel a figure."""
    try:
        import matplotlib
    except ImportError:
        raise SystemExit("the plot needs matplotlib: pip install matplotlib") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(better)
    style: dict[Any, Any] = {
        "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
        "axes.edgecolor": "#999999", "xtick.color": "#444444", "ytick.color": "#444444",
        "axes.grid": True, "axes.grid.axis": "y", "grid.color": "#eeeeee", "axes.axisbelow": True,
        "axes.titlelocation": "left", "axes.titlesize": 10,
    }  # fmt: skip
    with pyplot.rc_context(style):
        rows = -(-(len(names) + 1) // 4)
        figure, panels = pyplot.subplots(rows, 4, figsize=(10, 2.2 * rows))
        for panel, name in zip(panels.flat, names, strict=False):
            draw(panel, values, better, name)
        handles, labels = panels.flat[0].get_legend_handles_labels()
        for panel in panels.flat[len(names) :]:
            panel.axis("off")
        panels.flat[len(names)].legend(
            handles,
            labels,
            loc="center",
            frameon=False,
            fontsize=10,
            title="↓ lower, ↑ higher is better",
        )
        figure.tight_layout(h_pad=1.5, w_pad=1.0)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
        pyplot.close(figure)


def draw(panel: Any, values: Values, better: dict[str, str], name: str) -> None:
    """One figure: a line for each corruption, from the floor to the strongest."""
    floors = sorted(values[f"clean {k}"][name] for k in range(FLOORS))
    floor = floors[FLOORS // 2]
    panel.axhline(floor, color="#222222", linewidth=0.9, linestyle="--", label="clean", zorder=2)
    everything = list(floors)
    for one in CORRUPTIONS:
        steps = reaction(values, better, name, one).steps
        everything += steps
        panel.plot(range(4), [floor, *steps], label=one.name, color=COLOURS[one.name],
                   marker=MARKS[one.name], markersize=4, linewidth=1.4, zorder=3)  # fmt: skip
    panel.set_xticks(range(4), ["clean", *STRENGTHS], fontsize=8)
    panel.set_title(f"{name} {'↑' if better[name] == 'higher' else '↓'}")
    low, high = min(everything), max(everything)
    if low >= 0 and high <= 1:
        panel.set_ylim(-0.04, 1.04)
    elif better[name] == "lower" and high > 50 * abs(floor):
        if low > 0:
            panel.set_yscale("log")
            ticks = powers(low, high)
        else:  # straight up to the first power, so that nought and less have a place
            least = 10.0 ** math.ceil(math.log10(floors[-1] - floors[0]))
            panel.set_yscale("symlog", linthresh=least)
            panel.set_ylim(-least / 2, 2 * high)
            ticks = [0.0, *powers(least, high)]
        panel.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.minorticks_off()


def powers(low: float, high: float) -> list[float]:
    """Powers of ten between."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    return [10.0**exponent for exponent in range(first, last + 1)]


def main() -> None:
    """Measure, or read what was measured; print the tables, and draw the picture if asked."""
    parser = argparse.ArgumentParser(description="metrics under corruptions of real images")
    parser.add_argument("--count", type=int, default=5000, help="samples of each set")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    parser.add_argument("--values", type=Path, metavar="FILE.json", help="keep, or read, them")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.values and options.values.is_file():
        values, better = json.loads(options.values.read_text())
    else:
        values, better = measure(options.count)
        if options.values:
            options.values.write_text(json.dumps([values, better], indent=1))
    print("\n".join(tables(values, better)))
    if options.plot:
        plot(values, better, options.plot)


if __name__ == "__main__":
    main()
