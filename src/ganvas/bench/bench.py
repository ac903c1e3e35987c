"""Measure a recipe: its speed, where a step's time goes, and what stands beside it."""

import math
import warnings
from collections.abc import Callable
from dataclasses import replace

import torch

from ganvas.bench.bench_dataset import bench_dataset
from ganvas.bench.layers import Layers, by_layer
from ganvas.bench.moves import Part, by_move
from ganvas.bench.plain import PlainLoop, playable
from ganvas.bench.rate import Machine
from ganvas.bench.report import Report
from ganvas.bench.speed import TimedLoop, in_turn, ratio
from ganvas.engine.device import processor
from ganvas.engine.engine import Engine
from ganvas.engine.graph import RECORDED_AFTER
from ganvas.errors import UsageError
from ganvas.recipes.build.choices import playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared, conditions_of
from ganvas.recipes.check.check import check_own_parts
from ganvas.recipes.recipe import Recipe
from ganvas.trial import peak_memory
from ganvas.trial.batch_size import fit_batch
from ganvas.trial.choose import try_out

LONGEST = 64
"""Rounds of a cycle: moves that are rarer than this are too rare to matter to a step's time."""


def bench(
    recipe: Recipe,
    *,
    given: bool = False,
    fit: bool = False,
    seconds: float = 10.0,
    plain: bool = True,
    workers: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Play a recipe for a while and report. What its trial chose is remembered, nothing else kept.

    Args:
        recipe: what to play.
        given: its data source was chosen by somebody, and is loaded whatever it is.
        fit: find a batch first, as ``batch: auto`` does in training.
        seconds: for each loop's images/s; all else takes about as long again.
        plain: also play the plain loop, in turn with the recipe's engine.
        workers: processes that load its images.
        tell: called with what is being done.

    Raises:
        UserError: a recipe, images or seconds with which nothing can be played.
    """
    if not 0 < seconds < math.inf:
        raise UsageError(f"`seconds` must be more than 0, not {seconds}")
    if workers < 0:
        raise UsageError(f"`workers` must be 0 or more, not {workers}")
    tell("reading images")
    datasets = {name: bench_dataset(recipe, given=given, source=name) for name in recipe.sources}
    conditions = conditions_of(recipe, datasets[recipe.game.sources[0]])
    for warning in check_own_parts(recipe, datasets, conditions):
        warnings.warn(warning, stacklevel=2)
    if fit:
        tell("finding a batch that suits this machine")
        recipe, _ = fit_batch(recipe, datasets)
    if plain:
        try:
            playable(recipe)
        except UsageError as reason:
            tell(str(reason))
            plain = False
    prepared = Prepared.of(recipe, datasets, try_out(recipe, datasets, anew=True, tell=tell))
    with playing(prepared.choices):
        return _report(prepared, seconds, workers if plain else None, tell)


def _report(
    prepared: Prepared, seconds: float, workers: int | None, tell: Callable[[str], None]
) -> Report:
    """Measure a recipe that is played as chosen; ``workers``: None leaves the plain loop out."""
    recipe, dataset, choices = prepared.recipe, prepared.dataset, prepared.choices
    device = torch.device(choices.device)
    tell("first rounds")
    grown = peak_memory.watch(device)
    engine = build_engine(prepared)
    drawn = engine.drawn()
    loops = [timed_loop(engine)]
    loops[0].play(1)
    peak = grown()
    tell("the parts of a step")
    parts, layers = _parts(prepared, seconds / 3)
    if workers is not None:
        plain_loop = PlainLoop(recipe, dataset, device, workers)
        loops.append(replace(loops[0], round=plain_loop.round, warm=2))
    tell("images/s and the machine's matrix rate")
    machine = Machine(choices)
    ours, *others = in_turn(loops, seconds, machine.trial)
    work = [speed * layers.gflop / recipe.batch / 1e3 for speed in ours.chunks]
    return Report(
        recipe=recipe.name,
        data=dataset.name,
        choices=choices,
        batch=recipe.batch,
        cycle=loops[0].cycle,
        clock=drawn,
        torch=torch.__version__,
        processor=processor(device),
        ours=ours,
        plain=others[0] if others else None,
        ratio=ratio(ours.chunks, others[0].chunks) if others else None,
        parts=tuple(parts),
        layers=layers,
        products=tuple(machine.products),
        convolutions=tuple(machine.convolutions),
        reached=ratio(work, machine.better()),
        memory=peak,
    )


def _parts(prepared: Prepared, seconds: float) -> tuple[list[Part], Layers]:
    """A step by move and by layer, ``seconds`` each, from an engine that can be watched."""
    watched = replace(prepared, choices=replace(prepared.choices, graph=False))
    engine = build_engine(watched)
    cycle = cycle_of(engine)
    TimedLoop(engine.round, engine.batch, cycle, engine.device).play(1)
    return by_move(engine, cycle, seconds), by_layer(engine, cycle, seconds)


def timed_loop(engine: Engine) -> TimedLoop:
    """The present phase of an engine as a loop to be timed: after its rounds are recorded, where
    they are to be."""
    cycle = cycle_of(engine)
    warm = (RECORDED_AFTER + 1) * cycle if engine.recorder is not None else 2
    return TimedLoop(_within_phase(engine), engine.batch, cycle, engine.device, warm)


def _within_phase(engine: Engine) -> Callable[[], None]:
    """Plays a round, and turns the clock back to where it stands now at the end of its phase."""
    # The rounds of the next phase are others: they would be recorded while they are timed.
    start, phase = engine.images, engine.game.phase(engine.images)

    def play() -> None:
        engine.round()
        if engine.game.phase(engine.images) is not phase:
            engine.images = start

    return play


def cycle_of(engine: Engine) -> int:
    """Rounds after which every move of the present phase has been played, ``LONGEST`` at most."""
    groups = engine.game.phase(engine.images).groups
    return min(LONGEST, math.lcm(*(move.every for group in groups for move in group)))
