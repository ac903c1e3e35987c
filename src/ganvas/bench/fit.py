"""``--batch auto``: the batch that uses the machine well and fits its memory."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ganvas.bench import memory
from ganvas.bench.clock import synchronise
from ganvas.bench.trial import Shape, noise, try_out
from ganvas.engine.device import is_out_of_memory
from ganvas.errors import UserError
from ganvas.recipes.build import Choices, build_engine, prepare
from ganvas.recipes.recipe import Recipe

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
    """What batches came to: images/s of each that fits, and whether memory ended the search."""

    speeds: dict[int, float]
    full: bool


def fit_batch(recipe: Recipe, shape: Shape, count: int) -> tuple[Recipe, str]:
    """The recipe with the batch and the micro-batches that suit this machine, and why.

    The smallest power of two that reaches nearly the best images/s, among those that fit. Where
    the recipe's own batch does not fit, it is kept and cut into micro-batches instead. The
    learning rate stays as it is.

    Args:
        recipe: what to fit.
        shape: of its images, [C, H, W].
        count: how many images there are; a batch is no larger.

    Raises:
        UserError: not even the smallest batch fits.
    """
    most = min(count, LARGEST)
    # Precision and threads come first: a bad choice of these would hide what a batch does.
    choices = try_out(replace(recipe, batch=min(SMALLEST, most), accumulate=1), shape)
    prepare(choices)
    tried = try_batches(recipe, shape, choices, most)
    if not tried.speeds:
        raise UserError(
            f"out of memory even with {SMALLEST} images at a time: make the networks or the images "
            f"smaller (--generator.width, --discriminator.width, --data.size)"
        )
    best = max(tried.speeds.values())
    chosen = min(batch for batch, speed in tried.speeds.items() if speed >= NEARLY * best)
    parts = 1
    if tried.full and recipe.batch > max(tried.speeds):
        parts = -(-min(recipe.batch, count) // chosen)
    listed = ", ".join(f"{batch}: {speed:,.0f}" for batch, speed in tried.speeds.items())
    cut = f" in {parts} micro-batches" if parts > 1 else ""
    why = f"batch {chosen * parts}{cut}; images/s by batch {listed}"
    return replace(recipe, batch=chosen * parts, accumulate=parts), why


def try_batches(recipe: Recipe, shape: Shape, choices: Choices, most: int) -> Tried:
    """Play each batch for a moment, doubling it until memory, patience or images end."""
    device = torch.device(choices.device)
    room, grown = free_memory(device), memory.watch(device)
    speeds: dict[int, float] = {}
    batch = min(SMALLEST, most)
    while batch <= most:
        try:
            seconds = _round_seconds(replace(recipe, batch=batch, accumulate=1), shape, choices)
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


def free_memory(device: torch.device) -> int | None:
    """Bytes that may still be used; None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    limits = [_meminfo(), _container()]
    return min((limit for limit in limits if limit is not None), default=None)


def _meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvail"))
    except (OSError, StopIteration):
        return None


def _container(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    try:
        most = int((folder / "memory.max").read_text())
        return most - int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return None


def _round_seconds(recipe: Recipe, shape: Shape, choices: Choices) -> float:
    """The shortest of three rounds, after one that warms up (and plays the lazy moves)."""
    engine = build_engine(recipe, noise(shape, recipe.batch), choices)
    times = []
    for _ in range(4):
        synchronise(engine.device)
        began = time.perf_counter()
        engine.round()
        synchronise(engine.device)
        times.append(time.perf_counter() - began)
        if sum(times) > SLOW:
            break
    return min(times[1:] or times)
