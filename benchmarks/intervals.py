"""Do 95% intervals hold the true value 95 times in 100? Simulated evaluations with a known truth.

A scenario is a pair of distributions, whose distance is known exactly, and an evaluation draws so
many images of each and measures them as ``ganvas evaluate`` does. Gaussians (64 features with
decaying spectra, other means, variances and axes) have a closed form. Pools are features of real
images in `digits`: an evaluation draws from a pool with replacement, so that the pool itself is the
distribution, and its own moments (or, for KID, all its pairs) are the truth.

    python benchmarks/intervals.py [SCENARIO ...] [--samples FILE.npz ...] [--metric frechet kid]
        [--counts 10000 2000] [--evaluations 500] [--first 0]

Scenarios: gaussian-far, -medium, -near, -equal; mnist-blurred (the 60,000 training images against
the same ones blurred), mnist-samples (against those of --samples, if given), mnist-equal (against
themselves). The two called equal have a distance of nought, of which no half-width is a small part;
they are run only if named. `--first 500` makes other evaluations than the first 500. On one core an
evaluation of 10,000 images a side takes 0.4 s, of KID 2.1 s.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from ganvas import keys
from ganvas.data import load_dataset
from ganvas.features import extract, load_features
from ganvas.metrics.figure import Estimate
from ganvas.metrics.frechet import frechet, frechet_infinite
from ganvas.metrics.kernel import kid
from ganvas.metrics.moments import Moments, moments

FEATURES = 64
APART = {"gaussian-far": 1.0, "gaussian-medium": 0.3, "gaussian-near": 0.1, "gaussian-equal": 0.0}
"""How far the second Gaussian's mean, variances and axes are from the first's."""
POOLS = ("mnist-blurred", "mnist-samples", "mnist-equal")
BLUR = 0.7  # pixels

Drawer = Callable[[int, torch.Generator], Tensor]


@dataclass
class Scenario:
    """Two distributions: how to draw n features [n, d] of each, and their true distances."""

    draws: tuple[Drawer, Drawer]
    moments: tuple[Moments, Moments]
    kid: Callable[[], float]

    def truth(self, metric: str) -> float:
        """The true value that intervals should hold."""
        return frechet(*self.moments) if metric == "frechet" else self.kid()


# Gaussians.


def gaussians(apart: float) -> Scenario:
    """Spectra that decay as 1/k; the second's mean is moved, its spectrum is flatter, its axes are
    turned, all in proportion to ``apart``."""
    generator = keys.generator("intervals", "gaussians")
    normal = torch.randn(FEATURES, FEATURES, generator=generator, dtype=torch.float64)
    axes = torch.linalg.qr(normal).Q
    turn = torch.linalg.matrix_exp(apart * 0.05 * (normal - normal.T))
    spectrum = 1 / torch.arange(1, FEATURES + 1, dtype=torch.float64)
    shift = torch.randn(FEATURES, generator=generator, dtype=torch.float64) * spectrum.sqrt()
    roots = (axes * spectrum.sqrt(), turn @ axes * spectrum.sqrt() ** (1 - 0.3 * apart))
    mean = torch.full((FEATURES,), 0.3, dtype=torch.float64)  # features are seldom centred
    means = (mean, mean + 0.3 * apart * (axes @ shift))

    def draw(mean: Tensor, root: Tensor) -> Drawer:
        def rows(count: int, generator: torch.Generator) -> Tensor:
            noise = torch.randn(count, FEATURES, generator=generator, dtype=torch.float64)
            return noise @ root.T + mean

        return rows

    both = tuple(zip(means, (root @ root.T for root in roots), strict=True))
    (first, second) = (exact(mean, covariance) for mean, covariance in both)
    truth = sum(sign * cubed(*x, *y) for sign, x, y in (
        (1, both[0], both[0]), (1, both[1], both[1]), (-2, both[0], both[1])))  # fmt: skip
    drawers = draw(means[0], roots[0]), draw(means[1], roots[1])
    return Scenario(drawers, (first, second), lambda: truth)


def exact(mean: Tensor, covariance: Tensor) -> Moments:
    """Moments whose covariance is exactly that given."""
    return Moments(2, mean, covariance)


def cubed(m: Tensor, a: Tensor, n: Tensor, b: Tensor) -> float:
    """E (x·y / d + 1)^3 of independent x ~ N(m, a) and y ~ N(n, b), from Gaussian moments."""
    dot, trace = float(m @ n), float((a * b).sum())
    first, second, mixed = float(n @ a @ n), float(m @ b @ m), float(m @ b @ a @ n)
    square = trace + first + second + dot**2
    cube = dot**3 + 3 * dot * second + 3 * (dot * (trace + first) + 2 * mixed)
    d = len(m)
    return cube / d**3 + 3 * square / d**2 + 3 * dot / d + 1


# Pools of real images.


def pools(name: str, samples: list[Path]) -> Scenario:
    """Real digits against real, blurred or generated ones."""
    network = load_features("digits")
    pixels = load_dataset("mnist").pixels
    other = pixels
    if name == "mnist-blurred":
        other = torch.cat(
            [gaussian_blur(part, [5, 5], [BLUR, BLUR]) for part in pixels.split(1000)]
        )
    if name == "mnist-samples":
        other = torch.cat([read_samples(path) for path in samples])
    first = extract(network, pixels).features.double()
    second = first if other is pixels else extract(network, other).features.double()

    def draw(pool: Tensor) -> Drawer:
        def rows(count: int, generator: torch.Generator) -> Tensor:
            return pool[torch.randint(len(pool), (count,), generator=generator)]

        return rows

    def true_kid() -> float:
        if second is first:
            return 0.0
        return (pairs(first, first) + pairs(second, second)) - 2 * pairs(first, second)

    both = population(first), population(second)
    return Scenario((draw(first), draw(second)), both, true_kid)


def read_samples(path: Path) -> Tensor:
    """``images`` of a samples.npz, as uint8 [N, C, H, W]."""
    with np.load(path) as archive:
        return torch.from_numpy(archive["images"]).movedim(-1, 1).contiguous()


def population(pool: Tensor) -> Moments:
    """Of the uniform distribution on the pool: the scatter over N, not N - 1."""
    found = moments(pool)
    return exact(found.mean, found.scatter / found.count)


def pairs(a: Tensor, b: Tensor) -> float:
    """Mean kernel of all pairs, an item with itself among them."""
    total = sum(float((part @ b.T).div_(a.shape[1]).add_(1).pow_(3).sum()) for part in a.split(50))
    return total / (len(a) * len(b))


# Evaluations.


@dataclass
class Evaluation:
    """One estimate: the plain value, and the one with an interval."""

    plug_in: float
    found: Estimate


def evaluate(scenario: Scenario, metric: str, count: int, generator: torch.Generator) -> Evaluation:
    """Draw ``count`` items a side and estimate once."""
    a, b = (draw(count, generator).float() for draw in scenario.draws)
    if metric == "kid":
        found = kid(a, b)
        return Evaluation(found.value, found)
    return Evaluation(frechet(moments(a), moments(b)), frechet_infinite(a, b))


HEAD = (
    "scenario", "measure", "images a side", "true value", "holds it", "too low, too high",
    "half-width / value", "claimed / actual SE", "bias in SE", "plug-in's bias in SE",
)  # fmt: skip


def row(name: str, metric: str, count: int, truth: float, found: list[Evaluation]) -> list[str]:
    """A line of the table. SE: the actual standard deviation of the estimates."""
    n = len(found)
    low = sum(one.found.high < truth for one in found) / n
    high = sum(one.found.low > truth for one in found) / n
    share = 1 - low - high
    noise = math.sqrt(share * (1 - share) / n)
    nought = truth < 1e-9
    values = [one.found.value for one in found]
    actual = statistics.stdev(values)
    halves = [(one.found.high - one.found.low) / 2 for one in found]
    half = statistics.fmean(halves)
    claimed = math.sqrt(statistics.fmean(half**2 for half in halves)) / 1.96
    bias = (statistics.fmean(values) - truth) / actual
    plug_in = (statistics.fmean(one.plug_in for one in found) - truth) / actual
    return [
        name, metric, f"{count:,}", "0" if nought else f"{truth:.4g}",
        f"**{share:.1%}** ± {noise:.1%}", f"{low:.1%}, {high:.1%}",
        f"(half-width {half:.2g})" if nought else f"{half / truth:.1%}", f"{claimed / actual:.3f}",
        f"{bias:+.2f}", f"{plug_in:+.2f}" if metric == "frechet" else "none",
    ]  # fmt: skip


def line(cells: list[str] | tuple[str, ...]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Estimate often in each scenario, and print how often intervals hold the truth."""
    parser = argparse.ArgumentParser(description="coverage of 95% intervals")
    known = (*APART, *POOLS)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(known))
    parser.add_argument("--samples", nargs="+", type=Path, default=[], metavar="FILE.npz")
    parser.add_argument("--metric", nargs="+", choices=["frechet", "kid"], default=["frechet"])
    parser.add_argument("--counts", nargs="+", type=int, default=[10_000])
    parser.add_argument("--evaluations", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, metavar="I", help="number of the first")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="every estimate, as npz")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - set(known):
        parser.error(f"no scenario {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    if "mnist-samples" in options.scenarios and not options.samples:
        parser.error("mnist-samples needs --samples FILE.npz")
    left_out = () if options.samples else ("mnist-samples",)
    usual = [name for name in known if name not in left_out and not name.endswith("-equal")]
    torch.set_num_threads(options.threads)
    print(line(HEAD), "|" + "---|" * len(HEAD), sep="\n", flush=True)
    for name in options.scenarios or usual:
        scenario = gaussians(APART[name]) if name in APART else pools(name, options.samples)
        for metric in options.metric:
            truth = scenario.truth(metric)
            for count in options.counts:
                began = time.process_time()
                found = [
                    evaluate(scenario, metric, count, keys.generator("intervals", name, count, i))
                    for i in range(options.first, options.first + options.evaluations)
                ]
                print(line(row(name, metric, count, truth, found)), flush=True)
                spent = (time.process_time() - began) / options.evaluations
                print(f"{name} {metric} {count}: {spent:.2f} s of CPU each", file=sys.stderr)
                if options.save:
                    keep(options.save / f"{name}-{metric}-{count}.npz", truth, found)


def keep(path: Path, truth: float, found: list[Evaluation]) -> None:
    """Write all estimates of a scenario as ``.npz``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.array([[one.plug_in, *one.found] for one in found])
    np.savez(path, truth=truth, plug_in=rows[:, 0], value=rows[:, 1], low=rows[:, 2],
             high=rows[:, 3])  # fmt: skip


if __name__ == "__main__":
    main()
