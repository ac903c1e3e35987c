"""The named sources: mnist and stacked-mnist (in the package), fashion-mnist and cifar10 (fetched
once); points in the plane (drawn)."""

import lzma
from importlib import resources

import numpy as np
import torch

from ganvas.data import cifar, fashion, points, stacked
from ganvas.data.memory import Raw

DIGITS = tuple("0123456789")
COUNTS = {"train": 60_000, "test": 10_000}
SIDE = 28


def read_mnist(side: str) -> Raw:
    """MNIST's "train" or "test" part, [N, 1, 28, 28], from the file shipped with the package.

    The file (tools/pack_mnist.py made it) is xz over: labels, a bit for each pixel that is not
    zero, and the values of those pixels.
    """
    data = resources.files("ganvas.data").joinpath(f"mnist-{side}.xz").read_bytes()
    plain = np.frombuffer(lzma.decompress(data), np.uint8)
    count = COUNTS[side]
    bits = count * SIDE * SIDE // 8
    labels = torch.from_numpy(plain[:count].astype(np.int64))
    inked = np.unpackbits(plain[count : count + bits]).view(bool)
    pixels = np.zeros(inked.shape, np.uint8)
    pixels[inked] = plain[count + bits :]
    return Raw(torch.from_numpy(pixels.reshape(count, 1, SIDE, SIDE)), labels, DIGITS)


BUILTIN = {
    "mnist": read_mnist,
    "stacked-mnist": stacked.read_stacked_mnist,
    "fashion-mnist": fashion.read_fashion_mnist,
    "cifar10": cifar.read_cifar10,
    **points.READERS,
}

NUMBERS = {
    "mnist": COUNTS,
    "stacked-mnist": stacked.COUNTS,
    "fashion-mnist": {"train": 60_000, "test": 10_000},
    "cifar10": {"train": 50_000, "test": 10_000},
    **dict.fromkeys(points.READERS, points.COUNTS),
}
"""Images of each part: known before anything is read."""
