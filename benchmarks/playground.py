"""How well, and how soon, `playground-grid` learns 25 Gaussians in one run on one core.

Each seed is trained as the recipe says and measured with 100,000 points: of 10,000, as a user's
`ganvas evaluate` draws, each mode has 400, whose spread is uncertain by 2.5%. Seconds are those of
the call, start-up of Python and imports included; `processor` are those of the processor alone,
which work beside it disturbs less.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/playground.py [--recipe playground-grid]
        [--options --game.penalties "[]"]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNT = 100_000


def measure(recipe: str, seed: int, options: list[str]) -> dict[str, object]:
    """Train by the command that a user types, in a process of its own."""
    import resource

    import ganvas

    with tempfile.TemporaryDirectory() as folder:
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        words = ["train", recipe, "--seed", str(seed), "--out", folder, *options]
        subprocess.run([sys.executable, "-m", "ganvas", *words], check=True, capture_output=True)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        (path,) = Path(folder).iterdir()
        run = ganvas.load(path)
        found = ganvas.evaluate(run, count=COUNT)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {
            "recipe": recipe,
            "seed": seed,
            "modes": found["modes"].value,
            "near": round(found["near"].value, 4),
            "spread": [round(found[f"spread-{end}"].value, 3) for end in ("least", "most")],
            "reverse-kl": round(found["reverse-kl"].value, 5),
            "seconds": round(seconds, 1),
            "processor": round(used, 1),
            "training": run.log[-1]["seconds"],
        }


def main() -> None:
    """Train from each seed, and print its figures as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="playground-grid")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--options", nargs=argparse.REMAINDER, default=[], help="settings, for ganvas train"
    )
    options = parser.parse_args()
    for seed in options.seeds:
        print(json.dumps(measure(options.recipe, seed, options.options)), flush=True)


if __name__ == "__main__":
    main()
