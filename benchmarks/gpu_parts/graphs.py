"""Rounds as CUDA graphs against single kernels: the same numbers? how much sooner?"""

import argparse
from collections.abc import Callable

import torch

from ganvas.bench.bench import cycle_of, timed_loop
from ganvas.bench.speed import in_turn, ratio
from ganvas.data import Dataset
from ganvas.engine.engine import Engine
from ganvas.engine.graph import RECORDED_AFTER
from ganvas.errors import UserError
from ganvas.recipes.build.choices import playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe import Recipe

from .playing import choices_of, images_of, recipe_of, sentence, unrecorded

RECIPES = (
    "mnist", "began", "ebgan", "vae-gan", "aae", "progressive", "playground-ring", "attributes",
    "few-shot", "folder", "projected", "stylegan2", "r3gan-tiny", "unrolled", "warm-up", "sagan",
    "resnet-sngan", "infogan", "acgan", "mnist-conditional", "wgan", "pacgan", "mode-seeking",
    "minibatch-discrimination", "minibatch-deviation", "cifar10", "tutorial-mnist",
    "tutorial-cifar10", "tutorial-cifar10-wgan-gp",
)  # fmt: skip
"""One of each kind of game, of each idea that joins it, and of each family of networks."""

QUICK = ("mnist", "cifar10", "began", "playground-ring")

SECONDS, PAIRS = 0.3, 3
"""Of speeds: there are many recipes."""


def measure(tell: Callable[..., None], options: argparse.Namespace) -> None:
    """Compare rounds recorded as CUDA graphs with eager ones."""
    for name in QUICK if options.quick else RECIPES:
        try:
            recipe = recipe_of(name, options.quick)
            found = compared(recipe, images_of(recipe))
        except (UserError, RuntimeError, ImportError, TypeError) as error:
            tell(name, sentence(error), False)
            continue
        tell(name, **found)


def compared(recipe: Recipe, images: Dataset) -> dict[str, object]:
    """Both ways of playing from the same seed, and then how fast each is."""
    choices = choices_of(recipe, graph=False)
    with playing(choices):
        plain = build_engine(Prepared.of(recipe, images, choices))
        graph = build_engine(Prepared.of(recipe, images, choices_of(recipe, graph=True)))
        assert graph.recorder is not None
        cycle = cycle_of(plain)
        for _ in range(cycle * (RECORDED_AFTER + 1) + 3):  # until the rarest kind was replayed
            plain.round()
            graph.round()
            if graph.reason is not None:
                return {"words": f"not recorded: {graph.reason}", "ok": None, "replays": 0}
        words, ok = apart(plain, graph)
        ours, theirs = in_turn([timed_loop(graph), timed_loop(plain)], SECONDS, pairs=PAIRS)
    replays = graph.recorder.replays
    gain = ratio(ours.chunks, theirs.chunks)
    speeds = f"{ours.median:,.0f} images/s against {theirs.median:,.0f}"
    return {
        "words": f"{words}; {gain.median:.2f}x ({gain.low:.2f} to {gain.high:.2f}): {speeds}, "
        f"batch {recipe.batch}, "
        + (f"not recorded: {why}" if (why := unrecorded(graph)) else f"{replays} replayed"),
        "ok": ok,
        "gain": gain.median,
        "images_per_second": ours.median,
        "single_kernels": theirs.median,
        "replays": replays,
    }


def apart(plain: Engine, graph: Engine) -> tuple[str, bool]:
    """Whether two engines hold the same numbers, to the bit; by how much they differ, if not."""
    ours, theirs = plain.tensors(), graph.tensors()
    differ = [name for name, value in ours.items() if not torch.equal(value, theirs[name])]
    if not differ:
        return "equal to the bit", True
    gaps = {name: relative(ours[name], theirs[name]) for name in differ}
    most = max(gaps, key=lambda name: gaps[name])
    return f"{len(differ)} of {len(ours)} tensors differ, most {most} by {gaps[most]:.1e}", False


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    """|a - b| / |a|, of the whole tensors."""
    size = a.double().norm().clamp_min(1e-12)
    return ((a.double() - b.double()).norm() / size).item()
