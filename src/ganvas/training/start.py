"""Weights that an engine begins with: those of another run, or of its own run's checkpoint."""

from pathlib import Path
from shlex import quote

import torch

from ganvas.engine.engine import Engine
from ganvas.errors import UsageError
from ganvas.store import checkpoint, run_folder
from ganvas.training.writer import Earlier


@torch.no_grad()
def begin_from(engine: Engine, run: str) -> str:
    """Copy into an engine's networks, and their averages, whatever of a run's newest whole
    checkpoint has the same name and shape. Optimisers and the clock begin anew.

    Returns:
        What was taken, in words.

    Raises:
        UsageError: nothing of a network fits, or there is no such run.
        CheckpointError: nothing there can be restored.
    """
    place = run_folder.find(run) / "checkpoints"
    _, saved, _, _ = checkpoint.load_newest(place)
    words = []
    for name, network in engine.game.networks().items():
        source = checkpoint.weights(saved, name, "network")
        taken = _copy(source, network.state_dict())
        if not taken:
            raise UsageError(
                f"nothing of {run}'s {name} fits here: begin from a run with the same networks, or "
                f"choose these as there (`ganvas show {quote(str(run))}`)"
            )
        words.append(f"{taken:,} of {len(network.state_dict()):,} tensors of the {name}")
        if name in engine.game.averages():
            average = checkpoint.weights(saved, name, "average") or source
            _copy(average, engine.game.averages()[name].state_dict())
    return f"begins with {', '.join(words)} of {run}"


def restore(engine: Engine, path: Path, start: str | None) -> tuple[Earlier, list[str]]:
    """Put a run's newest whole checkpoint into its engine.

    A run that was killed before its first checkpoint begins anew: its seed determines it.

    Args:
        engine: at the start of its clock.
        path: the run folder.
        start: the run whose weights it began with, if any.

    Returns:
        What its earlier sessions left, and what was wrong with checkpoints that were passed over.

    Raises:
        CheckpointError: none is whole, or they do not fit the engine's networks.
    """
    place = path / "checkpoints"
    if not list(checkpoint.complete(place)):
        if start is not None:
            begin_from(engine, start)
        return Earlier(), []
    newest, tensors, numbers, problems = checkpoint.load_newest(place)
    checkpoint.restore(engine.tensors(), tensors, str(newest))
    engine.set_clock(numbers)
    checkpoint.set_aside(place, newer_than=engine.images)
    earlier = Earlier(
        numbers["log_bytes"],
        numbers["seconds"],
        numbers.get("best"),
        numbers.get("evaluation_seconds", 0.0),
    )
    return earlier, problems


def _copy(source: dict[str, torch.Tensor], into: dict[str, torch.Tensor]) -> int:
    fitting = [
        key for key, value in into.items() if key in source and source[key].shape == value.shape
    ]
    for key in fitting:
        into[key].copy_(source[key])
    return len(fitting)
