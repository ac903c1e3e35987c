"""Two hundred pictures: what augmenting the discriminator's inputs is worth.

The recipe `folder` as it is (DiffAugment), with the ADA pipeline at a strength that adapts, and
with no augmentation, at equal images from equal seeds. Kernel distance (KID) in efficientnet-lite0
features of 2,000 samples against all pictures, with its 95% interval, and authenticity: the share
of samples farther from their nearest picture than that is from its own neighbour. A side that is in
the file already is not run again.

    python benchmarks/few_shot.py --data FOLDER [--images 40000] [--size 64] [--seeds 0 1 2]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import ganvas
from ganvas.domains.pictures import enlarged, grid, save_png

KEY = ("side", "seed", "images", "size")
SIDES: dict[str, dict[str, Any]] = {
    "diffaugment": {},
    "none": {"augment": None},
    "ada": {"augment": {"kind": "ada"}, "strength": {"kind": "adaptive", "images": 20_000}},
}


def measure(options: argparse.Namespace, side: str, seed: int) -> dict[str, Any]:
    """Train one side from one seed; its figures, and its pictures if asked."""
    images, pictures = options.images, options.pictures
    settings = {"threads": 1, "evaluation": None, "data.size": options.size, **SIDES[side]}
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        run = ganvas.train(
            data=options.data, out=folder, images=images, seed=seed, overrides=settings
        )
        seconds = time.monotonic() - began
        found = ganvas.evaluate(
            run, count=2_000, metrics=["kid", "authenticity", "precision-recall"]
        )
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            save_png(enlarged(grid(run.sample(36, seed=1))), pictures / f"{side}-{seed}.png")
        strength = next(
            (r[k] for r in run.log[::-1] for k in ("augment/strength",) if k in r), None
        )
    return {
        "side": side,
        "seed": seed,
        "images": images,
        "size": options.size,
        "seconds": round(seconds),
        "strength": strength,
        "interval": found["kid"].interval,
        **{figure.name: figure.value for figure, _ in found.figures},
    }


def main() -> None:
    """Train every side from every seed, a line of JSON each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=40_000)
    parser.add_argument("--size", type=int, default=64, help="pixels of the shorter side")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--out", type=Path, default=Path("few-shot.jsonl"))
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    for seed in options.seeds:
        for side in options.sides:
            lines = options.out.read_text().splitlines() if options.out.exists() else []
            known = {tuple(r[key] for key in KEY) for r in map(json.loads, lines)}
            if (side, seed, options.images, options.size) in known:
                continue
            found = measure(options, side, seed)
            with options.out.open("a") as file:
                file.write(json.dumps(found) + "\n")
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
