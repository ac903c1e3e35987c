"""The tutorials against the loops they print; R3GAN and StyleGAN2 against the matrix rate."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from ganvas.bench.bench import cycle_of, timed_loop
from ganvas.bench.flops import Counter
from ganvas.bench.plain import PlainLoop
from ganvas.bench.rate import Machine
from ganvas.bench.speed import Ratio, Speed, in_turn, ratio
from ganvas.data import Dataset
from ganvas.engine.engine import Engine
from ganvas.errors import UserError
from ganvas.recipes.build.choices import Choices, playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe import Recipe
from ganvas.trial import peak_memory
from ganvas.trial.choose import try_out

from .playing import choices_of, images_of, recipe_of, sentence, unrecorded

TUTORIALS = ("tutorial-mnist", "tutorial-cifar10")
PAIRS = 5
LARGE = ("r3gan-small", "r3gan-base", "stylegan2")
PAPERS = {
    "generator.width": 64,
    "discriminator": {"kind": "style", "width": 64},
    "game.penalties": [{"kind": "r1", "weight": 0.5, "every": 16}],
}
"""StyleGAN2's own widths, as the recipe's page gives them for a GPU."""


def measure(tell: Callable[..., None], options: argparse.Namespace) -> None:
    """Images/s of the tutorials beside their loops, and of the large recipes."""
    limit = 0.1 if options.quick else 1.0
    for name in TUTORIALS[:1] if options.quick else TUTORIALS:
        attempt(tell, f"{name} against its loop", lambda n=name: tutorial(tell, n, options, limit))
    for name in LARGE[2:] if options.quick else LARGE:
        attempt(tell, name, lambda n=name: large(tell, n, options, limit))


def attempt(tell: Callable[..., None], what: str, play: Callable[[], None]) -> None:
    """Run one case; an error is a finding, not the end."""
    try:
        play()
    except (UserError, RuntimeError, TypeError) as error:
        tell(what, sentence(error), False)


class OneBatch:
    """A source, or an iterator, whose every batch is the first."""

    def __init__(self, source: Any) -> None:
        self.source, self.first = source, None

    def batch(self, start: int, count: int) -> Any:
        """The first batch, whatever is asked for."""
        self.first = self.first or self.source.batch(0, count)
        return self.first

    def __next__(self) -> Any:
        if self.first is None:
            self.first = next(self.source)
        return self.first


def tutorial(
    tell: Callable[..., None], name: str, options: argparse.Namespace, limit: float
) -> None:
    """A tutorial's recipe in turns with the plain loop of the same networks."""
    recipe = recipe_of(name, options.quick)
    images = images_of(recipe, 10_000)
    many, pairs = (2, 2) if options.quick else (8, PAIRS)
    choices = chosen(recipe, images, options.quick)
    with playing(choices):
        device = torch.device(choices.device)
        ours = build_engine(Prepared.of(recipe, images, choices))
        model = build_engine(Prepared.of(recipe, images, choices))
        model.sources = {key: OneBatch(source) for key, source in model.sources.items()}
        loops = [PlainLoop(recipe, images, device, workers) for workers in (0, many)]
        still = PlainLoop(recipe, images, device)
        still.reals = OneBatch(still.reals)  # pyright: ignore[reportAttributeAccessIssue]
        engines = [timed_loop(ours), timed_loop(model)]
        plain = [replace(engines[0], round=each.round, warm=2) for each in (*loops, still)]
        end, bare, loop, workers, theirs = in_turn([*engines, *plain], limit, pairs=pairs)
    for what, a, b in (
        ("end to end, loader in the process", end, loop),
        (f"end to end, loader with {many} workers", end, workers),
        ("model only", bare, theirs),
    ):
        found = ratio(a.chunks, b.chunks)
        tell(f"{name}, {what}", in_words(found, a, b), ratio=found.median)
    tell(f"{name}, how", f"{choices.sentence()}; batch {recipe.batch}")


def in_words(found: Ratio, ours: Speed, theirs: Speed) -> str:
    """The ratio and both speeds."""
    return (
        f"{found.median:.2f}x ({found.low:.2f} to {found.high:.2f}): "
        f"{ours.median:,.0f} images/s against {theirs.median:,.0f}"
    )


def large(tell: Callable[..., None], name: str, options: argparse.Namespace, limit: float) -> None:
    """Images/s, memory, and the share of the matrix rate that was measured in the same minute."""
    widths = PAPERS if name == "stylegan2" and not options.quick else {}
    recipe = recipe_of(name, options.quick, **widths)
    images = images_of(recipe)
    choices = choices_of(recipe, graph=torch.cuda.is_available())
    with playing(choices):
        device = torch.device(choices.device)
        work = gflop(build_engine(Prepared.of(recipe, images, choices_of(recipe, graph=False))))
        grown = peak_memory.watch(device)
        engine = build_engine(Prepared.of(recipe, images, choices))
        machine = Machine(choices)
        speed = in_turn([timed_loop(engine)], limit, machine.trial, PAIRS)[0]
        taken = grown()
    share = ratio([chunk * work / 1e3 for chunk in speed.chunks], machine.better())
    more = f"{taken / 1e9:.1f} GB" if taken is not None else "memory unknown"
    tell(
        name,
        f"{speed.median:,.0f} images/s ({speed.low:,.0f} to {speed.high:,.0f}), {more}, "
        f"{work:.2f} GFLOP an image, {share.median:.1%} of the matrix rate "
        f"({max(machine.better()):,.0f} TFLOP/s); batch {recipe.batch}; {choices.words()}"
        + (f", but rounds were not recorded: {why}" if (why := unrecorded(engine)) else ""),
        images_per_second=speed.median,
        share=share.median,
        memory=taken,
    )


def gflop(engine: Engine) -> float:
    """Of one image, over a whole cycle of moves."""
    cycle = cycle_of(engine)
    with Counter() as counter:
        for _ in range(cycle):
            engine.round()
    return counter.flops / 1e9 / (cycle * engine.batch)


def chosen(recipe: Recipe, images: Dataset, quick: bool) -> Choices:
    """What a trial chooses, as ``train`` does; a quick check takes the rule's choices."""
    return choices_of(recipe, graph=False) if quick else try_out(recipe, images, anew=True)
