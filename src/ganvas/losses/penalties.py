"""Gradient penalties: scores and the images they were computed from in, one number an image out.

The images must have required a gradient before the scores were computed; no forward is repeated
here. All of them build a graph, so the penalty itself trains the discriminator. The slope is the
norm over the WHOLE image (every axis but the first), one number an image.

They assume that a score depends on its own image alone: BatchNorm in a discriminator couples the
images of a batch, and what is penalised then is not a slope in one image.
"""

import torch
from torch import Tensor


def image_gradients(scores: Tensor, images: Tensor) -> Tensor:
    """Gradient of each image's summed scores with respect to that image, flat: [N, C*H*W]."""
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradient.flatten(1).float()


def zero_centred(scores: Tensor, images: Tensor) -> Tensor:
    """Half the squared slope, [N] (Mescheder et al. 2018, eq. 9): R1 on reals, R2 on fakes."""
    return image_gradients(scores, images).square().sum(1) / 2


def one_centred(scores: Tensor, images: Tensor) -> Tensor:
    """Squared distance of the slope from one, [N] (Gulrajani et al. 2017, eq. 3; DRAGAN)."""
    gradient = image_gradients(scores, images)
    # The norm's own derivative is infinite at zero; the tiny constant keeps it finite there.
    return ((gradient.square().sum(1) + 1e-12).sqrt() - 1).square()


def interpolates(real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
    """Points on the lines between pairs (Gulrajani et al. 2017, algorithm 1), ready for a slope.

    Args:
        real, fake: [N, C, H, W].
        epsilon: [N], uniform in [0, 1): one an image, not one a batch.
    """
    weight = epsilon.view(-1, *[1] * (real.ndim - 1))
    return torch.lerp(fake.detach(), real, weight).requires_grad_()


def neighbours(real: Tensor, noise: Tensor, alpha: Tensor) -> Tensor:
    """Points beside reals (Kodali et al. 2017, DRAGAN, section 2.3), ready for a slope.

    Args:
        real: [N, C, H, W].
        noise: the same shape, uniform in [0, 1); scaled here by half the batch's deviation.
        alpha: [N], uniform in [0, 1).
    """
    step = 0.5 * real.std() * noise * alpha.view(-1, *[1] * (real.ndim - 1))
    return (real + step).requires_grad_()
