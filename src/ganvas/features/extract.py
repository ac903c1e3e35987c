"""Features of many items: in batches, without gradients, with progress."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor

from ganvas.errors import UserError
from ganvas.features.network import FeatureNetwork, Reading, to_float

PIXELS = 500 * 28 * 28
"""Input pixels of a batch: 500 images of 28x28, 8 of 224x224. Larger batches leave the caches."""

LEAST = 28 * 28
"""Pixels that an item counts as at least, if it is no image: 500 of them make a batch."""

Progress = Callable[[int, int], None]
ToNetwork = Callable[[Tensor], Tensor]


def extract(
    network: FeatureNetwork,
    items: Tensor,
    progress: Progress | None = None,
    to_network: ToNetwork = to_float,
) -> Reading:
    """The network's reading of items.

    Args:
        network: on whatever device it is to run.
        items: in stored form [N, ...]; images are uint8 [N, C, H, W].
        progress: called with (done, total).
        to_network: from stored to network form, such as ``Domain.to_network``; by default that of
            images.

    Returns:
        Features float32 [N, d] and logits float32 [N, K] or None, on the CPU.

    Raises:
        UserError: a feature, or a number of an item, is not finite.
    """
    parts: list[Reading] = []
    done = 0
    for part in stream(network, items.split(batch_size(network, items)), to_network):
        parts.append(part)
        done += len(part.features)
        if progress is not None:
            progress(done, len(items))
    features = torch.cat([part.features for part in parts])
    if not bool(torch.isfinite(features).all()):
        if not bool(torch.isfinite(items).all()):
            raise UserError("the items have numbers that are not finite")
        raise UserError(
            f"the feature network {network.name} returns numbers that are not finite: take another"
        )
    logits = [part.logits for part in parts if part.logits is not None]
    return Reading(features, torch.cat(logits) if logits else None)


@torch.inference_mode()
def stream(
    network: FeatureNetwork, batches: Iterable[Tensor], to_network: ToNetwork = to_float
) -> Iterator[Reading]:
    """A reading of each batch of items, none of which is kept.

    Args:
        network: on whatever device it is to run.
        batches: items in stored form [N, ...] each.
        to_network: as for ``extract``.
    """
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    for batch in batches:
        items = to_network(batch.to(device))
        if items.ndim == 4:
            items = items.contiguous(memory_format=torch.channels_last)
        features, logits = network(items)
        yield Reading(features.float().cpu(), None if logits is None else logits.float().cpu())


def batch_size(network: FeatureNetwork, items: Tensor) -> int:
    """Items a batch, 8 or more, by the size at which the network reads them.

    Args:
        network: whose input size counts.
        items: [N, ...], whose own size counts where the network has none.
    """
    return max(8, PIXELS // input_pixels(network, items.shape[1:]))


def input_pixels(network: FeatureNetwork, shape: Sequence[int]) -> int:
    """Pixels of an item as the network reads it; an item that is no image counts its numbers.

    shape: of the item: of an image, (C, H, W).
    """
    if network.origin.size is not None:
        return math.prod(network.origin.size)
    return math.prod(shape[1:]) if len(shape) == 3 else max(LEAST, math.prod(shape))
