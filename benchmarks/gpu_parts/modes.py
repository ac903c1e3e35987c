"""How long until ``stacked-mnist`` draws all 1,000 modes, as ``train`` plays it."""

import argparse
import time
from collections.abc import Callable

import ganvas

SECONDS = 30
EVERY = 60_000
"""Images between two looks at 26,000 samples."""

ALL = 1_000


def measure(tell: Callable[..., None], options: argparse.Namespace) -> None:
    """The time until all modes of Stacked-MNIST are there."""
    settings: dict[str, object] = {
        "evaluation.every": EVERY,
        "evaluation.metrics": ["modes"],
        "evaluation.best": "modes",
        "fit_minutes": False,  # the minutes are a bound here, not a length to end with
        "every.samples": 10 * EVERY,
        "every.checkpoint": 10 * EVERY,
    }
    if options.quick:
        settings |= {"evaluation.every": 640, "evaluation.count": 200}
        settings |= {"generator.width": 8, "discriminator.width": 8}
    began = time.monotonic()
    run = ganvas.train(
        "stacked-mnist",
        out=options.out / "modes",
        images=1_280 if options.quick else None,
        minutes=None if options.quick else SECONDS / 60,
        overrides=settings,
    )
    whole = time.monotonic() - began
    seen = [line for line in run.log if "metric/modes" in line]
    for line in seen:
        print(f"{line['images']:,} images, {line['seconds']:.1f} s: {line['metric/modes']:.0f}")
    best = max(seen, key=lambda line: line["metric/modes"])
    full = next((line for line in seen if line["metric/modes"] >= ALL), None)
    first = full or best
    words = (
        f"{first['metric/modes']:.0f} modes after {first['seconds']:.1f} s, "
        f"{first['images']:,} images (looks at samples included); "
        f"{run.images:,} images in {whole:.0f} s in all; "
        f"{run.record.choices.words()}"
    )
    tell("stacked-mnist", words, seconds=first["seconds"], modes=first["metric/modes"])
