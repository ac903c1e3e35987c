"""The classifiers in the package: digits, fashion, stacked-digits."""

from pathlib import Path

import pytest
import torch

import ganvas
from ganvas.data import load_dataset
from ganvas.errors import UsageError, UserError
from ganvas.features import extract, load_features, shipped

FOLDER = Path(ganvas.__file__).parent / "features"


@pytest.fixture(scope="module")
def test_digits():
    return load_dataset("mnist", split="test")


@pytest.mark.parametrize(("name", "features"), [("digits", 96), ("fashion", 128)])
def test_shipped_networks_are_small_and_say_where_they_come_from(name, features):
    assert (FOLDER / f"{name}.safetensors").stat().st_size < 1_000_000
    network = load_features(name)
    found = network(torch.rand(3, 1, 28, 28) * 2 - 1)
    assert found.features.shape == (3, features) and found.logits.shape == (3, 10)
    assert found.features.isfinite().all() and found.features.std(0).max() > 0
    origin = network.origin
    assert (origin.name, origin.size, len(origin.classes)) == (name, (28, 28), 10)
    assert len(origin.hash) == len("sha256:") + 64
    assert not network.training and not any(w.requires_grad for w in network.parameters())


def test_digits_reads_digits(test_digits):
    """docs/metrics.md states its accuracy on MNIST's test images, which it never saw."""
    network = load_features("digits")
    found = extract(network, test_digits.pixels)
    assert network.origin.classes == test_digits.classes
    assert (found.logits.argmax(1) == test_digits.labels).double().mean() >= 0.994


def test_digits_reads_images_of_another_size(test_digits):
    large = test_digits.pixels[:200].repeat_interleave(3, 2).repeat_interleave(3, 3)
    found = extract(load_features("digits"), large)
    assert (found.logits.argmax(1) == test_digits.labels[:200]).double().mean() >= 0.97


def test_stacked_digits_reads_each_channel_as_digits_does(test_digits):
    grey = test_digits.pixels[:300]
    one = extract(load_features("digits"), grey)
    network = load_features("stacked-digits")
    found = extract(network, grey.reshape(100, 3, 28, 28))
    torch.testing.assert_close(found.features, one.features.reshape(100, 288), rtol=1e-4, atol=1e-4)
    hundreds, tens, ones = one.logits.argmax(1).view(100, 3).T
    assert torch.equal(found.logits.argmax(1), 100 * hundreds + 10 * tens + ones)
    assert network.origin.classes[407] == "407" and len(network.origin.classes) == 1000
    # Probabilities of independent digits multiply, and so add up to one.
    a, b, c = one.logits.softmax(1).view(100, 3, 10).unbind(1)
    joint = torch.einsum("ni,nj,nk->nijk", a, b, c).flatten(1)
    torch.testing.assert_close(found.logits.exp(), joint, rtol=1e-3, atol=1e-6)


def test_colour_is_refused_by_name():
    with pytest.raises(
        UsageError, match=r"digits reads grey images, and these have 3 channels.*pixels"
    ):
        load_features("digits")(torch.zeros(2, 3, 28, 28))
    with pytest.raises(UsageError, match="reads images of 3 channels, and these have 2"):
        load_features("stacked-digits")(torch.zeros(2, 2, 28, 28))


@pytest.mark.parametrize("name", ["digits", "fashion", "stacked-digits"])
def test_damaged_weights_are_refused_by_name(tmp_path, monkeypatch, name):
    for original in FOLDER.glob("*.safetensors"):
        data = bytearray(original.read_bytes())
        data[-1000] ^= 1
        (tmp_path / original.name).write_bytes(data)
    monkeypatch.setattr(shipped.resources, "files", lambda _: tmp_path)
    with pytest.raises(UserError, match=r"(digits|fashion)\.safetensors is damaged"):
        load_features(name)
