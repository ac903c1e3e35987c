"""What a game is to the engine: players, and a list of their moves. Plain data.

A *player* owns networks and their optimiser. A *move* says which players step on which loss. In a
*round* every move that is due is played, some for several *turns*; then the clock goes on. A
*phase* lists the moves that are played until some clock. After a round, *hooks* move the game's own
state by what was observed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.engine.draw import Batch, Draw
from ganvas.engine.player import Player
from ganvas.engine.schedule import Schedule


def _unchanged(batch: Batch) -> Batch:
    return batch


@dataclass(frozen=True)
class Turn:
    """All that a move's loss may use, for one micro-batch.

    draw: data and noise.
    networks: those of all players, by name. A loss may run any of them: the engine asks for the
        gradients of the moving players' weights alone.
    averages: the EMA copies, by the names of their networks, where a player keeps any.
    state: the game's own state, by name.
    scheduled: the values of the game's schedules, as of the round's start, by name; tensors [].
    shared: ``shared(name, make)`` returns what was made under that name before, or calls ``make``
        and keeps its result, so that one forward of the generator can serve both players. It is
        forgotten at the end of the round, and when the moves of a group play another turn.
    prepare: applied to the items of ``batch``. A game that trains on something made from them,
        such as smaller images, gives its moves turns with a ``prepare`` of their own.
    looks_ahead: whether ``batch`` gives the items that the next turn will have.
    """

    draw: Draw
    networks: Mapping[str, nn.Module]
    averages: Mapping[str, nn.Module]
    state: Mapping[str, Tensor]
    scheduled: Mapping[str, Tensor]
    shared: Callable[[str, Callable[[], Any]], Any]
    prepare: Callable[[Batch], Batch] = _unchanged
    looks_ahead: bool = False

    def batch(self, source: str | None = None) -> Batch:
        """The items of a source, by default the main one, that the moves of a round share until one
        plays a further turn.

        Whoever asks gets the same, and the clock goes on as the game's moves say, not by who asks.
        """
        source = source or self.draw.main
        draw, name = self.draw.data, "batch"
        if self.looks_ahead:
            draw, name = self.draw.ahead, "batch.next"
        return self.shared(f"{name}/{source}", lambda: self.prepare(draw(source)))

    def fresh(self, order: str, source: str | None = None) -> Batch:
        """Other items of a source than ``batch`` gives: those of an order that has this name."""
        return self.prepare(self.draw.fresh(order, source))


@dataclass(frozen=True)
class Result:
    """What a move's loss returns.

    loss: one number an item, [N]; the engine takes the mean, in float32.
    stats: numbers worth logging, by name, of any shape; the log has their means.
    observed: what hooks move the game's state by, by name, [N, ...]; without gradients.
    """

    loss: Tensor
    stats: Mapping[str, Tensor] = field(default_factory=dict)
    observed: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a round left.

    means: the mean of each of its statistics over all items, [] each.
    observed: what its losses observed, by name: [turns, N, ...], the items of all micro-batches
        and processes in their order.
    images: the clock after the round.
    """

    means: Mapping[str, Tensor]
    observed: Mapping[str, Tensor]
    images: int = 0


@dataclass(frozen=True)
class Hook:
    """The one place where a game's state moves: after a round, and the same in every process.

    call: gets what the round left; it changes state in place.
    every: called after each so many rounds, from the first one on, as moves are played.
    """

    call: Callable[[Outcome], None]
    every: int = 1


@dataclass(frozen=True)
class Move:
    """Whose weights move, on which loss, and how often.

    name: unique in the game; it is part of the keys of what the move draws.
    players: the names of those whose weights move; all other networks stay as they are.
    loss: the loss of one turn.
    every: played in each so many rounds, from the first one on.
    repeat: turns in a round; a number, or a function of images seen.
    apart: whether the players step once more for this move alone, after the others of its group.
    """

    name: str
    players: tuple[str, ...]
    loss: Callable[[Turn], Result]
    every: int = 1
    repeat: int | Callable[[int], int] = 1
    apart: bool = False

    def turns(self, images: int) -> int:
        """Its turns in a round that begins when so many images have been seen."""
        return self.repeat(images) if callable(self.repeat) else self.repeat


@dataclass(frozen=True)
class Phase:
    """The moves that are played until some clock.

    groups: played one after the other in every round. Of a group, first the gradients of all moves
        are gathered, then each player steps once; then the moves that are ``apart`` follow, each
        with a step of its own. A round has one batch of items, and one more for each further turn
        of a group: so far the clock goes on.
    until: images seen at which the next phase begins; None for the last phase.
    """

    groups: Sequence[tuple[Move, ...]]
    until: int | None = None


@dataclass
class Game:
    """All that the engine knows of a game.

    players: by name.
    phases: in order.
    state: tensors of the game's own, by name, which a checkpoint holds. Losses read them; hooks
        alone change them, in place.
    schedules: by name; read once a round into tensors [] on the device (``Turn.scheduled``).
    hooks: called after a round, in order.
    frozen: networks that no player moves, by name, which a checkpoint holds too.
    """

    players: Mapping[str, Player]
    phases: Sequence[Phase]
    state: dict[str, Tensor] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    hooks: Sequence[Hook] = ()
    frozen: Mapping[str, nn.Module] = field(default_factory=dict)

    def phase(self, images: int) -> Phase:
        """The phase in which the clock stands."""
        for phase in self.phases:
            if phase.until is None or images < phase.until:
                return phase
        return self.phases[-1]

    def networks(self) -> dict[str, nn.Module]:
        """The networks of all players, and the frozen ones, by name."""
        moving = {
            name: net for player in self.players.values() for name, net in player.networks.items()
        }
        return {**moving, **self.frozen}

    def averages(self) -> dict[str, nn.Module]:
        """The EMA copies of all players that keep them, by the names of their networks."""
        return {
            name: net for player in self.players.values() for name, net in player.averages.items()
        }

    def tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Every tensor that a resume needs, by name; the tensors themselves, not copies."""
        for name, player in self.players.items():
            for key, value in player.tensors():
                yield f"{name}.{key}", value
        for name, value in self.state.items():
            yield f"state.{name}", value
        for name, network in self.frozen.items():
            for key, value in network.state_dict().items():
                yield f"frozen.network.{name}.{key}", value
