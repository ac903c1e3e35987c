"""What a classifier reads in samples: the classifier score, the modes, and their shares."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ganvas.metrics.figure import Z95, Estimate

CONFIDENT = 0.9
"""The probability from which on a classifier is sure of a class."""


def classifier_score(logits: Tensor) -> Estimate:
    """exp(E KL(p(y|x) || p(y))) of logits [N, K], with its 95% interval: 1 to K;
    higher is better.

    With Inception's classes it is the Inception Score (Salimans et al. 2016, section 4), over all
    samples and no splits; the interval is the logarithm's, by the delta method.
    """
    log = logits.double().log_softmax(1)
    each = (log.exp() * (log - log.exp().mean(0).clamp(min=1e-300).log())).sum(1)
    mean, error = float(each.mean()), float(each.std()) / math.sqrt(len(each))
    return Estimate(*(math.exp(value) for value in (mean, mean - Z95 * error, mean + Z95 * error)))


class Modes(NamedTuple):
    """Which classes of the reals samples are read as.

    found: classes of the reals with at least one sample, by argmax: 0 to K, higher is better.
    reverse_kl: KL(samples || reals) of the classes' shares: from 0 nats, lower is better.
    confident: share of samples read with probability 0.9 or more: 0 to 1, higher is better.
    shares: of the samples, by class: float64 [K].
    """

    found: int
    reverse_kl: float
    confident: float
    shares: Tensor


def modes(samples: Tensor, reals: Tensor) -> Modes:
    """The modes of logits samples [N, K] against reals [M, K].

    It is the Stacked-MNIST protocol (Metz et al. 2017; Srivastava et al. 2017), which draws 26,000
    samples.

    A class that no real is read as counts with half a real, so that the divergence is finite.
    """
    counts = torch.bincount(samples.argmax(1), minlength=samples.shape[1]).double()
    expected = torch.bincount(reals.argmax(1), minlength=reals.shape[1]).double().clamp(min=0.5)
    shares, target = counts / counts.sum(), expected / expected.sum()
    found = shares > 0
    divergence = (shares[found] * (shares[found] / target[found]).log()).sum()
    sure = samples.double().softmax(1).amax(1) >= CONFIDENT
    met = found & (torch.bincount(reals.argmax(1), minlength=reals.shape[1]) > 0)
    return Modes(int(met.sum()), float(divergence), float(sure.double().mean()), shares)


def well_drawn(samples: Tensor, reals: Tensor) -> Tensor:
    """Which classes of the reals are drawn for certain: bool [K].

    A class counts if samples read as it with probability 0.9 or more make up at least a tenth of
    its share of the reals.
    """
    sure = samples.double().softmax(1).amax(1) >= CONFIDENT
    kinds = reals.shape[1]
    counts = torch.bincount(samples.argmax(1)[sure], minlength=kinds).double() / len(samples)
    expected = torch.bincount(reals.argmax(1), minlength=kinds).double() / len(reals)
    return (expected > 0) & (counts >= expected / 10)
