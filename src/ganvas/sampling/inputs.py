"""What a run's networks take; a call with anything else is answered by what they do take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.networks.protocols import takes_conditions
from ganvas.sampling.conditions import Conditions

OTHERS = ("conditions", "truncation")
"""What else than latents a generator or a sampler may be given by name."""


@dataclass(frozen=True)
class Inputs:
    """The inputs of a network, as a hook before its ``forward``.

    name: of the network, such as ``generator``.
    latent: how many numbers a latent has, for what takes latents; None for others.
    conditions: the conditions that the run was trained with; None without.
    needed: whether the network cannot be called without conditions (a discriminator that classifies
        images takes none).
    """

    name: str
    latent: int | None
    conditions: Conditions | None
    needed: bool

    def __call__(self, _: nn.Module, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        """Check the arguments of a call; none while ``torch.jit.trace`` follows it.

        Raises:
            UsageError: latents or conditions of another shape, too many or too few.
        """
        # A trace has no sizes that Python could compare.
        if torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]
            return
        if self.latent is not None:
            first = [*given, *(each for name, each in named.items() if name not in OTHERS), None]
            self._check_latents(first[0])
        rows = given[1] if len(given) > 1 else named.get("conditions")
        if self.conditions is None:
            if rows is not None:
                raise UsageError(
                    f"this run was trained without conditions: its {self.name} takes "
                    f"{self._first()} alone"
                )
            return
        if rows is None and not self.needed:
            return
        count = len(self.conditions.names)
        if not (isinstance(rows, Tensor) and rows.is_floating_point() and rows.ndim == 2) or (
            rows.shape[1] != count
        ):
            raise UsageError(self._wanted(count, rows))

    def _check_latents(self, given: Any) -> None:
        size = self.latent
        if not isinstance(given, Tensor) or given.ndim != 2 or given.shape[1] != size:
            raise UsageError(
                f"this {self.name} takes latents [N, {size}], such as torch.randn(8, {size}), not "
                f"{_words(given)}"
            )

    def _first(self) -> str:
        return "images" if self.latent is None else "latents"

    def _wanted(self, count: int, rows: Any) -> str:
        assert self.conditions is not None
        name = self.conditions.names[0]
        how = f"label={name!r}" if self.conditions.exclusive else f"attributes={{{name!r}: True}}"
        kind = "one-hot" if self.conditions.exclusive else "0 or 1 each"
        given = f", not {_words(rows)}" if rows is not None else ""
        return (
            f"this {self.name} was trained with conditions and needs them: "
            f"{self.name}({self._first()}, conditions), float32 [N, {count}], {kind}, of "
            f"{self.conditions.listed()}{given}; run.sample_conditions(N) draws them as in the "
            f"data, run.sample_conditions(N, {how}) makes them"
        )


def watch(network: nn.Module, name: str, latent: int | None, conditions: Conditions | None) -> None:
    """Have every call of a network checked.

    Args:
        network: of a run.
        name: of the network, such as ``generator``.
        latent: how many numbers a latent has, for what takes latents; None for others.
        conditions: the conditions that the run was trained with; None without.
    """
    network.register_forward_pre_hook(
        Inputs(name, latent, conditions, takes_conditions(network)), prepend=True, with_kwargs=True
    )


def _words(given: Any) -> str:
    if isinstance(given, Tensor):
        return f"{str(given.dtype).removeprefix('torch.')} {list(given.shape)}"
    return "nothing" if given is None else type(given).__name__
