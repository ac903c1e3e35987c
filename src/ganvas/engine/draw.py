"""What a turn draws: data and noise, each a pure function of (seed, stream, item index)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from ganvas import keys


class Source(Protocol):
    """An endless stream of training items: ``batch`` is pure in its arguments."""

    def batch(self, start: int, count: int) -> Any: ...


@dataclass(frozen=True)
class Share:
    """Which rows of the global batch belong to one micro-batch of one process."""

    batch: int
    first: int
    count: int


@dataclass
class Draw:
    """The draws of one micro-batch of one turn.

    Noise is drawn for the global batch and then sliced, so that processes and micro-batches
    together see exactly what one process with the whole batch would.
    """

    sources: Mapping[str, Source]
    seed: int
    turn: str
    start: int
    share: Share
    device: torch.device
    drew_data: bool = field(default=False, init=False)

    def data(self, source: str = "train") -> Any:
        """The next items of ``source``; drawing them is what advances the clock."""
        self.drew_data = True
        return self.ahead(source)

    def ahead(self, source: str = "train") -> Any:
        """The next items of ``source``, which stay the next: the clock does not see them drawn."""
        return self.sources[source].batch(self.start + self.share.first, self.share.count)

    def normal(self, stream: str, *shape: int) -> Tensor:
        """Standard normal noise [N, *shape], float32."""
        return self._draw(stream, torch.randn, shape)

    def uniform(self, stream: str, *shape: int) -> Tensor:
        """Uniform noise [N, *shape] in [0, 1), float32."""
        return self._draw(stream, torch.rand, shape)

    def _draw(self, stream: str, sampler: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        generator = keys.generator(self.seed, stream, self.turn, self.start)
        whole = sampler(self.share.batch, *shape, generator=generator)
        mine = whole[self.share.first : self.share.first + self.share.count]
        return mine.to(self.device, non_blocking=True)
