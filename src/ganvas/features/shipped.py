"""Feature networks shipped with the package: small classifiers of 28x28 grey images.

``tools/train_readers.py`` trains them; their test accuracies stand in docs/metrics.md.
"""

from importlib import resources
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ganvas.features.network import BICUBIC, FeatureNetwork, Origin, Reading, check_hash
from ganvas.networks.classifier import Classifier

DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip
SIZE = (28, 28)
VERSION = "1"
DIGITS_HASH = "sha256:e08e2e29acc68aac203101624904988f37fcbc244ea725cd7737ad838de966b4"
FASHION_HASH = "sha256:5516a76bccbeffee3bc78a1c37460a1109976aff426be8df85a3809531c660fd"


def digits() -> FeatureNetwork:
    """96 features of handwritten digits, and which digit."""
    return _shipped("digits", DIGITS, (16, 32, 96), DIGITS_HASH)


def fashion() -> FeatureNetwork:
    """128 features of Fashion-MNIST's clothes, and which of the ten kinds."""
    return _shipped("fashion", CLOTHES, (32, 64, 128), FASHION_HASH)


def stacked_digits() -> FeatureNetwork:
    """``digits`` on each of three channels: 288 features, and which of 1,000 numbers."""
    one, digest = _classifier("digits", (16, 32, 96), DIGITS_HASH)
    classes = tuple(f"{number:03d}" for number in range(1000))
    origin = Origin("stacked-digits", VERSION, digest, SIZE, BICUBIC, classes)
    return FeatureNetwork(origin, Stacked(one), channels=3)


class Plain(nn.Module):
    """A classifier's features and logits as a ``Reading``."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Reading:
        """Images [N, 1, 28, 28] in [-1, 1] to features [N, d] and logits [N, 10]."""
        return Reading(*self.network(images))


class Stacked(nn.Module):
    """Each channel read by itself; a number's log-probability is the sum of its digits'."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Reading:
        """Images [N, 3, 28, 28] in [-1, 1] to features [N, 3 d] and log-probabilities [N, 1000]."""
        count = len(images)
        features, logits = self.network(images.reshape(-1, 1, *images.shape[2:]))
        a, b, c = logits.log_softmax(1).reshape(count, 3, -1).unbind(1)
        joint = a[:, :, None, None] + b[:, None, :, None] + c[:, None, None, :]
        return Reading(features.reshape(count, -1), joint.flatten(1))


def _shipped(
    name: str, classes: tuple[str, ...], widths: tuple[int, int, int], expected: str
) -> FeatureNetwork:
    network, digest = _classifier(name, widths, expected)
    return FeatureNetwork(Origin(name, VERSION, digest, SIZE, BICUBIC, classes), Plain(network), 1)


def _classifier(name: str, widths: tuple[int, int, int], expected: str) -> tuple[Classifier, str]:
    """The network with its shipped weights, and their hash.

    Raises:
        UserError: the file is damaged.
    """
    path = Path(str(resources.files("ganvas.features").joinpath(f"{name}.safetensors")))
    digest = check_hash(path, expected)
    network = Classifier(widths, classes=10)
    network.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    return network.to(memory_format=torch.channels_last), digest  # pyright: ignore[reportCallIssue]
