"""A short trial decides what no rule can: precision, threads, kernels, whether to record rounds.

Candidates play the recipe itself, on noise, in turn; the fastest round of each counts. The rule's
own choice stands unless another takes less than nine tenths of its time. What was found is
remembered for this machine and recipe, so that the same seed gives the same run again.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from ganvas.bench import remembered
from ganvas.bench.clock import synchronise
from ganvas.data import Images
from ganvas.data.images import make_images
from ganvas.engine.engine import Engine
from ganvas.networks import forms
from ganvas.recipes.build import Choices, build_engine, choose, prepare
from ganvas.recipes.recipe import Recipe

ROUNDS = 8
"""Timed rounds of a candidate, at most."""

SECONDS = 4.0
"""For the timed rounds of one question; each candidate plays one at least."""

MARGIN = 0.9
"""The share of the rule's own time that another candidate must stay under."""

WARM_ROUNDS = 4
"""Before a recorded round is timed: it is recorded in the fourth."""

Shape = tuple[int, int, int]


def try_out(recipe: Recipe, shape: Shape, *, anew: bool = False) -> Choices:
    """How to play a recipe on images [C, H, W] here.

    anew: measure even what is remembered, and remember that.

    Raises:
        UserError: settings that make no networks, or a device that is not there.
    """
    rule = choose(recipe)
    known = remembered.find(recipe, shape, rule)
    if known is not None and not anew:
        return known
    trial = Trial(recipe, shape)
    best = rule
    if recipe.threads is None and rule.device == "cpu":
        best = trial.fastest([replace(best, threads=n) for n in halvings(best.threads)], _threads)
    others = ["fp32"] if recipe.precision == "auto" and best.precision == "bf16" else []
    best = trial.fastest([best, *(replace(best, precision=p) for p in others)], _precision)
    if recipe.compile is None and best.device.startswith("cuda"):
        best = trial.fastest([best, replace(best, graph=True)], _graph)
    best = replace(best, why="; ".join(trial.found))
    remembered.keep(recipe, shape, rule, best, anew=anew)
    return best


def halvings(most: int) -> list[int]:
    """``most``, its halves down to a quarter, and one."""
    return sorted({most, most // 2, most // 4, 1} - {0}, reverse=True)


class Trial:
    """Plays one recipe in different ways. found: what each question came to, in words."""

    def __init__(self, recipe: Recipe, shape: Shape) -> None:
        self.recipe = recipe
        self.images = noise(shape, 2 * recipe.batch)
        self.found: list[str] = []

    def fastest(self, candidates: list[Choices], word: Callable[[Choices], str]) -> Choices:
        """The candidate whose rounds are shortest; the first is the rule's own choice."""
        candidates = [self._with_forms(each) for each in candidates]
        if len(candidates) == 1:
            return candidates[0]
        engines = [self._warm(each) for each in candidates]
        times = dict.fromkeys(range(len(candidates)), float("inf"))
        began = time.perf_counter()
        for turn in range(ROUNDS):
            if turn and time.perf_counter() - began > SECONDS:
                break
            for index, engine in enumerate(engines):
                prepare(candidates[index])
                times[index] = min(times[index], _seconds(engine))
        first = min(times, key=lambda index: times[index])
        best = first if times[first] < MARGIN * times[0] else 0
        rest = [index for index in times if index != best]
        beside = min(rest, key=lambda index: times[index])
        gain = times[beside] / times[best]
        self.found.append(f"{word(candidates[best])} {gain:.1f}x {word(candidates[beside])}")
        return candidates[best]

    def _with_forms(self, choices: Choices) -> Choices:
        """The same with the fastest form of each product, as a first round measures them."""
        if choices.device != "cpu":
            return choices
        prepare(choices)
        with forms.measuring() as measured:
            build_engine(self.recipe, self.images, choices).round()
        return replace(choices, forms=dict(measured))

    def _warm(self, choices: Choices) -> Engine:
        prepare(choices)
        engine = build_engine(self.recipe, self.images, choices)
        for _ in range(WARM_ROUNDS if choices.graph else 1):
            engine.round()
        return engine


def noise(shape: Shape, count: int) -> Images:
    """Random images in memory: speed does not depend on what is in an image."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
    return make_images(pixels, None, (), "noise")


def _seconds(engine: Engine) -> float:
    synchronise(engine.device)
    began = time.perf_counter()
    engine.round()
    synchronise(engine.device)
    return time.perf_counter() - began


def _threads(choices: Choices) -> str:
    return f"{choices.threads} thread{'s' if choices.threads > 1 else ''}"


def _precision(choices: Choices) -> str:
    return choices.precision


def _graph(choices: Choices) -> str:
    return "CUDA graphs" if choices.graph else "no graphs"
