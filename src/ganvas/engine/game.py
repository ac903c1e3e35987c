"""What a game is to the engine: players, and the list of their moves. Plain data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.engine.draw import Draw
from ganvas.engine.player import Player
from ganvas.engine.schedule import Schedule


@dataclass(frozen=True)
class Turn:
    """All that a move's loss may use: one micro-batch of one move.

    ``shared(name, make)`` returns what an earlier move of this round made under that name, or
    makes it now: one generator forward can so serve both players. Shared values end with the
    round, and when a move plays again within it.
    """

    draw: Draw
    networks: Mapping[str, nn.Module]
    averages: Mapping[str, nn.Module]
    state: Mapping[str, Tensor]
    scheduled: Mapping[str, Tensor]
    shared: Callable[[str, Callable[[], Any]], Any]


@dataclass(frozen=True)
class Result:
    """A move's loss, one number an image [N], and statistics worth logging (as means)."""

    loss: Tensor
    stats: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """One player's turn: whose it is, its loss, how often.

    ``every``: played in each ``every``-th round. ``repeat``: turns a round, a number or a function
    of images seen. ``players``: whose weights the loss moves; all other networks are left alone.
    ``apart``: its players step once more for it alone, after the others of its group.
    """

    name: str
    players: tuple[str, ...]
    loss: Callable[[Turn], Result]
    every: int = 1
    repeat: int | Callable[[int], int] = 1
    apart: bool = False

    def turns(self, images: int) -> int:
        return self.repeat(images) if callable(self.repeat) else self.repeat


@dataclass(frozen=True)
class Phase:
    """Groups of moves, walked in order once a round: all gradients of a group, then its steps, then
    each of its moves that is ``apart`` with a step of its own.

    ``until``: images seen at which the next phase begins; ``None`` for the last.
    """

    groups: Sequence[tuple[Move, ...]]
    until: int | None = None


@dataclass
class Game:
    """Players, phases, and any named state of the game's own that a checkpoint must hold.

    ``schedules`` are read once a round into 0-dim tensors on the device (``Turn.scheduled``).
    ``after_round`` may move ``state`` in place, from the round's mean statistics.
    """

    players: Mapping[str, Player]
    phases: Sequence[Phase]
    state: dict[str, Tensor] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    after_round: Callable[[Mapping[str, Tensor], int], None] | None = None

    def phase(self, images: int) -> Phase:
        """The phase in which the clock stands."""
        for phase in self.phases:
            if phase.until is None or images < phase.until:
                return phase
        return self.phases[-1]

    def networks(self) -> dict[str, nn.Module]:
        return {
            name: net for player in self.players.values() for name, net in player.networks.items()
        }

    def averages(self) -> dict[str, nn.Module]:
        return {
            name: net for player in self.players.values() for name, net in player.averages.items()
        }

    def tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Every tensor that a resume needs, by name; live, not copied."""
        for name, player in self.players.items():
            for key, value in player.tensors():
                yield f"{name}.{key}", value
        for name, value in self.state.items():
            yield f"state.{name}", value
