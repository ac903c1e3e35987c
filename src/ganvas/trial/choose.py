"""A short trial decides what no rule can: precision, threads, kernels, whether to record rounds.

Candidates play the recipe itself, on noise, in turn; the fastest round of each counts. The rule's
own choice stands unless another takes less than nine tenths of its time. What was found is
remembered for this machine and recipe, so that the same seed gives the same run again. Threads are
asked for first, and with more care (``trial/threads.py``): others may want the cores.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from ganvas.data import Dataset
from ganvas.data.dataset import make_dataset, taken
from ganvas.domains import Domain
from ganvas.engine.device import is_out_of_memory, release_memory, synchronise
from ganvas.engine.engine import Engine
from ganvas.engine.graph import RECORDED_AFTER
from ganvas.networks.operators import forms
from ganvas.recipes.build.choices import Choices, choose, playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared, by_source
from ganvas.recipes.recipe import Recipe
from ganvas.trial import cores, remembered
from ganvas.trial.threads import BUSY, fewest, fits, halvings

ROUNDS = 8
"""Timed rounds of a candidate, at most."""

ROUNDS_OF_THREADS = 24
"""The same, where the question is how many threads."""

SECONDS = 4.0
"""For the timed rounds of one question; each candidate plays one at least."""

WARMING = 3 * (RECORDED_AFTER + 1)
"""Rounds, at most, before a candidate that records is timed: its first ones may be of other kinds
(with a lazy penalty, say), and to record takes longer than many rounds."""

PATIENCE = 20.0
"""Seconds after which a question has two candidates and no more."""

MARGIN = 0.9
"""The share of the rule's own time that another candidate must stay under."""

HOPELESS = 2.0
"""How many times the best round a candidate's may take before it is left alone."""


Like = Dataset | Domain | Mapping[str, Dataset | Domain]
"""Items that noise is to be like, or their domain; of each source by name where there are several.
"""


def try_out(
    recipe: Recipe,
    like: Like,
    *,
    anew: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Choices:
    """How to play a recipe on such items here.

    Args:
        recipe: what it leaves open is tried out.
        like: its items, of each source by name where there are several; their domain is enough
            where networks have no conditions.
        anew: measure even what is remembered, and remember that.
        tell: called with a sentence where a trial begins.

    Raises:
        UserError: settings that make no networks, or a device that is not there.
    """
    rule = choose(recipe)
    shape = tuple(each.shape for each in by_source(recipe, like).values())
    shape = shape[0] if len(shape) == 1 else shape
    known = None if anew else remembered.find(recipe, shape, rule)
    if known is not None:
        return known
    tell = tell or (lambda text: None)
    if recipe.threads is None and rule.threads > 1 and rule.device == "cpu":
        threads, why, lasting = ask_threads(recipe, like, rule, tell)
        found = try_out(replace(recipe, threads=threads), like, anew=anew, tell=tell)
        found = replace(found, why="; ".join(filter(None, [why, found.why])))
        return remembered.keep(recipe, shape, rule, found, anew=anew) if lasting else found
    tell("trying out what is fastest here (once)")
    with playing(rule):
        found = Trial(recipe, like).decide(rule)
    release_memory()
    return remembered.keep(recipe, shape, rule, found, anew=anew)


def ask_threads(
    recipe: Recipe, like: Like, rule: Choices, tell: Callable[[str], None]
) -> tuple[int, str, bool]:
    """How many threads to play with, why, and whether that is so whatever others do: if they kept
    it from more, the next run may find otherwise."""
    free = cores.free()
    counts = [count for count in halvings(rule.threads) if fits(count, free)]
    if len(counts) == 1:
        return 1, BUSY, False
    tell("trying out how many threads are fastest here")
    options = [replace(rule, threads=count) for count in counts]
    threads, why, free = Trial(recipe, like).threads(options)
    release_memory()
    limited = threads == counts[0] < rule.threads or not fits(counts[0], free)
    return threads, why, not limited


class Trial:
    """Plays one recipe in different ways.

    Args:
        recipe: what to play.
        like: items, or their domain: it plays on noise like these.

    Attributes:
        found: what each question came to, in words.
    """

    def __init__(self, recipe: Recipe, like: Like) -> None:
        self.recipe = recipe
        self.datasets = noise_of(recipe, like, 2 * recipe.batch)
        self.found: list[str] = []
        self.began = time.perf_counter()

    def engine(self, choices: Choices) -> Engine:
        """An engine of the recipe that plays on noise, as chosen."""
        return build_engine(Prepared.of(self.recipe, self.datasets, choices))

    def decide(self, rule: Choices) -> Choices:
        """Ask all else that the recipe leaves open, one question after the other."""
        recipe, best = self.recipe, self._with_forms(rule)
        # Graphs first: without them a small network's speed is Python's, whatever the precision.
        if recipe.compile is None and best.device.startswith("cuda"):
            best = self.fastest(best, [replace(best, graph=True)], _graph)
        if recipe.precision == "auto" and best.precision == "bf16":
            best = self.fastest(best, [replace(best, precision="fp32", forms={})], _precision)
        return replace(best, why="; ".join(self.found))

    def threads(self, options: list[Choices]) -> tuple[int, str, float | None]:
        """How many of these to play with, why, and how many cores were free meanwhile."""
        watched = cores.watch()
        candidates = self._candidates(options[0], options[1:], _threads)
        self._play_in_turn(candidates, ROUNDS_OF_THREADS)
        free, times = watched(), {each.choices.threads: each.times for each in candidates}
        count = fewest(times, free)
        best = next(each for each in candidates if each.choices.threads == count)
        self._say(best, candidates, _threads)
        if count != fewest(times, None):
            self.found.append(BUSY)
        return count, "; ".join(self.found), free

    def fastest(
        self, rule: Choices, others: list[Choices], word: Callable[[Choices], str]
    ) -> Choices:
        """The candidate whose rounds are shortest; ``rule`` stands unless another is clearly so."""
        candidates = self._candidates(rule, others, word)
        self._play_in_turn(candidates, ROUNDS)
        best = min(candidates, key=lambda each: each.best)
        if best.best >= MARGIN * candidates[0].best:
            best = candidates[0]
        self._say(best, candidates, word)
        return best.choices

    def _candidates(
        self, rule: Choices, others: list[Choices], word: Callable[[Choices], str]
    ) -> list["Candidate"]:
        candidates = [Candidate(self, rule)]
        for other in others:
            tired = time.perf_counter() - self.began > PATIENCE
            if not tired or len(candidates) == 1:  # one at least: the rule's may be hopeless itself
                candidates += self._joined(other, word, measured=bool(rule.forms))
        return candidates

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

    def _play_in_turn(self, candidates: list["Candidate"], rounds: int) -> None:
        best = min(candidate.best for candidate in candidates)
        began = time.perf_counter()
        for _ in range(rounds):
            for candidate in candidates:
                if candidate.best <= HOPELESS * best:
                    candidate.play()
            if time.perf_counter() - began > SECONDS:
                break

    def _say(
        self, best: "Candidate", candidates: list["Candidate"], word: Callable[[Choices], str]
    ) -> None:
        rest = [each for each in candidates if each is not best]
        if rest:
            other = min(rest, key=lambda each: each.best)
            gain = other.best / best.best
            self.found.append(f"{word(best.choices)} {gain:.1f}x {word(other.choices)}")

    def _with_forms(self, choices: Choices) -> Choices:
        """The same with the fastest form of each product, as a first round measures them."""
        if choices.device != "cpu" or choices.forms:
            return choices
        with playing(choices), forms.measuring() as measured:
            self.engine(choices).round()
        return replace(choices, forms=dict(measured))


class Candidate:
    """One way to play, and how long its rounds take.

    Args:
        trial: whose recipe and noise it plays.
        choices: how.

    Attributes:
        times: seconds of its timed rounds.
    """

    def __init__(self, trial: Trial, choices: Choices) -> None:
        self.choices = choices
        self.times: list[float] = []
        with playing(choices):
            self.engine = trial.engine(choices)
            self._warm_up()
        self.play()

    def _warm_up(self) -> None:
        """Play a round; where rounds are recorded, until one was replayed."""
        began = time.perf_counter()
        self.engine.round()
        recorder = self.engine.recorder
        if recorder is None:
            return
        for _ in range(WARMING - 1):
            given_up = recorder.reason is not None or time.perf_counter() - began > SECONDS
            if recorder.replays or given_up:
                break
            self.engine.round()

    def play(self) -> None:
        """Play a round, and note its seconds."""
        with playing(self.choices):
            self.times.append(round_seconds(self.engine))

    @property
    def best(self) -> float:
        """Seconds of its shortest round."""
        return min(self.times)


def round_seconds(engine: Engine) -> float:
    """Seconds that the next round takes."""
    synchronise(engine.device)
    began = time.perf_counter()
    engine.round()
    synchronise(engine.device)
    return time.perf_counter() - began


def noise_of(recipe: Recipe, like: Like, count: int) -> dict[str, Dataset]:
    """``count`` random items of each source of a recipe, by its name; see ``noise``."""
    return {name: noise(each, count) for name, each in by_source(recipe, like).items()}


def noise(like: Dataset | Domain, count: int, name: str = "noise") -> Dataset:
    """``count`` random items: speed does not depend on what is in an item.

    Args:
        like: a domain; or items, whose labels, attributes and further fields the noise then has
            too.
        count: how many items.
        name: of the noise, for a screen.
    """
    generator = torch.Generator().manual_seed(0)
    if not isinstance(like, Dataset):
        return make_dataset(like, like.noise(count, generator), None, (), name)
    again = taken(like, torch.arange(count) % len(like))
    return replace(again, pixels=like.domain.noise(count, generator), name=name)


def _threads(choices: Choices) -> str:
    return f"{choices.threads} thread{'s' if choices.threads > 1 else ''}"


def _precision(choices: Choices) -> str:
    return choices.precision


def _graph(choices: Choices) -> str:
    return "CUDA graphs" if choices.graph else "single kernels"
