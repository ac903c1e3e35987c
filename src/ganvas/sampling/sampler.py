"""The sampler of a generator: all that whoever uses one needs, from latents to images."""

from typing import Any

from torch import Tensor, nn

from ganvas.domains import Domain
from ganvas.errors import UsageError
from ganvas.networks.protocols import Truncatable, implements
from ganvas.sampling import inputs
from ganvas.sampling.conditions import Conditions
from ganvas.sampling.interpolation import lerp, loop, slerp
from ganvas.sampling.latent_space import LatentSpace
from ganvas.sampling.request import Request, check_truncation
from ganvas.sampling.sampler_base import SamplerBase, Sheet

MOST_CLASSES = 16
"""So many classes have a row of the sheet each; of more, samples have random ones."""

STATIONS = 8
"""Samples on a ``loop``, where a request does not say how many."""


class Sampler(SamplerBase):
    """From latents, and conditions where there are any, to items.

    A call with other arguments than it takes is answered by what it takes.

    Args:
        network: see ``protocols.Generator``.
        domain: what its items are.
        space: of its latents.
        conditions: that it was trained with; None without.
    """

    def __init__(
        self,
        network: nn.Module,
        domain: Domain,
        space: LatentSpace,
        conditions: Conditions | None = None,
    ) -> None:
        super().__init__(network, domain)
        self.space = space
        self.conditions = conditions
        inputs.watch(self, "sampler", space.size, conditions)

    def forward(
        self, latents: Tensor, conditions: Tensor | None = None, truncation: float | None = None
    ) -> Tensor:
        """Items in network form [N, ...], such as images [N, C, H, W] in about [-1, 1].

        Args:
            latents: [N, L].
            conditions: [N, K], for a generator that takes any.
            truncation: above 0 and below 100; the smaller, the less variety and the fewer failures.
                A ``Truncatable`` generator, which is style-based, moves its intermediate latents
                towards their average by it; for others latents are squeezed, see ``LatentSpace``.
                None changes nothing.

        Raises:
            UsageError: arguments of another shape, or a truncation that is out of range.
        """
        rows = () if conditions is None else (conditions,)
        if truncation is None:
            return self.network(latents, *rows)
        check_truncation(truncation)
        if implements(self.network, Truncatable):
            return self.network.truncated(latents, truncation, *rows)
        return self.network(self.space.truncated(latents, truncation), *rows)

    def inputs(self, request: Request) -> tuple[Tensor, ...]:
        """Latents [N, L], and conditions [N, K] where it was trained with any.

        Raises:
            UsageError: a label or attributes that it does not know.
        """
        latents = request.rows(self.space.draw)
        rows = self.sample_conditions(request)
        return (latents,) if rows is None else (latents, rows)

    def sample_conditions(self, request: Request) -> Tensor | None:
        """The conditions [N, K] of the samples that are asked for; None where it takes none.

        Raises:
            UsageError: a label or attributes that it does not know.
        """
        known = self.conditions
        if known is None:
            if request.label is not None or request.attributes:
                raise UsageError(
                    "this run was trained without conditions: train one with "
                    "`condition.kind=class` (or attributes)"
                )
            return None
        if request.label is not None:
            return known.of_label(str(request.label)).expand(request.total, -1)
        rows = request.rows(known.sample)
        return known.with_attributes(rows, request.attributes) if request.attributes else rows

    def labels(self, *inputs: Tensor) -> Tensor | None:
        """The classes int64 [N] that inputs ask for; None where it knows none."""
        return None if self.conditions is None else self.conditions.labels(inputs[1])

    def loop(self, request: Request, steps: int = 16) -> Tensor:
        """A way through samples and back to the first: finished items [count * steps, ...].

        Every ``steps``-th is one that ``sample`` gives; between them latents turn (``slerp``), and
        conditions, where there are any, pass over into each other.

        Args:
            request: for the samples on the way.
            steps: items from one to the next.

        Raises:
            UsageError: as ``inputs``; fewer than two samples, or no step.
        """
        stations, *rows = self.inputs(request.of(STATIONS))
        if len(stations) < 2 or steps < 1:
            raise UsageError("an animation needs at least 2 images to pass through, and 1 step")
        ways = [loop(stations, steps, slerp), *(loop(each, steps, lerp) for each in rows)]
        return self.make(*ways, truncation=request.truncation)

    def sheet(self, seed: int) -> Sheet:
        """Fixed latents; where there are few classes, the same in a row for each of them."""
        known, columns = self.conditions, self.domain.class_columns
        if (
            known is None
            or columns is None
            or not known.exclusive
            or len(known.names) > MOST_CLASSES
        ):
            return Sheet(self.inputs(Request(self.domain.sheet_count, seed)))
        rows = known.rows.float().repeat_interleave(columns, 0)
        latents = self.space.draw(seed, columns)
        return Sheet((latents.repeat(len(known.names), 1), rows), columns)

    def config(self) -> dict[str, Any]:
        """The domain, the size of a latent, and the names of labels or attributes; see
        ``from_config``."""
        known = self.conditions
        return {
            "kind": "sampler",
            "domain": self.domain.plain(),
            "latent": self.space.size,
            "conditions": None if known is None else known.plain(),
        }
