"""An augmentation of a user's own, called once."""

from typing import Any

import torch
from torch import Tensor

from ganvas.errors import UsageError
from ganvas.games.parts.augmentation import Augment
from ganvas.recipes.check.refusal import described, fail

NEAR = 1e-4
"""How far an image in [-1, 1] may be from what it was, where nothing is to change."""


def check_augmentation(
    augment: Augment, kind: str, images: Tensor, *, always_whole: bool
) -> list[str]:
    """An augmentation that was registered under a name.

    Args:
        augment: the augmentation.
        kind: its name.
        images: in network form [N, ...].
        always_whole: whether the recipe's strength is 1 and stays so.

    Returns:
        What looks wrong, a sentence each.

    Raises:
        UsageError: what it returns is of another shape, not finite, or lets no gradient through; or
            a strength of 0, which the recipe may ask for, changes images.
    """
    own, leaf = f"your augmentation {kind!r}", images.clone().requires_grad_()
    whole = _called(own, augment, leaf.clone(), 1.0)
    if not isinstance(whole, Tensor) or whole.shape != images.shape:
        raise UsageError(
            f"{own} returned {described(whole)}, wanted {list(images.shape)}, as it got"
        )
    if not bool(torch.isfinite(whole).all()):
        raise UsageError(f"{own} returned numbers that are not finite")
    if not whole.requires_grad or _gradient(own, whole, leaf) is None:
        raise UsageError(
            f"{own} lets no gradient through to the images, so a generator could not learn: "
            f"make it of operations that have a derivative"
        )
    none = _called(own, augment, images.clone(), torch.zeros(()))
    if bool(((none - images).abs() <= NEAR).all()):
        return []
    text = f"{own} changes images at a strength of 0, where nothing should be applied"
    if always_whole:
        return [text]
    raise UsageError(f"{text}, and the recipe's `strength` is not always 1")


def _called(own: str, augment: Augment, images: Tensor, strength: float | Tensor) -> Any:
    draws = torch.Generator().manual_seed(0)

    def uniform(name: str, *shape: int) -> Tensor:
        return torch.rand(len(images), *shape, generator=draws)

    try:
        return augment(images, uniform, strength)
    except Exception as error:
        given = f"images {list(images.shape)} and a strength of {float(strength):g}"
        fail(f"{own} failed on {given}", error, type(augment).__call__)


def _gradient(own: str, whole: Tensor, leaf: Tensor) -> Tensor | None:
    try:
        return torch.autograd.grad(whole.sum(), leaf, allow_unused=True)[0]
    except Exception as error:
        fail(f"{own} failed in its backward pass", error)
