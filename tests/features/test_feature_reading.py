"""How images reach a feature network: size, channels, batches; and which networks there are."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.errors import UsageError, UserError
from ganvas.features import FEATURES, FeatureNetwork, Origin, Reading, extract, load_features
from ganvas.features.network import BICUBIC, resize, to_float
from ganvas.features.no_features import no_features


def noise(count: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, *shape), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("size", [(28, 28), (16, 40), (90, 90), (64, 10)])
def test_resizing_is_pillows_bicubic_in_float(size):
    """Pillow's is antialiased, as the stated rule asks for; many others are not."""
    images = to_float(noise(2, 3, 64, 48))
    found = resize(images.double(), size)
    for image, result in zip(images.flatten(0, 1), found.flatten(0, 1), strict=True):
        plain = Image.fromarray(image.numpy()).resize(size[::-1], Image.Resampling.BICUBIC)
        expected = np.asarray(plain).clip(-1, 1)  # the cubic overshoots
        np.testing.assert_allclose(result.numpy(), expected, atol=1e-6)


def test_images_of_the_right_size_are_left_alone():
    images = to_float(noise(2, 3, 16, 16))
    assert resize(images, (16, 16)) is images


def test_pixels_are_pixels():
    images = noise(5, 3, 16, 16)
    assert torch.equal(
        extract(load_features("pixels"), images).features, to_float(images).flatten(1)
    )
    assert extract(load_features("pixels"), noise(5, 1, 40, 30)).features.shape == (5, 256)


def test_grey_is_repeated_for_a_network_of_three_channels():
    seen = []
    origin = Origin("any", "1", "none", None, "none")
    network = FeatureNetwork(origin, lambda x: seen.append(x) or Reading(x.flatten(1)), 3)
    grey = to_float(noise(4, 1, 5, 5))
    network(grey)
    assert torch.equal(seen[0], grey.repeat(1, 3, 1, 1))


def test_only_the_stated_rule_resizes():
    """Inception resizes by its own rule: it must see images as they are."""
    shapes = []
    for rule in (BICUBIC, "another"):
        origin = Origin("any", "1", "none", (7, 9), rule)
        read = lambda x: shapes.append(x.shape[2:]) or Reading(x.flatten(1))  # noqa: E731
        FeatureNetwork(origin, read)(torch.zeros(2, 1, 5, 5))
    assert shapes == [(7, 9), (5, 5)]


def test_batches_equal_one_pass_and_progress_is_reported(monkeypatch):
    network, images, calls = load_features("digits"), noise(25, 1, 28, 28), []
    with torch.no_grad():
        whole = network(to_float(images))
    monkeypatch.setattr(sys.modules["ganvas.features.extract"], "PIXELS", 10 * 28 * 28)
    found = extract(network, images, lambda *place: calls.append(place))
    torch.testing.assert_close(found.features, whole.features, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.logits, whole.logits, rtol=1e-4, atol=1e-5)
    assert calls == [(10, 25), (20, 25), (25, 25)]


def test_every_networks_name_is_its_own_and_a_wrong_one_suggests_the_nearest():
    assert set(FEATURES) >= {"digits", "fashion", "stacked-digits", "pixels", "inception"}
    for name in ("digits", "fashion", "stacked-digits", "pixels"):
        assert load_features(name).name == name
    with pytest.raises(
        UsageError, match=r"unknown feature network 'stacked_digit': did you mean stacked-digits\?"
    ):
        load_features("stacked_digit")
    with pytest.raises(
        UsageError, match=r"unknown feature network 'x': choose one of digits, .*module:callable"
    ):
        load_features("x")


def test_items_that_are_not_finite_are_not_blamed_on_the_network() -> None:
    network = FeatureNetwork(no_features().origin, lambda items: Reading(items), reads=None)
    with pytest.raises(UserError, match="the items have numbers that are not finite"):
        extract(network, torch.tensor([[1.0], [torch.nan]]), to_network=lambda items: items)
    with pytest.raises(UserError, match="the feature network none returns numbers that are not"):
        extract(network, torch.tensor([[1.0], [0.0]]), to_network=lambda items: 1 / items)
