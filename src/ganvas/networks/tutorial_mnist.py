"""Tutorial B's pair: a small convolutional discriminator and a linear-then-upsampling generator.

At 28x28 with the default widths these are the tutorial's networks layer by layer, without the
sigmoid that its discriminator puts before a loss that expects logits.
"""

from dataclasses import dataclass

from torch import nn

from ganvas.networks.layers.initialise import Init, initialise
from ganvas.networks.operators.batch_norm import BatchNorm2d
from ganvas.networks.operators.convolution import Conv2d, ConvTranspose2d
from ganvas.networks.operators.flatten import Flatten
from ganvas.networks.shape import Shape, quarter


@dataclass(frozen=True)
class TutorialMnistGenerator:
    """Two linear layers, two transposed convolutions, BatchNorm behind each ReLU, tanh last.

    latent: how many numbers a latent has.
    width: channels of the narrower of the two hidden maps; the wider one has twice as many.
    hidden: units of the first linear layer.
    init: the first weights, by name; see ``initialise``.
    """

    latent: int = 100
    width: int = 64
    hidden: int = 1024
    init: Init = "torch"

    def build(self, shape: Shape) -> nn.Module:
        """Latents [N, latent] to images [N, C, H, W] in [-1, 1].

        Raises:
            UsageError: sides that are no multiples of 4, or not within 16 to 128.
        """
        height, width = quarter(shape)
        units = 2 * self.width * height * width
        network = nn.Sequential(
            nn.Linear(self.latent, self.hidden),
            nn.ReLU(inplace=True),
            nn.BatchNorm1d(self.hidden),
            nn.Linear(self.hidden, units),
            nn.ReLU(inplace=True),
            nn.BatchNorm1d(units),
            nn.Unflatten(1, (2 * self.width, height, width)),
            ConvTranspose2d(2 * self.width, self.width, 4, stride=2, padding=1),
            nn.ReLU(inplace=True),
            BatchNorm2d(self.width),
            ConvTranspose2d(self.width, shape[0], 4, stride=2, padding=1),
            nn.Tanh(),
        )
        return initialise(network, self.init)


@dataclass(frozen=True)
class TutorialMnistDiscriminator:
    """Two 5x5 convolutions with average pooling, two linear layers; one score an image [N].

    width: channels of the first map, doubled once.
    hidden: units of the first linear layer.
    init: the first weights, by name; see ``initialise``.
    """

    width: int = 32
    hidden: int = 1024
    init: Init = "torch"

    def build(self, shape: Shape) -> nn.Module:
        """Images [N, C, H, W] in [-1, 1] to scores [N].

        Raises:
            UsageError: sides that are no multiples of 4, or not within 16 to 128.
        """
        height, width = quarter(shape)
        network = nn.Sequential(
            Conv2d(shape[0], self.width, 5, padding=2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.AvgPool2d(2),
            Conv2d(self.width, 2 * self.width, 5, padding=2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.AvgPool2d(2),
            Flatten(),
            nn.Linear(2 * self.width * height * width, self.hidden),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(self.hidden, 1),
            nn.Flatten(0),
        )
        return initialise(network, self.init)
