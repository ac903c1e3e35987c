"""Are rounds of two checkouts as fast? On a machine that is never quiet, side by side.

    python benchmarks/paired_rounds.py OLD NEW RECIPE [--rounds 3] [--pairs 40]

Each checkout plays the recipe, at its own size, in a process of its own, on one thread of the CPU
and in float32, on the same images or points. They play a few rounds in turn, and what is compared
is the CPU's time: other work delays a process, but hardly lengthens that. The ratio of each pair
is taken, and printed are their median and their middle half.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path


def serve(name: str, rounds: int) -> None:
    """Play as many rounds for each line that comes in, and answer with the CPU's seconds."""
    from ganvas.recipes.build.choices import choose, playing
    from ganvas.recipes.build.engine import build_engine
    from ganvas.recipes.build.prepared import Prepared
    from ganvas.recipes.recipe_table import change, find

    plain = {"device": "cpu", "precision": "fp32", "threads": 1}
    recipe = change(find(name), plain)
    choices = choose(recipe)
    with playing(choices):
        engine = build_engine(Prepared.of(recipe, items(name, 4 * recipe.batch), choices))
        for _ in range(3):
            engine.round()
        print("ready", flush=True)
        for _ in sys.stdin:
            began = time.process_time()
            for _ in range(rounds):
                engine.round()
            print(time.process_time() - began, flush=True)


def items(name: str, count: int):
    """Data of the recipe's kind that need no download and no folder."""
    import torch

    from ganvas.data import load_dataset

    if "playground" in name or "mnist" in name:
        return load_dataset("ring" if "playground" in name else "mnist", limit=count)
    noise = torch.Generator().manual_seed(0)
    return load_dataset(torch.randint(0, 256, (count, 3, 32, 32), generator=noise).byte())


def player(checkout: Path, options: argparse.Namespace) -> subprocess.Popen[str]:
    """A process that serves a checkout, ready to play."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, __file__, "--serve", options.recipe, "--rounds", str(options.rounds)]
    process = subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def seconds(process: subprocess.Popen[str]) -> float:
    """What the next rounds take."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> None:
    """Compare, and print one line."""
    parser = argparse.ArgumentParser(description="Are rounds of two checkouts as fast?")
    parser.add_argument("old", type=Path, nargs="?")
    parser.add_argument("new", type=Path, nargs="?")
    parser.add_argument("recipe", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.rounds)
        return
    old, new = player(options.old, options), player(options.new, options)
    ratios = []
    for pair in range(options.pairs):
        order = (old, new) if pair % 2 else (new, old)
        taken = {process: seconds(process) for process in order}
        ratios.append(taken[new] / taken[old])
    low, median, high = statistics.quantiles(ratios, n=4)
    print(
        f"{options.recipe}: new / old {median:.3f} ({low:.3f} to {high:.3f}), {len(ratios)} pairs"
    )


if __name__ == "__main__":
    main()
