"""What samplers and translators have in common: network form, finished items, chunks of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from PIL.Image import Image as Picture
from torch import Tensor, nn

from ganvas.domains import Domain
from ganvas.domains.domain import Score
from ganvas.domains.writers import Chunk
from ganvas.sampling.mode import evaluating
from ganvas.sampling.request import Request

TOGETHER = 100
"""Items that a network makes at a time."""

STREAMED = 500
"""Items that ``stream`` gives at a time."""

USUAL = 64
"""Samples, where a request does not say how many."""


@dataclass(frozen=True)
class Sheet:
    """What a sheet of samples is made of.

    inputs: of the sampler's ``forward``, each [N, ...].
    columns: samples in a row of the picture; None makes it as square as can be.
    """

    inputs: tuple[Tensor, ...]
    columns: int | None = None


class SamplerBase(nn.Module, ABC):
    """A network that makes samples, and what these are.

    ``forward`` stays in network form and is differentiable; ``finish`` gives what people look at.

    Args:
        network: makes the samples.
        domain: what the samples are.
    """

    def __init__(self, network: nn.Module, domain: Domain) -> None:
        super().__init__()
        self.network = network
        self.domain = domain
        self.training = network.training  # it has no mode but its network's

    @abstractmethod
    def inputs(self, request: Request) -> tuple[Tensor, ...]:
        """What ``forward`` is to be given for the samples that are asked for.

        Args:
            request: says how many.

        Raises:
            UsageError: it asks for what this sampler cannot make.
        """

    @abstractmethod
    def loop(self, request: Request, steps: int = 16) -> Tensor:
        """A way through samples and back to the first: finished items [count * steps, ...].

        Args:
            request: for the samples on the way.
            steps: items from one to the next.

        Raises:
            UsageError: there is no such way.
        """

    @abstractmethod
    def sheet(self, seed: int) -> Sheet:
        """What the sheet of samples is made of that shows this sampler at any time."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """All but the network as plain data for a JSON file; see ``from_config``."""

    def finish(self, values: Tensor) -> Tensor:
        """Finished items on the CPU, such as images uint8 [N, H, W, C], of what ``forward`` gave.

        Raises:
            NonFinite: values are not finite.
        """
        return self.domain.finish(values)

    @torch.no_grad()
    def make(self, *inputs: Tensor, truncation: float | None = None) -> Tensor:
        """Finished items of inputs [N, ...], a few at a time, in evaluation mode; afterwards each
        layer gets its mode back.

        Args:
            inputs: of ``forward``, on any device.
            truncation: as for ``forward``, where it takes any.

        Raises:
            NonFinite: the network returns numbers that are not finite.
        """
        device = next(self.parameters()).device
        options = {} if truncation is None else {"truncation": truncation}
        parts = zip(*(each.split(TOGETHER) for each in inputs), strict=True)
        with evaluating(self):
            made = [
                self.finish(self(*(each.to(device) for each in part), **options)) for part in parts
            ]
        return torch.cat(made)

    def sample(self, request: Request) -> Tensor:
        """Finished samples [N, ...]; see ``inputs``."""
        return torch.cat([samples for samples, _ in self.stream(request)])

    def stream(self, request: Request) -> Iterator[Chunk]:
        """What ``sample`` gives, ``STREAMED`` at a time, with the classes int64 [n] that were asked
        for, where there are any: for more samples than memory holds."""
        for part in request.of(USUAL).parts(STREAMED):
            inputs = self.inputs(part)
            yield self.make(*inputs, truncation=part.truncation), self.labels(*inputs)

    def sample_conditions(self, request: Request) -> Tensor | None:
        """The conditions [N, K] of the samples that are asked for; None where it takes none."""
        return None

    def labels(self, *inputs: Tensor) -> Tensor | None:
        """The classes int64 [N] that inputs ask for; None where there are none."""
        return None

    def picture(
        self, sheet: Sheet, samples: Tensor, reals: Tensor, score: Score | None = None
    ) -> Picture:
        """The picture of a sheet.

        Args:
            sheet: what the samples were made of.
            samples: finished.
            reals: finished training items, for domains that show them beside samples.
            score: a discriminator's scores, for domains that show them; None without.
        """
        return self.domain.portrait(samples, reals, score, sheet.columns)
