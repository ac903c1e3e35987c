"""Path length: how far an image moves with its intermediate latent w (Karras et al. 2020, 3.2).

Where each step in w, whatever its direction, changes the image by the same amount, images are
smoother in w and easier to invert.
"""

import math

import torch
from torch import Tensor


def path_lengths(images: Tensor, ws: Tensor, noise: Tensor) -> Tensor:
    """|J^T y| of each image, [N], of equation 4; differentiable.

    The gradient at each layer's w has a norm of its own; what is returned is their root mean
    square.

    Args:
        images: [N, C, H, W], computed from ``ws``.
        ws: a w for each layer, [N, L, W].
        noise: like the images, standard normal; divided here by sqrt(H W), so that lengths do not
            depend on the resolution.
    """
    projected = (images * noise).sum() / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad(projected, ws, create_graph=True)
    squares = gradient.to(torch.promote_types(gradient.dtype, torch.float32)).square()
    # The root's own derivative is infinite at zero; the tiny constant keeps it finite there.
    return (squares.sum(2).mean(1) + 1e-12).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor) -> Tensor:
    """Squared distance of lengths [N] from their running mean []: [N] (equation 4)."""
    return (lengths - mean).square()
