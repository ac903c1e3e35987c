"""A compact pair for small images and a few CPU minutes.

Nearly all of the work lies on maps of half the image's side and less, where a processor's matrix
units are busy and its caches suffice; the full resolution is touched once. The discriminator has no
normalisation, so a gradient penalty means what its paper says, and a wide linear layer, which is
cheap there and teaches much.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import nn

from ganvas.networks.layers.conditioned import Concatenate, Sequence, batch_norm
from ganvas.networks.layers.halving import BASE, halving_layers
from ganvas.networks.layers.heads import Classify, Projection
from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStd
from ganvas.networks.operators.convolution import Conv2d, ConvTranspose2d
from ganvas.networks.operators.flatten import Flatten, ToMap
from ganvas.networks.shape import Shape, halvings

KERNELS = 32
"""Numbers that minibatch discrimination adds to the features."""


@dataclass(frozen=True)
class CompactGenerator:
    """A linear layer, then at each level a 3x3 and a transposed convolution; tanh last.

    BatchNorm and ReLU stand between.

    latent: how many numbers a latent has.
    width: channels of the map of half the image's side, doubled at each level towards the latent.
    init: the first weights, by name; see ``initialise``.
    condition: how conditions enter, where there are any: as gain and bias of every BatchNorm
        (``norm``), or appended to the latent (``concatenation``).
    """

    conditional: ClassVar[bool] = True

    latent: int = 64
    width: int = 32
    init: Init = "torch"
    condition: Literal["norm", "concatenation"] = "norm"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Latents [N, latent], and conditions [N, K] where there are any, to images [N, C, H, W] in
        [-1, 1].

        Raises:
            UsageError: images of a shape that this network cannot double a small map to.
        """
        levels, height, width = halvings(shape, BASE)
        channels = [self.width * 2**level for level in reversed(range(levels))]
        joined = conditions if self.condition == "concatenation" else 0
        inner = conditions - joined
        layers: list[nn.Module] = [Concatenate()] if joined else []
        layers += [
            nn.Linear(self.latent + joined, channels[0] * height * width, bias=False),
            ToMap(height, width),
            *_norm_relu(channels[0], inner),
        ]
        for index, wide in enumerate(channels):
            layers += [Conv2d(wide, wide, 3, padding=1, bias=False), *_norm_relu(wide, inner)]
            if index + 1 < levels:
                narrow = channels[index + 1]
                up = ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=False)
                layers += [up, *_norm_relu(narrow, inner)]
        layers += [ConvTranspose2d(channels[-1], shape[0], 4, stride=2, padding=1), nn.Tanh()]
        return initialise(Sequence(*layers), self.init)


@dataclass(frozen=True)
class CompactDiscriminator:
    """A strided convolution at each level, two linear layers, LeakyReLU 0.2; one score an image.

    width: channels of the first map.
    growth: how many times as many channels each next map has.
    hidden: units of the first linear layer.
    init: the first weights, by name; see ``initialise``.
    condition: how conditions enter, where there are any: multiplied with the last features
        (``projection``), or appended to the image as planes (``concatenation``); or a
        ``classifier`` beside the score predicts them.
    diversity: whether it compares the images of a batch: by the ``deviation`` of the last map, by
        distances of the last features (``discrimination``), or not at all (``none``). Both make
        the images of a batch depend on each other.
    """

    conditional: ClassVar[bool] = True

    width: int = 32
    growth: float = 1.5
    hidden: int = 512
    init: Init = "torch"
    condition: Literal["projection", "concatenation", "classifier"] = "projection"
    diversity: Literal["none", "deviation", "discrimination"] = "none"

    def build(self, shape: Shape, conditions: int = 0) -> nn.Module:
        """Images [N, C, H, W] in [-1, 1], and conditions [N, K] where there are any, to scores [N];
        with a classifier, which takes no conditions, to ``ScoresAndLogits``.

        Raises:
            UsageError: images of a shape that this network cannot halve to a small map.
        """
        joined = conditions if self.condition == "concatenation" else 0
        body, channels, (height, width) = halving_layers(shape, self.width, self.growth, joined)
        layers = [Concatenate(), *body] if joined else body
        deviation = self.diversity == "deviation"
        features = self.hidden + KERNELS * (self.diversity == "discrimination")
        layers += [MinibatchStd()] if deviation else []
        layers += [
            Flatten(),
            nn.Linear((channels[-1] + deviation) * height * width, self.hidden),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        if features > self.hidden:
            layers.append(MinibatchDiscrimination(self.hidden, KERNELS))
        layers += self._head(features, conditions - joined)
        return initialise(Sequence(*layers), self.init)

    def _head(self, features: int, conditions: int) -> list[nn.Module]:
        if conditions and self.condition == "projection":
            return [Projection(features, conditions)]
        if conditions:
            return [Classify(features, conditions)]
        return [nn.Linear(features, 1), nn.Flatten(0)]


def _norm_relu(channels: int, conditions: int) -> tuple[nn.Module, nn.Module]:
    return batch_norm(channels, conditions), nn.ReLU(inplace=True)
