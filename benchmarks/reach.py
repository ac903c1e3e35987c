"""How soon `mnist` reaches a given distance: seconds from the first step, and images.

Trains with a checkpoint every so many images, then measures each in `digits` features, 10,000
samples against the 10,000 test images, until one is at or under the distance. Seconds are those of
the run's own log at that clock: training alone, start-up apart, with the checkpoints' time in it.

    python benchmarks/reach.py --distance 19.2 [--every 1920] [--most 48000] [--seed 0]
"""

import argparse
import json
import tempfile
from pathlib import Path

import ganvas
from ganvas.report.evaluate import evaluate


def train(options: argparse.Namespace, out: Path) -> Path:
    """Train ``mnist`` with a checkpoint at each look."""
    settings = {
        "every.log": options.every,
        "every.checkpoint": options.every,
        "keep": options.most,
        "evaluation": None,
        "precision": options.precision,
    }
    run = ganvas.train("mnist", out=out, images=options.most, seed=options.seed, overrides=settings)
    return run.path


def main() -> None:
    """Train, then print the distance at each checkpoint until it is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--distance", type=float, required=True)
    parser.add_argument("--every", type=int, default=1_920, help="images between checkpoints")
    parser.add_argument("--most", type=int, default=48_000, help="images at most")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = train(options, Path(folder))
        lines = (path / "log.jsonl").read_text().splitlines()
        log = {record["images"]: record["seconds"] for record in map(json.loads, lines)}
        for images, seconds in log.items():
            distance = measure(path, images)
            print(f"{images:,} images, {seconds:.1f} s: {distance:.2f}", flush=True)
            if distance <= options.distance:
                break


def measure(path: Path, images: int) -> float:
    """The Fréchet distance at a clock, in the features ``digits``."""
    return evaluate(path, metrics=("frechet",), features="digits", at=images)["frechet"].value


if __name__ == "__main__":
    main()
