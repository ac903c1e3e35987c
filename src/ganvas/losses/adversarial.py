"""Adversarial losses: scores of reals and fakes in, one number an image [N] out.

Scores are unbounded (logits), [N, ...]; whatever lies behind axis 0 (a map of patch scores) is
averaged. Every loss is a pair of functions with one signature, ``(real, fake) -> [N]``: what the
discriminator minimises and what the generator minimises. Both are given both scores; only the
relativistic pair needs them all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.errors import unknown

SideLoss = Callable[[Tensor, Tensor], Tensor]
"""Scores of reals and of fakes, [N, ...] each, to one number an image [N]."""


@dataclass(frozen=True)
class AdversarialLoss:
    """What each side minimises.

    Hinge with squares, as a loss of one's own::

        def discriminator(real, fake):
            return per_image((1 - real).relu() ** 2) + per_image((1 + fake).relu() ** 2)

        def generator(real, fake):
            return -per_image(fake)

        register(AdversarialLoss(discriminator, generator), "squared-hinge")

    discriminator, generator: ``(real, fake) -> [N]``, scores [N, ...] to one number an image.
    needs_reals: whether the generator's side looks at scores of reals too.
    centred: whether for the discriminator a score of 0 lies between real and fake.
    """

    discriminator: SideLoss
    generator: SideLoss
    needs_reals: bool = False
    centred: bool = True


def per_image(values: Tensor) -> Tensor:
    """Mean over all axes but the first: [N, ...] -> [N]."""
    return values.flatten(1).mean(1) if values.ndim > 1 else values


def cross_entropy(real: Tensor, fake: Tensor, real_label: float, fake_label: float) -> Tensor:
    """Binary cross-entropy of both halves, summed (Goodfellow et al. 2014, eq. 1, sign turned).

    Labels other than 1 and 0 are label smoothing: one-sided when only ``real_label`` moves
    (Salimans et al. 2016, section 3.4), two-sided when both do.
    """
    # BCE(x, t) = softplus(x) - t x, exact for soft targets and never overflowing.
    return per_image(F.softplus(real) - real_label * real) + per_image(
        F.softplus(fake) - fake_label * fake
    )


def minimax(real: Tensor, fake: Tensor) -> Tensor:
    """log(1 - D(G(z))), the generator's half of Goodfellow et al. 2014, eq. 1."""
    return per_image(-F.softplus(fake))


def non_saturating(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(G(z)) (Goodfellow et al. 2014, section 3)."""
    return per_image(F.softplus(-fake))


def least_squares(real: Tensor, fake: Tensor, real_label: float, fake_label: float) -> Tensor:
    """Half squared distances to the labels (Mao et al. 2017, eq. 9, first line)."""
    return per_image((real - real_label) ** 2 + (fake - fake_label) ** 2) / 2


def least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    """(D(G(z)) - 1)^2 / 2 (Mao et al. 2017, eq. 9, second line)."""
    return per_image((fake - 1) ** 2) / 2


def wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    """Mean score of fakes minus that of reals (Arjovsky et al. 2017, eq. 2, sign turned)."""
    return per_image(fake) - per_image(real)


def maximise_score(real: Tensor, fake: Tensor) -> Tensor:
    """-D(G(z)): the generator's side of Wasserstein and hinge (Lim & Ye 2017; Miyato 2018)."""
    return -per_image(fake)


def hinge(real: Tensor, fake: Tensor) -> Tensor:
    """Margins of one on either side (Lim & Ye 2017; Miyato et al. 2018, eq. 16)."""
    return per_image(F.relu(1 - real)) + per_image(F.relu(1 + fake))


def relativistic(better: Tensor, worse: Tensor) -> Tensor:
    """softplus(-(better - worse)) on pairs (Jolicoeur-Martineau 2019, RpGAN; R3GAN's eq. 2)."""
    return per_image(F.softplus(worse - better))


Factory = Callable[[float, float], AdversarialLoss]
"""From the labels of reals and fakes to the loss that has them as targets."""


def labelled(
    discriminator: Callable[..., Tensor], generator: SideLoss, are_scores: bool = False
) -> Factory:
    """A loss whose discriminator aims at labels, which may be smoothed.

    are_scores: whether scores themselves aim at the labels; a score between both is the boundary.
    """
    return lambda real_label, fake_label: AdversarialLoss(
        partial(discriminator, real_label=real_label, fake_label=fake_label),
        generator,
        centred=not are_scores or real_label == -fake_label,
    )


def unlabelled(loss: AdversarialLoss) -> Factory:
    """A loss without labels: to ask it for other labels than 1 and 0 raises ValueError."""

    def make(real_label: float, fake_label: float) -> AdversarialLoss:
        if (real_label, fake_label) != (1.0, 0.0):
            raise ValueError(
                "the discriminator's side of this loss has no labels to smooth: use "
                "non-saturating, say"
            )
        return loss

    return make


LOSSES: dict[str, Factory] = {
    "minimax": labelled(cross_entropy, minimax),
    "non-saturating": labelled(cross_entropy, non_saturating),
    "least-squares": labelled(least_squares, least_squares_generator, are_scores=True),
    "wasserstein": unlabelled(AdversarialLoss(wasserstein, maximise_score, centred=False)),
    "hinge": unlabelled(AdversarialLoss(hinge, maximise_score)),
    "relativistic": unlabelled(
        AdversarialLoss(
            relativistic,
            lambda real, fake: relativistic(fake, real),
            needs_reals=True,
            centred=False,
        )
    ),
}
"""Every adversarial loss by name."""


def adversarial_loss(
    name: str,
    real_label: float = 1.0,
    fake_label: float = 0.0,
    generator: str | None = None,
) -> AdversarialLoss:
    """The loss of that name, or the sides of two.

    Args:
        name: a key of ``LOSSES``.
        real_label: what the discriminator's scores of reals aim at; 0.9 is one-sided smoothing.
        fake_label: what its scores of fakes aim at; 0.1 beside 0.9 is two-sided smoothing.
        generator: a key of ``LOSSES``, whose generator's side is taken; None takes that of
            ``name``. No generator's side has labels.

    Raises:
        ValueError: an unknown name, or labels for a discriminator's side that has none.
    """
    loss = _named(name)(real_label, fake_label)
    if generator is None or generator == name:
        return loss
    other = _named(generator)(1.0, 0.0)
    return replace(loss, generator=other.generator, needs_reals=other.needs_reals)


def zero_sum(loss: AdversarialLoss) -> AdversarialLoss:
    """The loss whose generator maximises what the discriminator minimises."""
    return replace(
        loss, generator=lambda real, fake: -loss.discriminator(real, fake), needs_reals=True
    )


def _named(name: str) -> Factory:
    if name not in LOSSES:
        raise ValueError(unknown(name, LOSSES, "loss"))
    return LOSSES[name]


def accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """Share of scores with the right sign, above 0 for reals, [N]; 0.5 is as good as chance.

    It means something only where a loss is ``centred``.
    """
    with torch.no_grad():
        return (per_image((real > 0).float()) + per_image((fake < 0).float())) / 2
