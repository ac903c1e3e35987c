"""The largest recipe of CIFAR-10 for eight minutes, and its distance to the test pictures."""

import argparse
from collections.abc import Callable

import ganvas

RECIPE, MINUTES = "r3gan-small", 8.0


def measure(tell: Callable[..., None], options: argparse.Namespace) -> None:
    """Train on CIFAR-10 for long, and measure what it reached."""
    minutes = 0.05 if options.quick else MINUTES
    overrides = {"condition": {"kind": "class"}, "evaluation": None, "every.samples": 50_000}
    run = ganvas.train(
        RECIPE, data=options.long, out=options.out / "long", minutes=minutes, overrides=overrides
    )
    found = ganvas.evaluate(run, metrics=("frechet", "kid"), features="efficientnet-lite0")
    figure = found["frechet"]
    words = f"Fréchet {figure.value:.2f} in efficientnet-lite0 after {run.images:,} images"
    tell(f"{RECIPE}, {minutes:g} minutes", words, frechet=figure.value)
    run_samples = options.out / "long.png"
    from ganvas.domains.pictures import enlarged, grid, save_png

    save_png(enlarged(grid(run.sample(64))), run_samples)
