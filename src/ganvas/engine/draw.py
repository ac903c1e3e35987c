"""What a turn draws: data and noise, each a pure function of (seed, stream, clock).

No generator outlives a call, so there is no state to save: whoever knows the seed and the clock
draws the same again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ganvas import keys

Batch = Mapping[str, Tensor]
"""Training items by the names of their fields, such as ``image`` [N, C, H, W]: of each field, the
first axis is the item."""


class Source(Protocol):
    """An endless stream of training items."""

    def batch(self, start: int, count: int) -> Batch:
        """Items ``start`` to ``start + count`` of the stream, a function of these numbers alone.

        A source whose items may be asked for in other orders (``Draw.fresh``) takes
        ``batch(start, count, order)`` as well.
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

    sources: streams of training items by name; the main one stands first.
    seed: the run's.
    turn: the name of the move, and which of its turns in this round it is.
    start: the clock, in images seen, at which the turn begins: a part of the keys of its noise.
    share: the rows of the global batch that are drawn here.
    device: where the results lie.
    items: the place in every source's stream of the batch that the turn shares with others; None
        takes ``start``.
    """

    sources: Mapping[str, Source]
    seed: int
    turn: str
    start: int
    share: Share
    device: torch.device
    items: int | None = None

    @property
    def main(self) -> str:
        """The name of the main source."""
        return next(iter(self.sources))

    def data(self, source: str | None = None) -> Batch:
        """The items of ``source``, by default the main one, that all moves have until one plays a
        further turn.

        Who asks, and how often, changes nothing: the game's moves alone say how the clock goes on.
        """
        return self._items(source or self.main, self._place)

    def ahead(self, source: str | None = None) -> Batch:
        """The items that ``data`` will give next, after these."""
        return self._items(source or self.main, self._place + self.share.batch)

    def fresh(self, order: str, source: str | None = None) -> Batch:
        """Items of ``source`` in an order of its own: another ``order``, other items."""
        return self._items(source or self.main, self._place, order)

    @property
    def _place(self) -> int:
        return self.start if self.items is None else self.items

    def _items(self, source: str, place: int, *order: str) -> Batch:
        first = place + self.share.first
        return self.sources[source].batch(first, self.share.count, *order)

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
