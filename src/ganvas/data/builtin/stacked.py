"""Stacked-MNIST: three digits drawn at random, one a colour channel, which makes 1,000 modes.

For counting modes (Metz et al. 2017), in the usual numbers (Lin et al. 2018): 128,000 stacks of
MNIST's training digits, and as many of its test digits as samples are counted, 26,000.
"""

import torch

from ganvas import keys
from ganvas.data.builtin.mnist import read_mnist
from ganvas.data.readers.raw import Raw

COUNTS = {"train": 128_000, "test": 26_000}
CLASSES = tuple(f"{number:03d}" for number in range(1000))


def read_stacked_mnist(part: str) -> Raw:
    """The "train" or "test" part, [N, 3, 28, 28], of digits of MNIST's part of that name.

    The label is the number that the channels spell, red first. The draws are keyed, so that every
    machine has the same stacks.
    """
    digits = read_mnist(part)
    assert digits.labels is not None
    generator = keys.generator("stacked-mnist", part)
    rows = torch.randint(len(digits.pixels), (COUNTS[part], 3), generator=generator)
    labels = digits.labels[rows] @ torch.tensor([100, 10, 1])
    return Raw(digits.pixels[rows, 0], labels, CLASSES)
