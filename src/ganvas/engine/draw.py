"""What a turn draws: data and noise, each a pure function of (seed, stream, clock).

No generator outlives a call, so there is no state to save: whoever knows the seed and the clock
draws the same again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from ganvas import keys


class Source(Protocol):
    """An endless stream of training items."""

    def batch(self, start: int, count: int) -> Any:
        """Items ``start`` to ``start + count`` of the stream, a function of these numbers alone.

        Returns a tensor, or a dataclass of tensors, whose first axis is the item.
        """
        ...


@dataclass(frozen=True)
class Share:
    """Which rows of the global batch are one micro-batch of one process.

    batch: the number of items of the global batch, over all processes and micro-batches.
    first: the first of the micro-batch's rows.
    count: the number of its rows.
    """

    batch: int
    first: int
    count: int


@dataclass
class Draw:
    """What one micro-batch of one turn may draw.

    Noise is drawn for the global batch and then sliced, so that all processes and micro-batches
    together have exactly what one process with the whole batch would have.

    sources: streams of training items by name.
    seed: the run's.
    turn: the name of the move, and which of its turns in this round it is.
    start: the clock, in images seen, at which the turn begins.
    share: the rows of the global batch that are drawn here.
    device: where the results lie.
    drew_data: whether ``data`` was called; the engine then advances the clock.
    """

    sources: Mapping[str, Source]
    seed: int
    turn: str
    start: int
    share: Share
    device: torch.device
    drew_data: bool = field(default=False, init=False)

    def data(self, source: str = "train") -> Any:
        """The next items of ``source``. The clock then goes on by the batch."""
        self.drew_data = True
        return self.ahead(source)

    def ahead(self, source: str = "train") -> Any:
        """The items that ``data`` would give, while the clock stands still."""
        return self.sources[source].batch(self.start + self.share.first, self.share.count)

    def normal(self, stream: str, *shape: int) -> Tensor:
        """Standard normal noise [N, *shape], float32; another ``stream``, other noise."""
        return self._draw(stream, torch.randn, shape)

    def uniform(self, stream: str, *shape: int) -> Tensor:
        """Uniform noise [N, *shape] in [0, 1), float32; another ``stream``, other noise."""
        return self._draw(stream, torch.rand, shape)

    def _draw(self, stream: str, sampler: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        generator = keys.generator(self.seed, stream, self.turn, self.start)
        whole = sampler(self.share.batch, *shape, generator=generator)
        mine = whole[self.share.first : self.share.first + self.share.count]
        return mine.to(self.device, non_blocking=True)
