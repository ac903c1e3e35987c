"""What games share that have an encoder."""

from torch import Tensor


def gaussian(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """A draw of N(mean, exp(log_variance)) that gradients pass, by standard normal noise; all
    [N, D] (Kingma & Welling 2014, section 2.4)."""
    return mean + (log_variance / 2).exp() * noise
