"""Images a second of a tutorial's recipe against that tutorial's own loop, side by side.

    python benchmarks/steps.py --data CIFAR10.tar.gz [--no-penalty]    A: tutorial-cifar10
    python benchmarks/steps.py --program b --data MNIST --steps 60     B: tutorial-mnist
        [--precision auto|fp32|bf16] [--threads 1] [--pairs 5] [--steps 12] [--model-only]

The two run in turn, A B A B, each in a process of its own on the same core or cores; medians and
the ratio pair by pair are printed, and everything as JSON at the end. Start-up and the first three
steps are not counted on either side. Networks, batch, turns, penalty and fakes are the same.

Each side draws its own batches, the tutorial by its DataLoader over PIL images; --model-only has
both play one batch again and again instead. --precision is ours alone: the tutorials know float32
only. Ours plays as `ganvas train` does: before the first pair a trial chooses precision and
kernels, remembered for this command alone; only the number of threads is given.

What stands between steps is left out on both sides: our log, grids and checkpoints, and tutorial
B's figures. What one of these takes is measured, and the tutorial's images/s with their share of
one every 250 iterations is printed as well. (Few steps draw the figure of iteration 0 alone.)
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECIPES = {"a": "tutorial-cifar10", "b": "tutorial-mnist"}
WARM = 3  # first steps, left out of images/s; the tutorials leave out as many
FIGURE_EVERY = 25_000  # images, in tutorial B


# Theirs.


def theirs(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What the tutorial's program reports of one run."""
    program = HERE / f"tutorial_{options.program}.py"
    common = {"steps": options.steps, "threads": options.threads, "count": 10,
              "out": folder / "samples.npz"}  # fmt: skip
    command = [sys.executable, program, *arguments(options), *flags(common)]
    return run([*command, "--one-batch"] if options.model_only else command)


def arguments(options: argparse.Namespace) -> list[object]:
    """Those that one of the programs has alone."""
    if options.program == "b":
        return ["--mnist", options.data]
    penalty = "--penalty" if options.penalty else "--no-penalty"
    return ["--data", options.data, "--size", 32, "--limit", options.images, penalty]


# Ours.


def ours(options: argparse.Namespace, folder: Path, *, choose: bool = False) -> dict[str, Any]:
    """One run of the recipe's engine; choose: the trial and the arithmetic of a step instead."""
    given = {"program": options.program, "data": options.data, "images": options.images,
             "steps": options.steps, "threads": options.threads,
             "precision": options.precision}  # fmt: skip
    command = [sys.executable, __file__, "--inside", "choose" if choose else "play", *flags(given)]
    command += ["--penalty" if options.penalty else "--no-penalty"]
    return run([*command, "--model-only"] if options.model_only else command, GANVAS_CACHE=folder)


def inside(options: argparse.Namespace) -> dict[str, Any]:
    """Our side, in a process of its own."""
    from ganvas.recipes.build.choices import playing
    from ganvas.recipes.build.data import load_data
    from ganvas.recipes.build.engine import build_engine
    from ganvas.recipes.build.prepared import Prepared
    from ganvas.trial.choose import try_out

    recipe = recipe_of(options)
    images = load_data(recipe.data, options.data)
    choices = try_out(recipe, images.domain)
    with playing(choices):
        engine = build_engine(Prepared.of(recipe, images, choices))
        if options.inside == "choose":
            return about(engine, choices)
        if options.model_only:
            engine.sources = {name: OneBatch(source) for name, source in engine.sources.items()}
        seconds, rate = timed(engine, options.steps), matrix_rate(choices)
    return {
        "images_per_second": recipe.batch * (options.steps - WARM) / seconds,
        "matrix_tflops": rate,
    }


def timed(engine: Any, steps: int) -> float:
    """Seconds of so many rounds, the first ``WARM`` left out."""
    for _ in range(WARM):
        engine.round()
    began = time.perf_counter()
    for _ in range(steps - WARM):
        engine.round()
    assert engine.is_finite()
    return time.perf_counter() - began


def recipe_of(options: argparse.Namespace) -> Any:
    """The tutorial's recipe, with this command's precision and threads."""

    from ganvas.recipes.recipe_table import change, find

    changes = {"device": "cpu", "threads": options.threads, "precision": options.precision}
    if options.program == "a":
        changes["data.limit"] = options.images
        if not options.penalty:
            changes["game.penalties"] = []
    return change(find(RECIPES[options.program]), changes)


class OneBatch:
    """A source whose every batch is the first."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.first: Any = None

    def batch(self, start: int, count: int) -> Any:
        """The first batch, whatever is asked for."""
        self.first = self.first or self.source.batch(0, count)
        return self.first


def about(engine: Any, choices: Any) -> dict[str, Any]:
    """What was chosen, and the arithmetic of a step (matrix products and convolutions)."""
    import torch

    from ganvas.bench.flops import Counter
    from ganvas.engine.device import processor

    with Counter() as counter:
        engine.round()
    return {
        "choices": choices.sentence(),
        "processor": processor(engine.device),
        "torch": torch.__version__,
        "batch": engine.batch,
        "gflop_an_image": counter.flops / 1e9 / engine.batch,
    }


def matrix_rate(choices: Any) -> float:
    """TFLOP/s of the better of a matrix product and a convolution, here and now."""
    from ganvas.bench.rate import Machine

    machine = Machine(choices)
    machine.trial()
    return machine.better()[0]


# Both.


def run(command: Iterable[object], **environment: object) -> dict[str, Any]:
    """What a process says as JSON.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    words = [str(word) for word in command]
    known = os.environ | {name: str(value) for name, value in environment.items()}
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, env=known)
    return json.loads(done.stdout)


def compare(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All pairs, summed up."""
    chosen = ours(options, folder, choose=True)
    print(f"ours plays {chosen['choices']}", flush=True)
    pairs = []
    for _ in range(options.pairs):
        pairs.append((ours(options, folder), theirs(options, folder)))
        print("ours {:.1f}  tutorial {:.1f} images/s".format(*map(speed, pairs[-1])), flush=True)
    found = {
        "ours": spread(speed(our) for our, _ in pairs),
        "tutorial": spread(speed(their) for _, their in pairs),
        "ratio": spread(speed(our) / speed(their) for our, their in pairs),
        "share_of_matrix_rate": spread(share(our, chosen) for our, _ in pairs),
        "pairs": [[speed(our), speed(their)] for our, their in pairs],
    }
    if options.program == "b":
        found["figure_seconds"] = spread(their["figure_seconds"] for _, their in pairs)
        found["tutorial_with_figures"] = spread(with_figures(their) for _, their in pairs)
    settings = ("program", "penalty", "precision", "threads", "steps", "model_only")
    asked = {name: getattr(options, name) for name in settings}
    if options.program == "b":
        del asked["penalty"]
    return {"recipe": RECIPES[options.program], **asked, **chosen, **found}


def speed(side: dict[str, Any]) -> float:
    """Images a second of the timed steps, figures left out."""
    return side["images_per_second"]


def share(our: dict[str, Any], chosen: dict[str, Any]) -> float:
    """Of the machine's matrix rate that our steps reach."""
    return speed(our) * chosen["gflop_an_image"] / 1e3 / our["matrix_tflops"]


def with_figures(their: dict[str, Any]) -> float:
    """Images/s of the tutorial's loop with the figures it draws on the way."""
    return FIGURE_EVERY / (FIGURE_EVERY / speed(their) + their["figure_seconds"])


def flags(given: dict[str, object]) -> list[object]:
    """Options as words of a command."""
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median, least and most."""
    found = sorted(values)
    return {"median": statistics.median(found), "min": found[0], "max": found[-1]}


def main() -> None:
    """Play both in turns, each in a process of its own, and print the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", choices=RECIPES, default="a")
    parser.add_argument("--data", required=True, help="A: CIFAR-10's images; B: MNIST's folder")
    parser.add_argument("--penalty", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--model-only", action="store_true", help="one batch again and again")
    parser.add_argument("--images", type=int, default=10_000, help="A: read the first so many")
    parser.add_argument("--inside", choices=["choose", "play"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps <= WARM:
        parser.error(f"--steps must be more than the {WARM} that warm up")
    if options.program == "b" and not options.penalty:
        parser.error("--no-penalty is for program a: b has none")
    if options.inside:
        print(json.dumps(inside(options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(compare(options, Path(folder)), indent=1))


if __name__ == "__main__":
    main()
