"""An optimiser of a user's own: a step of it, and whether a checkpoint holds all of its state."""

from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ganvas.engine.optimiser import OptimiserSettings
from ganvas.engine.schedule import at
from ganvas.errors import UsageError
from ganvas.recipes.check.refusal import fail

SHAPES = ((3, 2), (2,))
"""Of the weights of a small network."""


def check_optimiser(settings: OptimiserSettings, kind: str) -> None:
    """An optimiser that was registered under a name.

    Raises:
        UsageError: it changes no weight, has state that no checkpoint would hold, or goes on
            otherwise from a state that was restored.
    """
    own = f"your optimiser {kind!r}"
    weights = [nn.Parameter(each) for each in _draws(0)]
    first = _built(own, settings, weights)
    before = _state(own, first, weights)
    _step(f"{own}{_other_moments(settings)}", first, weights, 1)
    moves = at(settings.lr, 0) > 0  # a schedule may begin at 0
    if moves and all(torch.equal(*pair) for pair in zip(weights, _draws(0), strict=True)):
        raise UsageError(f"{own} changed no weight in a step")
    after = _state(own, first, weights)
    if late := sorted(after.keys() - before.keys()):
        step = " (`step` is there with `counts_steps = True`)" if "step" in late else ""
        raise UsageError(
            f"{own} has the state {', '.join(late)} after its first step alone, and a checkpoint "
            f"must find a place for it before: name it in its method `moments`{step}"
        )
    again = [nn.Parameter(each.detach().clone()) for each in weights]
    second = _built(own, settings, again)
    for theirs, ours in zip(again, weights, strict=True):
        for name, value in second.state[theirs].items():
            value.copy_(first.state[ours][name])
    for optimiser, parameters in ((first, weights), (second, again)):
        _step(own, optimiser, parameters, 2)
    if not all(torch.equal(*pair) for pair in zip(weights, again, strict=True)):
        raise UsageError(
            f"{own} makes another step after its state was restored, so no run could be resumed: "
            f"keep all that a step depends on in its state, as tensors"
        )


def _built(own: str, settings: OptimiserSettings, weights: Sequence[nn.Parameter]) -> Optimizer:
    try:
        return settings.build(weights)
    except Exception as error:
        fail(f"{own} could not be built", error, type(settings).build)


def _step(own: str, optimiser: Optimizer, weights: Sequence[nn.Parameter], seed: int) -> None:
    for each, gradient in zip(weights, _draws(seed), strict=True):
        each.grad = gradient
    try:
        optimiser.step()
    except Exception as error:
        fail(f"{own} failed in a step", error)


def _other_moments(settings: OptimiserSettings) -> str:
    """How the tensors that ``moments`` names differ from those that PyTorch's optimiser has after a
    step, in words; empty where they do not, or where it cannot be told."""
    weights = [nn.Parameter(each) for each in _draws(0)]
    with suppress(Exception):
        optimiser = settings.plain(weights)
        _step("", optimiser, weights, 1)
        state = optimiser.state[weights[0]].items()
        kept = [name for name, value in state if getattr(value, "shape", None) == SHAPES[0]]
        named = list(settings.moments())
        if set(named) != set(kept):
            return (
                f", whose method `moments` names {', '.join(named) or 'nothing'}, and whose state "
                f"has {', '.join(kept) or 'nothing'},"
            )
    return ""


def _state(own: str, optimiser: Optimizer, weights: Sequence[nn.Parameter]) -> dict[str, Tensor]:
    """The state of all weights by its names."""
    found = {name: value for each in weights for name, value in optimiser.state[each].items()}
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise UsageError(
                f"{own} keeps {name!r} as {type(value).__name__}, not as a tensor, so no "
                f"checkpoint would hold it"
            )
    return found


def _draws(seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in SHAPES]
