"""Runs whose players have optimisers of other families: cut off, then resumed."""

from typing import Any

import pytest

import ganvas
from ganvas.engine.optimiser import SGD, AdamW, RMSprop
from ganvas.store import checkpoint
from ganvas.store.event import Event

from ..playing import SMALL, assert_same_run

FAMILIES: dict[str, tuple[type, dict[str, Any], set[str]]] = {
    "adamw": (AdamW, {"weight_decay": 0.1}, {"step", "exp_avg", "exp_avg_sq"}),
    "rmsprop": (RMSprop, {"lr": 1e-3}, {"step", "square_avg"}),
    "sgd": (SGD, {"momentum": 0.5, "nesterov": True}, {"momentum_buffer"}),
}
"""Of each kind its settings, and what its state holds for each weight."""


class Killed(BaseException):
    pass


def kill(event: Event) -> None:
    """A listener that stops a run without ceremony, after its first checkpoint."""
    if event.images >= 192:
        raise Killed


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_run_of_each_family_that_was_cut_off_goes_on_to_the_bit(tmp_path, kind: str) -> None:
    family, settings, parts = FAMILIES[kind]
    overrides: dict[str, Any] = {**SMALL, "discriminator_optimiser": {"kind": kind, **settings}}
    overrides["generator_optimiser.kind"] = kind
    with pytest.raises(Killed):
        ganvas.train("tutorial-mnist", out=tmp_path / "cut", overrides=overrides, listeners=[kill])
    (path,) = (tmp_path / "cut").iterdir()
    resumed = ganvas.resume(path)
    whole = ganvas.train("tutorial-mnist", out=tmp_path / "whole", overrides=overrides)
    assert_same_run(path, whole.path)
    assert resumed.recipe.optimisers["discriminator"] == family(**settings)
    assert (
        resumed.recipe.optimisers["generator"] == family()
    )  # nothing of the recipe's Adam is left
    _, tensors, _, _ = checkpoint.load_newest(path / "checkpoints")
    kept = [name for name in tensors if "optimiser." in name]
    assert {name.rpartition(".")[2] for name in kept} == parts
    assert whole.log[-1]["lr/discriminator"] == family(**settings).lr
