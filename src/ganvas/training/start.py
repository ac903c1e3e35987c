"""A run that begins with the weights of another."""

from shlex import quote

import torch

from ganvas.engine.engine import Engine
from ganvas.errors import UsageError
from ganvas.store import checkpoint, folder


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
    place = folder.find(run) / "checkpoints"
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


def _copy(source: dict[str, torch.Tensor], into: dict[str, torch.Tensor]) -> int:
    fitting = [
        key for key, value in into.items() if key in source and source[key].shape == value.shape
    ]
    for key in fitting:
        into[key].copy_(source[key])
    return len(fitting)
