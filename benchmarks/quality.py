"""Does the fast form cost quality? `mnist` as it is, and with PyTorch's own layers in float32.

Same recipe, seed and images; each is measured in `digits` features, 10,000 samples against the
10,000 test images. Wall times are printed too, but the two do not run at one moment.

    python benchmarks/quality.py [--seeds 0 1] [--images 360000]
"""

import argparse
import json
import tempfile

from torch import nn

import ganvas
from ganvas.networks import compact

PLAIN = {
    "Conv2d": nn.Conv2d,
    "ConvTranspose2d": nn.ConvTranspose2d,
    "BatchNorm2d": nn.BatchNorm2d,
    "Flatten": nn.Flatten,
}
"""What the networks of `mnist` are built of on the plain side."""


def measure(side: str, seed: int, images: int) -> dict[str, object]:
    """Train ``mnist`` with the fast or the plain operators; its distance and its time."""
    settings = {"evaluation": None}
    if side == "plain":
        settings |= {"precision": "fp32", "memory_format": "contiguous"}
    with tempfile.TemporaryDirectory() as folder:
        run = ganvas.train("mnist", out=folder, images=images, seed=seed, overrides=settings)
        found = ganvas.evaluate(run, metrics=("frechet",))
        distance = found["frechet-infinite"]
        return {
            "side": side,
            "seed": seed,
            "images": run.images,
            "seconds": run.log[-1]["seconds"],
            "frechet": found["frechet"].value,
            "frechet-infinite": distance.value,
            "interval": distance.interval,
        }


def main() -> None:
    """Train both from every seed, a line of JSON each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--images", type=int, default=360_000)
    options = parser.parse_args()
    fast = {name: getattr(compact, name) for name in PLAIN}
    for seed in options.seeds:
        for side, layers in (("fast", fast), ("plain", PLAIN)):
            for name, layer in layers.items():
                setattr(compact, name, layer)
            print(json.dumps(measure(side, seed, options.images)), flush=True)


if __name__ == "__main__":
    main()
