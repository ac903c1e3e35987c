"""MNIST, from the files shipped with the package."""

import lzma
from importlib import resources

import numpy as np
import torch

from ganvas.data.readers.raw import Raw

DIGITS = tuple("0123456789")
COUNTS = {"train": 60_000, "test": 10_000}
SIDE = 28


def read_mnist(part: str) -> Raw:
    """MNIST's "train" or "test" part, [N, 1, 28, 28], from the file shipped with the package.

    The file (tools/pack_mnist.py made it) is xz over: labels, a bit for each pixel that is not
    zero, and the values of those pixels.
    """
    data = resources.files("ganvas.data.builtin").joinpath(f"mnist-{part}.xz").read_bytes()
    plain = np.frombuffer(lzma.decompress(data), np.uint8)
    count = COUNTS[part]
    bits = count * SIDE * SIDE // 8
    labels = torch.from_numpy(plain[:count].astype(np.int64))
    inked = np.unpackbits(plain[count : count + bits]).view(bool)
    pixels = np.zeros(inked.shape, np.uint8)
    pixels[inked] = plain[count + bits :]
    return Raw(torch.from_numpy(pixels.reshape(count, 1, SIDE, SIDE)), labels, DIGITS)
