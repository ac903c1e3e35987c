"""What the first turn of a move must show: a loss that is one finite number an item, and moves.

Later turns are not looked at: to read a number back is to wait for the device.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ganvas.engine.game import Move, Result
from ganvas.errors import NonFinite, UsageError


def check_result(move: Move, result: object, count: int, networks: Mapping[str, nn.Module]) -> None:
    """What the loss of a move returned for ``count`` items.

    networks: of the game. Where these have numbers that are not finite, a step before has made
        them so, and the loss is not to blame.

    Raises:
        UsageError: it is no result, has no number for each item, or no gradient.
        NonFinite: a number is not finite.
    """
    loss = result.loss if isinstance(result, Result) else result
    if not isinstance(result, Result) or not isinstance(loss, Tensor):
        raise UsageError(
            f"the loss of move {move.name!r} returned {_kind(loss)}, wanted "
            f"Result(loss), with one number an item [{count}]"
        )
    if loss.ndim == 0:
        raise UsageError(
            f"the loss of move {move.name!r} returned [], wanted one number an item [{count}]: "
            f"take no mean over the items (reduction='none' of PyTorch's losses)"
        )
    for name, value in result.observed.items():
        if not isinstance(value, Tensor) or value.shape[:1] != (count,):
            shape = list(value.shape) if isinstance(value, Tensor) else _kind(value)
            raise UsageError(
                f"the loss of move {move.name!r} observed {name!r} as {shape}, wanted a row an "
                f"item [{count}, ...]: hooks get those of all items, and take the means of them"
            )
    if not loss.requires_grad:
        raise UsageError(
            f"the loss of move {move.name!r} has no gradient, so nobody learns from it: it was "
            f"detached, or computed within torch.no_grad()"
        )
    if not _finite(loss) and all(_finite(p) for net in networks.values() for p in net.parameters()):
        parts = [name for name, value in result.stats.items() if not _finite(value)]
        named = f" (and so {'are' if parts[1:] else 'is'} {', '.join(parts)})" if parts else ""
        raise NonFinite(
            f"the loss of move {move.name!r} is not finite in the first turn that is played"
            f"{named}: look for a logarithm or a root of 0, a division by 0, or too "
            f"high a learning rate"
        )


def versions(state: Mapping[str, Tensor]) -> dict[str, int]:
    """How often each tensor of a game's state has been changed."""
    return {name: tensor._version for name, tensor in state.items()}


def check_state(move: Move, before: Mapping[str, int], state: Mapping[str, Tensor]) -> None:
    """Raises UsageError where the loss of a move changed the game's state."""
    changed = [name for name, version in versions(state).items() if version != before[name]]
    if changed:
        raise UsageError(
            f"the loss of move {move.name!r} changed the game's state {', '.join(changed)}: losses "
            f"only read it, and a Hook moves it after the round by what they observed, so that it "
            f"is the same however a batch is cut"
        )


def check_gradients(move: Move, weights: Sequence[Tensor]) -> None:
    """Raises UsageError where the loss of a move reached none of the weights that it is to move."""
    if all(each.grad is None for each in weights):
        raise UsageError(
            f"the loss of move {move.name!r} does not depend on any weight of its players "
            f"({', '.join(move.players)}), which so never learn: what they made was detached, or "
            f"made within torch.no_grad()"
        )


def _finite(value: Tensor) -> bool:
    return bool(torch.isfinite(value.detach()).all())


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
