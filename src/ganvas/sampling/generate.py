"""Samples from a generator: latents keyed by (seed, index), evaluation mode, finished items."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganvas import keys
from ganvas.domains import Domain
from ganvas.domains.domain import finite
from ganvas.errors import UsageError
from ganvas.networks.protocols import Truncatable, implements

CHUNK = 100
"""How many items a generator makes at a time."""


def latents(seed: int, count: int, size: int, first: int = 0) -> Tensor:
    """Standard normal latents [count, size]; the i-th depends on (seed, first + i) alone."""
    return torch.stack([_latent(seed, first + index, size) for index in range(count)])


def latents_of(seeds: Iterable[int], size: int) -> Tensor:
    """One latent a seed, the first that ``latents`` gives for it: [len(seeds), size]."""
    return torch.stack([_latent(seed, 0, size) for seed in seeds])


def truncate(latent: Tensor, most: float) -> Tensor:
    """Squeeze normal latents into [-most, most] as a truncated normal (Brock et al. 2019, 3.1).

    Each number keeps its quantile, so the map is smooth and the same latent stays recognisable.

    Raises:
        UsageError: ``most`` is not a positive number.
    """
    _check(most)
    edge = 0.5 * (1 + math.erf(-most / math.sqrt(2)))
    quantile = edge + torch.special.ndtr(latent.double()) * (1 - 2 * edge)
    return torch.special.ndtri(quantile).clamp(-most, most).to(latent.dtype)


@torch.no_grad()
def sample(
    domain: Domain,
    generator: nn.Module,
    latent: Tensor,
    conditions: Tensor | None = None,
    truncation: float | None = None,
) -> Tensor:
    """Finished items of latents, on the CPU, from the generator in evaluation mode: of images,
    uint8 [N, H, W, C].

    Args:
        domain: what the generator's items are.
        generator: see ``protocols.Generator``; its modes are put back afterwards.
        latent: [N, L].
        conditions: [N, K], for a generator that takes any.
        truncation: more than 0; the smaller, the less variety and the fewer failures. A
            ``Truncatable`` generator, which is style-based, moves its intermediate latents towards
            their average by it; for others latents are squeezed, see ``truncate``. None changes
            nothing.

    Raises:
        NonFinite: the generator returns numbers that are not finite.
        UsageError: ``truncation`` is not a positive number.
    """
    made = _parts(generator, latent, conditions, truncation)
    return torch.cat([domain.finish(part) for part in made])


@torch.no_grad()
def sample_values(
    generator: nn.Module,
    latent: Tensor,
    conditions: Tensor | None = None,
    truncation: float | None = None,
) -> Tensor:
    """The same in network form: float32 [N, ...] on the CPU.

    Raises:
        NonFinite: the generator returns numbers that are not finite.
        UsageError: ``truncation`` is not a positive number.
    """
    made = _parts(generator, latent, conditions, truncation)
    return torch.cat([finite(part).float().cpu() for part in made])


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode for a while; each layer gets its mode back afterwards."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _parts(
    generator: nn.Module, latent: Tensor, conditions: Tensor | None, truncation: float | None
) -> Iterator[Tensor]:
    device = next(generator.parameters()).device
    rows = () if conditions is None else (conditions.split(CHUNK),)
    make = generator
    if truncation is not None:
        make = _truncated(generator, truncation)
        latent = truncate(latent, truncation) if make is generator else latent
    with evaluating(generator):
        for given in zip(latent.split(CHUNK), *rows, strict=True):
            yield make(*(part.to(device) for part in given))


def _truncated(generator: nn.Module, truncation: float) -> Callable[..., Tensor]:
    """The generator's own way of truncation; the generator where it has none."""
    if not implements(generator, Truncatable):
        return generator
    _check(truncation)
    return lambda latent, *rows: generator.truncated(latent, truncation, *rows)


def _check(truncation: float) -> None:
    if not 0 < truncation < 100:
        raise UsageError(f"truncation must be more than 0, such as 0.7, not {truncation}")


def _latent(seed: int, index: int, size: int) -> Tensor:
    return torch.randn(size, generator=keys.generator(seed, "sample", index))
