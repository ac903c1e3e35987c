"""What autoencoders and encoders minimise: errors of reconstruction and pulls on the latents.

One number an image out, float32 whatever the networks computed in.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.losses.adversarial import per_image
from ganvas.losses.precision import at_least_float32


def absolute(rebuilt: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error, [N, ...] twice to [N]."""
    return per_image((at_least_float32(rebuilt) - at_least_float32(target)).abs())


def squared(rebuilt: Tensor, target: Tensor) -> Tensor:
    """Mean squared error, [N, ...] twice to [N]."""
    return per_image((at_least_float32(rebuilt) - at_least_float32(target)).square())


def half_squared_distance(rebuilt: Tensor, target: Tensor) -> Tensor:
    """Half the squared Euclidean distance, [N, ...] twice to [N].

    It is minus the log likelihood of a Gaussian of variance 1 around ``rebuilt``, up to a constant.
    """
    return rebuilt[0].numel() / 2 * squared(rebuilt, target)


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, exp(log_variance)) from N(0, 1), summed: [N, D] twice to [N].

    Kingma & Welling 2014, appendix B.
    """
    mean, log_variance = at_least_float32(mean), at_least_float32(log_variance)
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def pulling_away(features: Tensor) -> Tensor:
    """Mean squared cosine between each row and the others, [N, D] to [N] within 0 and 1.

    Its mean is the pulling-away term of Zhao et al. 2017, eq. 4. A batch of one has 0.
    """
    with torch.autocast(features.device.type, enabled=False):
        rows = F.normalize(at_least_float32(features), dim=1)
        squares = (rows @ rows.T).square()
    return (squares.sum(1) - squares.diagonal()) / max(1, len(rows) - 1)
