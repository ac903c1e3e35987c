"""A loss and a penalty of a user's own, called once with random scores."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ganvas.errors import UsageError
from ganvas.losses.adversarial import LOSSES
from ganvas.losses.penalty_kinds import PENALTIES, Points
from ganvas.recipes.check.refusal import described, fail

COUNT = 4
"""Scores, and images that they are of."""

SHAPES = ((COUNT,), (COUNT, 3, 3))
"""Of scores: one an image, and a map for patches."""

SIDES = ("discriminator", "generator")


def check_loss(kind: str, sides: Sequence[str] = SIDES) -> None:
    """A loss that was registered under a name.

    sides: those that are used of it.

    Raises:
        UsageError: a side does not return one finite number an image, or no gradient leads to the
            scores that it is to change.
    """
    loss = LOSSES[kind](1.0, 0.0)
    for side in sides:
        function, own = getattr(loss, side), f"your loss {kind!r}, on the {side}'s side,"
        for shape in SHAPES:
            real, fake = (_draw(index, shape).requires_grad_() for index in range(2))
            given = f"scores {list(shape)} of reals and of fakes"
            try:
                value = function(real, fake)
            except Exception as error:
                fail(f"{own} failed on {given}", error, function)
            _check_numbers(own, value, given)
            reals, fakes = torch.autograd.grad(value.sum(), [real, fake], allow_unused=True)
            if fakes is None:
                raise UsageError(f"{own} does not depend on the scores of fakes")
            if side == "discriminator" and reals is None:
                raise UsageError(f"{own} does not depend on the scores of reals")
            if side == "generator" and reals is not None and not loss.needs_reals:
                raise UsageError(
                    f"{own} looks at the scores of reals, and is given those of fakes in their "
                    f"place: say AdversarialLoss(…, needs_reals=True)"
                )


def check_penalty(kind: str, shape: tuple[int, ...]) -> None:
    """A penalty that was registered under a name.

    shape: of an image.

    Raises:
        UsageError: it does not return one finite number an image, or no gradient leads to the
            weights of the discriminator.
    """
    penalty, own = PENALTIES[kind], f"your penalty {kind!r}"
    images = _draw(0, (COUNT, *shape))
    if callable(penalty.points):
        images = _points(own, penalty.points, images)
    images = images.detach().requires_grad_()
    for size in SHAPES:
        weights = _draw(1, (images[0].numel(), math.prod(size[1:]))).requires_grad_()
        scores = (images.flatten(1) @ weights).tanh().view(size)
        given = f"scores {list(size)} and images {list(images.shape)}"
        try:
            value = penalty.value(scores, images)
        except Exception as error:
            fail(f"{own} failed on {given}", error, penalty.value)
        _check_numbers(own, value, given)
        if torch.autograd.grad(value.sum(), weights, allow_unused=True)[0] is None:
            raise UsageError(
                f"{own} does not depend on the discriminator's weights: differentiate with "
                f"create_graph=True, as image_gradients does"
            )


def _points(own: str, points: Points, images: Tensor) -> Tensor:
    """The images that a penalty looks at, made from reals and fakes."""
    draws = torch.Generator().manual_seed(0)
    try:
        made = points(
            images, images.flip(0), lambda _, *size: torch.rand(COUNT, *size, generator=draws)
        )
    except Exception as error:
        fail(f"{own} failed to make its images", error, points)
    if not isinstance(made, Tensor) or made.shape != images.shape:
        raise UsageError(
            f"{own} made images {described(made)} of reals {list(images.shape)}, wanted as many of "
            f"the same shape"
        )
    return made


def _check_numbers(own: str, value: object, given: str) -> None:
    """One finite number an image, with a gradient."""
    if not isinstance(value, Tensor) or value.shape != (COUNT,):
        raise UsageError(
            f"{own} returned {described(value)}, wanted one number an image [{COUNT}] "
            f"(per_image makes them; PyTorch's losses take reduction='none'); it got {given}"
        )
    if not bool(torch.isfinite(value).all()):
        raise UsageError(f"{own} returned numbers that are not finite; it got {given}")
    if not value.requires_grad:
        raise UsageError(f"{own} returned numbers without a gradient; it got {given}")


def _draw(seed: int, shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
