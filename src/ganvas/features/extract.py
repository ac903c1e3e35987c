"""Features of many images: in batches, without gradients, with progress."""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from ganvas.errors import UserError
from ganvas.features.network import FeatureNetwork, Reading, to_float

PIXELS = 500 * 28 * 28
"""Input pixels of a batch: 500 images of 28x28, 8 of 224x224. Larger batches leave the caches."""

Progress = Callable[[int, int], None]


def extract(network: FeatureNetwork, pixels: Tensor, progress: Progress | None = None) -> Reading:
    """The network's reading of images.

    Args:
        network: on whatever device it is to run.
        pixels: uint8 [N, C, H, W].
        progress: called with (done, total).

    Returns:
        Features float32 [N, d] and logits float32 [N, K] or None, on the CPU.

    Raises:
        UserError: a feature is not a finite number.
    """
    parts: list[Reading] = []
    done = 0
    for part in stream(network, pixels.split(batch_size(network, pixels))):
        parts.append(part)
        done += len(part.features)
        if progress is not None:
            progress(done, len(pixels))
    features = torch.cat([part.features for part in parts])
    if not bool(torch.isfinite(features).all()):
        raise UserError(
            f"the feature network {network.name} returns numbers that are not finite: take another"
        )
    logits = [part.logits for part in parts if part.logits is not None]
    return Reading(features, torch.cat(logits) if logits else None)


@torch.inference_mode()
def stream(network: FeatureNetwork, batches: Iterable[Tensor]) -> Iterator[Reading]:
    """A reading of each batch of images, none of which is kept.

    Args:
        network: on whatever device it is to run.
        batches: uint8 [N, C, H, W] each.
    """
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    for batch in batches:
        images = to_float(batch.to(device)).contiguous(memory_format=torch.channels_last)
        features, logits = network(images)
        yield Reading(features.float().cpu(), None if logits is None else logits.float().cpu())


def batch_size(network: FeatureNetwork, pixels: Tensor) -> int:
    """Images a batch, 8 or more, by the size at which the network reads them.

    Args:
        network: whose input size counts.
        pixels: [N, C, H, W], whose own size counts where the network has none.
    """
    height, width = network.origin.size or tuple(pixels.shape[2:])
    return max(8, PIXELS // (height * width))
