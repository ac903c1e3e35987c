"""Is the digit that is asked for drawn? `mnist-conditional`, read by classifiers that nobody ships.

For each seed: the share of 10,000 samples that each of two classifiers (classifiers.py; the
package's own features never saw them) reads as asked, their agreement on the test images beside
it; and recall inside each class, in features of the first, as a ratio to that of real training
images in equal number, against the same test images.

    python benchmarks/classifiers.py train --mnist FOLDER --out WEIGHTS
    python benchmarks/conditional.py --weights WEIGHTS [--seeds 0 1 2] [--recipe mnist-conditional]
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import ganvas
from ganvas.data import Dataset, load_dataset
from ganvas.metrics.manifold import overlap

# isort: split
import classifiers

COUNT = 10_000


def read(weights: Path, name: str, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Features [N, d] and classes int64 [N] of uint8 pixels [N, 1, 28, 28]."""
    found = classifiers.features(name, weights, pixels.permute(0, 2, 3, 1).numpy())
    return torch.from_numpy(found[0]), torch.from_numpy(found[1])


def measure(run: Any, weights: Path, train: Dataset, test: Dataset) -> dict[str, Any]:
    """How many samples are read as the class asked for, and recall inside each class."""
    rows = run.sample_conditions(COUNT)
    asked = rows.argmax(1)
    pixels = run.sample(COUNT).permute(0, 3, 1, 2)
    shares = {}
    for name in classifiers.CLASSIFIERS:
        shares[name] = (read(weights, name, pixels)[1] == asked).double().mean().item()
        reals = (read(weights, name, test.pixels)[1] == test.labels).double().mean().item()
        shares[f"{name} on test images"] = reals
    assert train.labels is not None and test.labels is not None
    first = next(iter(classifiers.CLASSIFIERS))
    sides = {
        "samples": (read(weights, first, pixels)[0], asked),
        "reals": (read(weights, first, train.pixels[:COUNT])[0], train.labels[:COUNT]),
        "test": (read(weights, first, test.pixels)[0], test.labels),
    }
    ratios = []
    for number in range(10):
        of = {side: features[labels == number] for side, (features, labels) in sides.items()}
        count = min(len(of["samples"]), len(of["reals"]))
        recall = [overlap(of[s][:count], of["test"]).recall for s in ("samples", "reals")]
        ratios.append(recall[0] / recall[1])
    return {
        "obeyed": shares,
        "recall inside classes, of the reals'": [round(ratio, 3) for ratio in ratios],
        "least": min(ratios),
        "mean": sum(ratios) / 10,
    }


def main() -> None:
    """Train from each seed, or open one run, and print its figures as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--recipe", default="mnist-conditional")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=4.9)
    parser.add_argument("--run", help="measure this run instead of training any")
    options = parser.parse_args()
    train, test = load_dataset("mnist"), load_dataset("mnist", split="test")
    for seed in options.seeds if options.run is None else [None]:
        with tempfile.TemporaryDirectory() as folder:
            run = (
                ganvas.load(options.run)
                if options.run is not None
                else ganvas.train(options.recipe, out=folder, minutes=options.minutes, seed=seed)
            )
            found = measure(run, options.weights, train, test)
            seconds = run.log[-1]["seconds"]
            about = {"seed": seed, "images": run.images, "seconds": seconds}
            print(json.dumps({**about, **found}), flush=True)


if __name__ == "__main__":
    main()
