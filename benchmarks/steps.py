"""Images a second of `tutorial-cifar10` against tutorial A's own loop, side by side.

The two run in turn, A B A B, each in a process of its own on the same core or cores; the medians
and the ratio pair by pair are printed. Start-up and the first steps are not counted on either side.

    python benchmarks/steps.py --data CIFAR10.tar.gz [--pairs 5] [--steps 12] [--threads 2]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent


def theirs(options: argparse.Namespace, out: Path) -> float:
    command = [
        sys.executable, HERE / "tutorial_a.py", "--data", options.data, "--size", "32",
        "--steps", options.steps, "--threads", options.threads, "--count", 10, "--out", out,
    ]  # fmt: skip
    return json.loads(_run(command))["images_per_second"]


def ours(options: argparse.Namespace) -> float:
    command = [sys.executable, __file__, "--data", options.data, "--steps", options.steps,
               "--threads", options.threads, "--inside"]  # fmt: skip
    return json.loads(_run(command))["images_per_second"]


def inside(options: argparse.Namespace) -> None:
    """Our side, in a process of its own: the recipe's engine on the same images."""
    import torch

    from ganvas.recipes.build import build_engine, choose, load_data
    from ganvas.recipes.table import change, find

    recipe = change(find("tutorial-cifar10"), {"threads": options.threads})
    choices = choose(recipe)
    torch.set_num_threads(choices.threads)
    engine = build_engine(recipe, load_data(recipe, options.data), choices)
    for _ in range(3):
        engine.round()
    began = time.perf_counter()
    for _ in range(options.steps - 3):
        engine.round()
    assert engine.is_finite()
    speed = recipe.batch * (options.steps - 3) / (time.perf_counter() - began)
    print(json.dumps({"images_per_second": speed, "precision": choices.precision}))


def _run(command: list[object]) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.pairs):
            pairs.append((ours(options), theirs(options, Path(folder) / "a.npz")))
            print(f"ours {pairs[-1][0]:.1f}  tutorial {pairs[-1][1]:.1f} images/s", flush=True)
    ratios = [a / b for a, b in pairs]
    print(
        json.dumps(
            {
                "ours": statistics.median(a for a, _ in pairs),
                "tutorial": statistics.median(b for _, b in pairs),
                "ratio_median": statistics.median(ratios),
                "ratio_min": min(ratios),
                "ratio_max": max(ratios),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
