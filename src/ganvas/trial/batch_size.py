"""``batch: auto``: the batch that uses the machine well and fits its memory."""

from dataclasses import dataclass, replace

import torch

from ganvas import limits
from ganvas.engine.device import is_out_of_memory, release_memory
from ganvas.errors import UserError
from ganvas.recipes.build.batch import Datasets, smallest
from ganvas.recipes.build.choices import Choices, playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared, by_source
from ganvas.recipes.recipe import Recipe
from ganvas.trial import peak_memory
from ganvas.trial.choose import noise_of, round_seconds, try_out

AUTO = "auto"
"""In place of a batch: find one."""

SMALLEST, LARGEST = 16, 4_096
"""Batches that are tried: powers of two."""

NEARLY = 0.95
"""A smaller batch is taken if it reaches this share of the best images/s: it takes more steps."""

SLOW = 30.0
"""Seconds; a batch whose rounds take this long ends the search."""

SHARE = 0.8
"""Of the free memory that may be filled."""


@dataclass(frozen=True)
class Tried:
    """What trying batches came to.

    speeds: images a second of each batch that fits.
    full: whether memory ended the search.
    """

    speeds: dict[int, float]
    full: bool


def fit_batch(recipe: Recipe, datasets: Datasets) -> tuple[Recipe, str]:
    """The recipe with the batch and the micro-batches that suit this machine, and why.

    The smallest power of two that reaches nearly the best images/s, among those that fit. Where
    memory ends before the recipe's own batch, as many of these as come nearest to it are
    micro-batches of one batch. The learning rate stays as it is.

    Raises:
        UserError: not even the smallest batch fits.
    """
    fewest = len(smallest(recipe, datasets))
    most = min(fewest, LARGEST)
    # Precision and threads come first: a bad choice of these would hide what a batch does.
    choices = try_out(replace(recipe, batch=min(SMALLEST, most), accumulate=1), datasets)
    with playing(choices):
        tried = try_batches(recipe, datasets, choices, most)
    release_memory()
    if not tried.speeds:
        raise UserError(
            f"out of memory even with {SMALLEST} images at a time: make the networks or the images "
            f"smaller (`generator.width`, `discriminator.width`, `data.size`)"
        )
    best = max(tried.speeds.values())
    chosen = min(batch for batch, speed in tried.speeds.items() if speed >= NEARLY * best)
    parts = 1
    if tried.full and recipe.batch > max(tried.speeds):
        parts = max(1, min(round(recipe.batch / chosen), fewest // chosen))
    listed = ", ".join(f"{batch}: {speed:,.0f}" for batch, speed in tried.speeds.items())
    cut = f" in {parts} micro-batches" if parts > 1 else ""
    why = f"batch {chosen * parts}{cut}; images/s by batch {listed}"
    return replace(recipe, batch=chosen * parts, accumulate=parts), why


def try_batches(recipe: Recipe, datasets: Datasets, choices: Choices, most: int) -> Tried:
    """Play each batch for a moment, doubling it until memory, patience or images end."""
    size = sum(each.pixels.numel() for each in by_source(recipe, datasets).values())
    room = room_beside(size, torch.device(choices.device))
    grown = peak_memory.watch(choices.device)
    speeds: dict[int, float] = {}
    batch = min(SMALLEST, most)
    while batch <= most:
        try:
            one = replace(recipe, batch=batch, accumulate=1)
            seconds = _round_seconds(one, datasets, choices)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return Tried(speeds, full=True)
        speeds[batch] = batch / seconds
        used = grown()
        if room is not None and used is not None and 2 * used > SHARE * room:
            return Tried(speeds, full=True)
        if seconds > SLOW or speeds[batch] < 0.8 * max(speeds.values()):
            break
        batch *= 2
    return Tried(speeds, full=False)


def room_beside(size: int, device: torch.device) -> int | None:
    """Bytes that are free once ``size`` bytes of images lie on the device, if they will."""
    free = free_memory(device)
    if free is None or device.type != "cuda":
        return free
    return free - min(size, free // 4)


def free_memory(device: torch.device) -> int | None:
    """Bytes that may still be used; None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return limits.free_memory()


def _round_seconds(recipe: Recipe, datasets: Datasets, choices: Choices) -> float:
    """The shortest of three rounds, after one that warms up (and plays the lazy moves)."""
    engine = build_engine(Prepared.of(recipe, noise_of(recipe, datasets, recipe.batch), choices))
    times: list[float] = []
    while len(times) < 4 and sum(times) < SLOW:
        times.append(round_seconds(engine))
    return min(times[1:] or times)
