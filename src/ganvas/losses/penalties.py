"""Gradient penalties: scores and the images they were computed from in, one number an image out.

The images must have required a gradient before the scores were computed: no forward is repeated
here. Only ``approximate`` scores images itself. All of them build a graph, so that the penalty
trains the discriminator. The slope is the norm of the gradient over the WHOLE image (every axis but
the first), one number an image. Where several images in a row share a score (packs), it is the norm
over all of them, one number a score.

They assume that a score depends on its own image alone: BatchNorm in a discriminator couples the
images of a batch, and what is penalised then is not a slope in one image.
"""

from collections.abc import Callable

import torch
from torch import Tensor

SIGMA = 0.03
"""Deviation of the noise of ``approximate``, for images in [-1, 1].

Wider biases it (this by about -4% at most, 0.1 by -12%); narrower lets the network's kinks drown
its gradient (0.01: twice the noise). Measured on a DCGAN discriminator at stages of its training.
"""


def image_gradients(scores: Tensor, images: Tensor) -> Tensor:
    """Gradient of each image's summed scores with respect to that image, flat: [N, C*H*W]; with
    respect to all the images of a score where there are several."""
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    precision = torch.promote_types(gradient.dtype, torch.float32)
    return gradient.reshape(len(scores), -1).to(precision)


def zero_centred(scores: Tensor, images: Tensor) -> Tensor:
    """Half the squared slope, [N] (Mescheder et al. 2018, eq. 9): R1 on reals, R2 on fakes."""
    return image_gradients(scores, images).square().sum(1) / 2


def approximate(
    score: Callable[[Tensor], Tensor], images: Tensor, noise: Tensor, sigma: float = SIGMA
) -> Tensor:
    """``zero_centred`` in expectation, [N], without differentiating twice.

    Over standard normal n, ``(D(x + sigma n) - D(x - sigma n))^2 / (4 sigma^2)`` has the squared
    slope at x as its mean, up to sigma^2 times the third derivative. The approximated R1 of Lin et
    al. 2025 (APT) compares with D(x) and leaves sigma^2 to the weight: that costs the same, and
    second derivatives bias it too (by up to 29% where this was 4% off). One draw is an estimate
    whose deviation is sqrt(2) times its mean, and its gradient is noisier still.

    Both sides are scored in one pass, so that weights which move in a forward (spectral
    normalisation) are the same for both, and in float32: bfloat16 rounds the small difference
    away. Dropout would put two masks between them: the network must have none.

    Args:
        score: the discriminator.
        images: [N, C, H, W].
        noise: the same shape, standard normal.
        sigma: deviation of the steps to either side.
    """
    step = sigma * noise
    with torch.autocast(images.device.type, enabled=False):
        above, below = score(torch.cat([images + step, images - step])).chunk(2)
    rise = (above - below).reshape(len(above), -1).sum(1)
    return (rise / (2 * sigma)).square() / 2


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
    weight = epsilon.to(real.dtype).view(-1, *[1] * (real.ndim - 1))
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
