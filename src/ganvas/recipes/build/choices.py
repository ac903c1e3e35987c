"""What ``auto`` became on this machine: by rule here; a short trial may choose otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import torch

from ganvas.engine.device import (
    available_threads,
    choose_device,
    choose_memory_format,
    choose_precision,
    keep_memory,
    repeatable,
)
from ganvas.errors import UsageError
from ganvas.networks.operators import forms
from ganvas.recipes.recipe import Recipe


@dataclass(frozen=True)
class Choices:
    """What ``auto`` became on this machine. Written into the run and used again on resume.

    device: ``cpu``, ``cuda`` or ``mps``, perhaps with a number (``cuda:1``).
    precision: of the losses, ``fp32`` or ``bf16``.
    memory_format: of images and feature maps, ``contiguous`` or ``channels-last``.
    threads: CPU threads, 1 or more.
    graph: whether whole rounds are recorded as CUDA graphs.
    forms: how products of convolutions are computed, by their shape; empty where that was not
        measured.
    why: what a trial found, for a screen; empty where a rule decided.
    """

    device: str
    precision: Literal["fp32", "bf16"]
    memory_format: Literal["contiguous", "channels-last"]
    threads: int
    graph: bool = False
    forms: dict[str, str] = field(default_factory=dict)
    why: str = ""

    def words(self) -> str:
        """For a screen: ``cpu, bf16, channels-last, 1 thread``."""
        threads = f"{self.threads} thread{'s' if self.threads != 1 else ''}"
        graph = ["CUDA graphs"] if self.graph else []
        return ", ".join([self.device, self.precision, self.memory_format, threads, *graph])

    def sentence(self) -> str:
        """The words, and why."""
        return f"on {self.words()}" + (f" ({self.why})" if self.why else "")


def choose(recipe: Recipe) -> Choices:
    """Decide by rule everything that a recipe leaves to the machine.

    Raises:
        UsageError: a device that is not there, or ``compile`` without a CUDA device.
    """
    device = choose_device(recipe.device)
    if recipe.compile and device.type != "cuda":
        raise UsageError(
            "`compile` records whole rounds as CUDA graphs, and this run is on the "
            f"{device.type}: leave it away, or say `device=cuda`"
        )
    return Choices(
        device=str(device),
        precision=choose_precision(recipe.precision, device),
        memory_format=choose_memory_format(recipe.memory_format),
        threads=recipe.threads or available_threads(),
        graph=bool(recipe.compile),
    )


@contextmanager
def playing(choices: Choices) -> Iterator[None]:
    """Set up this process to play as chosen; threads and forms are put back afterwards."""
    threads, before = torch.get_num_threads(), forms.CHOICE.measured
    torch.set_num_threads(choices.threads)
    forms.use(choices.forms)
    keep_memory()
    try:
        with repeatable():
            yield
    finally:
        torch.set_num_threads(threads)
        forms.use(before)
