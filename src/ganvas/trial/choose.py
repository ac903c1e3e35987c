"""A short trial decides what no rule can: precision, threads, kernels, whether to record rounds.

Candidates play the recipe itself, on noise, in turn; the fastest round of each counts. The rule's
own choice stands unless another takes less than nine tenths of its time. What was found is
remembered for this machine and recipe, so that the same seed gives the same run again.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from ganvas.data import Images
from ganvas.data.images import make_images
from ganvas.engine.device import is_out_of_memory, release_memory, synchronise
from ganvas.engine.engine import Engine
from ganvas.engine.graph import RECORDED_AFTER
from ganvas.networks import forms
from ganvas.networks.shape import Shape
from ganvas.recipes.build import Choices, build_engine, choose, playing
from ganvas.recipes.recipe import Recipe
from ganvas.trial import remembered

ROUNDS = 8
"""Timed rounds of a candidate, at most."""

SECONDS = 4.0
"""For the timed rounds of one question; each candidate plays one at least."""

PATIENCE = 20.0
"""Seconds after which a question has two candidates and no more."""

MARGIN = 0.9
"""The share of the rule's own time that another candidate must stay under."""

HOPELESS = 2.0
"""How many times the best round a candidate's may take before it is left alone."""


def try_out(
    recipe: Recipe,
    like: Images | Shape,
    *,
    anew: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Choices:
    """How to play a recipe on such images here.

    Args:
        recipe: what it leaves open is tried out.
        like: its images; their shape (C, H, W) is enough where networks are told no condition.
        anew: measure even what is remembered, and remember that.
        tell: called with a sentence where a trial begins.

    Raises:
        UserError: settings that make no networks, or a device that is not there.
    """
    rule = choose(recipe)
    shape = like.shape if isinstance(like, Images) else like
    known = None if anew else remembered.find(recipe, shape, rule)
    if known is not None:
        return known
    if tell is not None:
        tell("trying out what is fastest here (once)")
    with playing(rule):
        found = Trial(recipe, like).decide(rule)
    release_memory()
    return remembered.keep(recipe, shape, rule, found, anew=anew)


def halvings(most: int) -> list[int]:
    """``most``, a half and a quarter of it, and one."""
    return sorted({most, most // 2, most // 4, 1} - {0}, reverse=True)


class Trial:
    """Plays one recipe in different ways. found: what each question came to, in words."""

    def __init__(self, recipe: Recipe, like: Images | Shape) -> None:
        self.recipe = recipe
        self.images = noise(like, 2 * recipe.batch)
        self.found: list[str] = []
        self.began = time.perf_counter()

    def decide(self, rule: Choices) -> Choices:
        """Ask all that the recipe leaves open, one question after the other."""
        recipe, best = self.recipe, rule
        if recipe.threads is None and best.device == "cpu":
            others = [replace(best, threads=n) for n in halvings(best.threads)[1:]]
            best = self.fastest(best, others, _threads)
        best = self._with_forms(best)
        # Graphs first: without them a small network's speed is Python's, whatever the precision.
        if recipe.compile is None and best.device.startswith("cuda"):
            best = self.fastest(best, [replace(best, graph=True)], _graph)
        if recipe.precision == "auto" and best.precision == "bf16":
            best = self.fastest(best, [replace(best, precision="fp32", forms={})], _precision)
        return replace(best, why="; ".join(self.found))

    def fastest(
        self, rule: Choices, others: list[Choices], word: Callable[[Choices], str]
    ) -> Choices:
        """The candidate whose rounds are shortest; ``rule`` stands unless another is clearly so."""
        if not others:
            return rule
        candidates = [Candidate(self, rule)]
        for other in others:
            tired = time.perf_counter() - self.began > PATIENCE
            if not tired or len(candidates) == 1:  # one at least: the rule's may be hopeless itself
                candidates += self._joined(other, word, measured=bool(rule.forms))
        self._play_in_turn(candidates)
        return self._winner(candidates, word)

    def _joined(
        self, choices: Choices, word: Callable[[Choices], str], *, measured: bool
    ) -> list["Candidate"]:
        """A candidate that can be played; none where it cannot, and why in ``found``."""
        try:
            # Forms are measured for all candidates of a question or for none.
            candidate = Candidate(self, self._with_forms(choices) if measured else choices)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self.found.append(f"no memory for {word(choices)}")
            return []
        if candidate.engine.reason is not None:
            self.found.append(f"no {word(choices)}: {candidate.engine.reason}")
            return []
        return [candidate]

    def _play_in_turn(self, candidates: list["Candidate"]) -> None:
        best = min(candidate.best for candidate in candidates)
        began = time.perf_counter()
        for _ in range(ROUNDS):
            for candidate in candidates:
                if candidate.best <= HOPELESS * best:
                    candidate.play()
            if time.perf_counter() - began > SECONDS:
                break

    def _winner(self, candidates: list["Candidate"], word: Callable[[Choices], str]) -> Choices:
        ranked = sorted(candidates, key=lambda each: each.best)
        rule = candidates[0]
        best = ranked[0] if ranked[0].best < MARGIN * rule.best else rule
        rest = [each for each in ranked if each is not best]
        if rest:
            gain = rest[0].best / best.best
            self.found.append(f"{word(best.choices)} {gain:.1f}x {word(rest[0].choices)}")
        return best.choices

    def _with_forms(self, choices: Choices) -> Choices:
        """The same with the fastest form of each product, as a first round measures them."""
        if choices.device != "cpu" or choices.forms:
            return choices
        with playing(choices), forms.measuring() as measured:
            build_engine(self.recipe, self.images, choices).round()
        return replace(choices, forms=dict(measured))


class Candidate:
    """One way to play. best: seconds of its shortest round."""

    def __init__(self, trial: Trial, choices: Choices) -> None:
        self.choices = choices
        self.best = float("inf")
        with playing(choices):
            self.engine = build_engine(trial.recipe, trial.images, choices)
            for _ in range(RECORDED_AFTER + 1 if choices.graph else 1):
                self.engine.round()
        self.play()

    def play(self) -> None:
        with playing(self.choices):
            self.best = min(self.best, round_seconds(self.engine))


def round_seconds(engine: Engine) -> float:
    """Seconds that the next round takes."""
    synchronise(engine.device)
    began = time.perf_counter()
    engine.round()
    synchronise(engine.device)
    return time.perf_counter() - began


def noise(like: Images | Shape, count: int, name: str = "noise") -> Images:
    """``count`` random images: speed does not depend on what is in an image.

    Args:
        like: a shape (C, H, W); or images, whose labels and attributes the noise then has too.
    """
    generator = torch.Generator().manual_seed(0)
    shape = like.shape if isinstance(like, Images) else like
    pixels = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
    if not isinstance(like, Images):
        return make_images(pixels, None, (), name)
    if like.pixels.is_floating_point():
        pixels = pixels.float() / 127.5 - 1
    again = torch.arange(count) % len(like)
    labels, attributes = (
        None if each is None else each[again] for each in (like.labels, like.attributes)
    )
    named = {"attributes": attributes, "attribute_names": like.attribute_names}
    return make_images(pixels, labels, like.classes, name, **named)


def _threads(choices: Choices) -> str:
    return f"{choices.threads} thread{'s' if choices.threads > 1 else ''}"


def _precision(choices: Choices) -> str:
    return choices.precision


def _graph(choices: Choices) -> str:
    return "CUDA graphs" if choices.graph else "single kernels"
