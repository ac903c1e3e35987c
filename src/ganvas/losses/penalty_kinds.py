"""Every kind of gradient penalty by name: which images it looks at, and what it says of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ganvas.losses.penalties import interpolates, neighbours, one_centred, zero_centred

Uniform = Callable[..., Tensor]
"""``uniform(name, *shape)``: fresh uniform noise [N, *shape] in [0, 1). Where several images share
a score (packs), a number [N] is the same for all of these."""

Points = Callable[[Tensor, Tensor, Uniform], Tensor]
"""Reals, as many fakes [N, C, H, W] each, and noise, to images [N, C, H, W]."""


@dataclass(frozen=True)
class PenaltyKind:
    """A kind of penalty of the discriminator.

    A one-sided penalty (Petzka et al. 2018), whose slopes may be below 1::

        def one_sided(scores, images):
            slope = (image_gradients(scores, images).square().sum(1) + 1e-12).sqrt()
            return (slope - 1).clamp(min=0).square()

        def between(real, fake, uniform):
            return interpolates(real, fake, uniform("epsilon"))

        register(PenaltyKind(one_sided, between), "one-sided")

    value: scores [N, ...] and the images [N, C, H, W] that they were computed from to one number an
        image [N]. It may differentiate the scores in the images, twice.
    points: the images: ``reals``, ``fakes``, or a function that makes others.
    """

    value: Callable[[Tensor, Tensor], Tensor]
    points: Literal["reals", "fakes"] | Points

    @property
    def can_be_approximate(self) -> bool:
        """Whether ``penalties.approximate`` estimates the same."""
        return self.value is zero_centred and isinstance(self.points, str)


PENALTIES: dict[str, PenaltyKind] = {
    "gradient": PenaltyKind(
        one_centred, lambda real, fake, uniform: interpolates(real, fake, uniform("epsilon"))
    ),
    "dragan": PenaltyKind(
        one_centred,
        lambda real, fake, uniform: neighbours(
            real, uniform("dragan.noise", *real.shape[1:]), uniform("dragan.alpha")
        ),
    ),
    "r1": PenaltyKind(zero_centred, "reals"),
    "r2": PenaltyKind(zero_centred, "fakes"),
}
"""Every kind of penalty by name."""
