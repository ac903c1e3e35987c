"""stacked-mnist against the digits it is made of."""

import numpy as np
import pytest
import torch

from ganvas import keys
from ganvas.data import load_dataset
from ganvas.data.builtin.mnist import read_mnist
from ganvas.data.builtin.stacked import read_stacked_mnist
from ganvas.features import extract, load_features

FINGERPRINTS = {
    "train": "sha256:36627c889561ce01b50715800e8d257f0082827e3f7a3d63e9f9cdf82143a6b7",
    "test": "sha256:93191df4555921d09a55675f5dfac262bafb13c97e095ffb5d1a179e195c6318",
}
COUNTS = {"train": 128_000, "test": 26_000}


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_same_stacks_everywhere(split):
    dataset = load_dataset("stacked-mnist", split=split)
    assert (len(dataset), dataset.shape) == (COUNTS[split], (3, 28, 28))
    assert dataset.pixels.dtype == torch.uint8 and dataset.name == "stacked-mnist"
    assert dataset.fingerprint == FINGERPRINTS[split]
    assert dataset.classes[0] == "000" and dataset.classes[507] == "507"
    assert dataset.labels is not None and len(dataset.classes) == 1000
    assert int(torch.bincount(dataset.labels, minlength=1000).min()) > 0  # every mode is there


@pytest.mark.parametrize("split", ["train", "test"])
def test_each_channel_is_a_digit_and_the_label_their_number(split):
    digits, stacked = read_mnist(split), read_stacked_mnist(split)
    assert digits.labels is not None and stacked.labels is not None
    label_of = {
        image.tobytes(): int(label)
        for image, label in zip(digits.pixels.numpy(), digits.labels, strict=True)
    }
    picked = torch.randperm(len(stacked.pixels), generator=keys.generator(0, split))[:2000]
    for row in picked.tolist():
        channels = np.ascontiguousarray(stacked.pixels[row].numpy())
        spelled = "".join(str(label_of[channel[None].tobytes()]) for channel in channels)
        assert stacked.classes[int(stacked.labels[row])] == spelled


def test_digits_are_drawn_evenly_and_apart():
    stacked, digits = read_stacked_mnist("train"), read_mnist("train")
    assert stacked.labels is not None and digits.labels is not None
    shares = torch.bincount(digits.labels) / len(digits.labels)
    expected = torch.einsum("a,b,c->abc", shares, shares, shares).flatten() * len(stacked.labels)
    counts = torch.bincount(stacked.labels, minlength=1000)
    chi2 = float(((counts - expected).square() / expected).sum())
    assert abs(chi2 - 999) < 4 * (2 * 999) ** 0.5  # of independent draws with these shares


def test_the_feature_network_reads_the_labels():
    dataset = load_dataset("stacked-mnist", split="test", limit=1000)
    logits = extract(load_features("stacked-digits"), dataset.pixels).logits
    assert logits is not None and dataset.labels is not None
    assert float((logits.argmax(1) == dataset.labels).double().mean()) > 0.97
