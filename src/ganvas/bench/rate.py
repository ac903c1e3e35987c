"""The machine's own matrix rate: the most that a step could reach here."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from ganvas.engine.device import synchronise
from ganvas.recipes.build.choices import Choices

SIZE = 4096
"""Side of the square matrices."""

CHANNELS, MAP, IMAGES = 256, 16, 128
"""The convolution: 3x3, as many channels out as in, on maps of that side."""

LEAST = 0.05
"""Seconds that either is repeated for; the fastest counts."""


class Machine:
    """A matrix product and a convolution, timed at each ``trial``.

    They have the precision and layout of ``choices`` and take the present threads.
    products, convolutions: TFLOP/s (a multiplication and an addition are two), one a trial.
    """

    def __init__(self, choices: Choices) -> None:
        self.device = torch.device(choices.device)
        self._dtype = torch.bfloat16 if choices.precision == "bf16" else torch.float32
        self.a, self.b = self._random(SIZE, SIZE), self._random(SIZE, SIZE)
        self.x = self._random(IMAGES, CHANNELS, MAP, MAP)
        self.w = self._random(CHANNELS, CHANNELS, 3, 3)
        if choices.memory_format == "channels-last":
            self.x = self.x.contiguous(memory_format=torch.channels_last)
            self.w = self.w.contiguous(memory_format=torch.channels_last)
        self._shortest(self._multiply)  # the first ones warm up
        self._shortest(self._convolve)
        self.products: list[float] = []
        self.convolutions: list[float] = []

    def trial(self) -> None:
        """Time both once more."""
        work = 2 * 9 * CHANNELS**2 * MAP**2 * IMAGES
        self.products.append(2 * SIZE**3 / self._shortest(self._multiply) / 1e12)
        self.convolutions.append(work / self._shortest(self._convolve) / 1e12)

    def better(self) -> list[float]:
        """The better of the two of each trial, TFLOP/s."""
        return [max(pair) for pair in zip(self.products, self.convolutions, strict=True)]

    def _random(self, *shape: int) -> Tensor:
        return torch.randn(*shape, device=self.device).to(self._dtype)

    def _multiply(self) -> Tensor:
        return self.a @ self.b

    def _convolve(self) -> Tensor:
        return torch.conv2d(self.x, self.w, padding=1)

    def _shortest(self, work: Callable[[], Tensor]) -> float:
        """Seconds of the fastest of the goes that fit into ``LEAST``; one at least."""
        taken: list[float] = []
        while sum(taken) < LEAST:
            synchronise(self.device)
            began = time.perf_counter()
            work()
            synchronise(self.device)
            taken.append(time.perf_counter() - began)
        return min(taken)
