"""The engine plays the moves of a game.

It alone freezes opponents, runs backward, and has players step, forget their gradients and update
their EMA copies (``Player.step``, ``Player.average``). An opponent is frozen by asking for the
gradients of the moving players' weights alone, so nothing is computed for anybody else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ganvas import keys
from ganvas.engine.draw import Draw, Share, Source
from ganvas.engine.game import Game, Move, Turn
from ganvas.engine.meter import Meter
from ganvas.engine.schedule import at, moved_ends


class Engine:
    """Plays a game round by round on a clock of images seen.

    Its clock is ``images`` and ``rounds``; ``meter`` gathers means for the log; ``reason`` says why
    a faster way of playing was given up, where one was.

    Args:
        game: what to play; its networks already lie on ``device``.
        sources: streams of training items by name; ``"train"`` is the usual one.
        batch: items of one global batch, over all processes and micro-batches.
        seed: with the clock, it determines every draw.
        device: where the networks lie.
        bf16: whether losses are computed under bfloat16 autocast.
        accumulate: micro-batches a turn.
        rank, world: which process this is, of how many.

    Raises:
        ValueError: ``batch`` does not divide into ``world`` times ``accumulate`` parts.
    """

    def __init__(
        self,
        game: Game,
        sources: Mapping[str, Source],
        *,
        batch: int,
        seed: int,
        device: torch.device,
        bf16: bool = False,
        accumulate: int = 1,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        if batch % (world * accumulate):
            raise ValueError(f"a batch of {batch} does not divide into {world * accumulate} parts")
        self.game = game
        self.sources = sources
        self.batch = batch
        self.seed = seed
        self.device = device
        self.bf16 = bf16
        self.images = 0
        self.rounds = 0
        self.meter = Meter()
        self.reason: str | None = None
        count = batch // (world * accumulate)
        self.shares = [
            Share(batch, (rank * accumulate + micro) * count, count) for micro in range(accumulate)
        ]
        self._networks = game.networks()
        self._averages = game.averages()
        self._scheduled = {name: torch.zeros((), device=device) for name in game.schedules}
        self._finite = torch.ones((), dtype=torch.bool, device=device)
        self._shared: list[dict[str, Any]] = []

    def round(self) -> None:
        """Play every move of the current phase that is due, once; advance the clock."""
        self._read_schedules()
        means, drawn = self._play()
        self.images += drawn
        if self.game.after_round is not None:
            self.game.after_round(means, self.images)
        self.meter.add(means)
        self.rounds += 1

    def is_finite(self) -> bool:
        """Whether every loss so far was a finite number. Waits for the device."""
        return bool(self._finite.item())

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that a resume needs, by name; the tensors themselves, not copies."""
        return dict(self.game.tensors())

    def clock(self) -> dict[str, Any]:
        """The numbers that a resume needs beside the tensors."""
        return {"images": self.images, "rounds": self.rounds, "meter": self.meter.state()}

    def set_clock(self, clock: Mapping[str, Any]) -> None:
        """Go on from what ``clock`` returned, in a run that is resumed."""
        self.images, self.rounds = clock["images"], clock["rounds"]
        self.meter.restore(clock["meter"], self.device)

    def move_ends(self, old: int, new: int) -> None:
        """Let schedules that end with ``old`` images seen end with ``new``; half-lives stay."""
        for player in self.game.players.values():
            player.settings = moved_ends(player.settings, old, new)
        schedules = self.game.schedules
        self.game.schedules = {name: moved_ends(s, old, new) for name, s in schedules.items()}

    def _play(self) -> tuple[dict[str, Tensor], int]:
        """Play a round: its mean statistics, and how many images were drawn in it.

        ``GraphEngine`` records what is called here, part by part.
        """
        means, drawn = self._moves()
        self._set_pace(drawn)
        self._average()
        return means, drawn

    def _due(self) -> list[list[tuple[Move, int]]]:
        """The moves of this round, group by group, each with its turns."""
        return [
            [(move, move.turns(self.images)) for move in group if self.rounds % move.every == 0]
            for group in self.game.phase(self.images).groups
        ]

    def _moves(self) -> tuple[dict[str, Tensor], int]:
        stats, drawn = Meter(), 0
        self._forget_shared()
        for group in self._due():
            for index in range(max((turns for _, turns in group), default=0)):
                # What moves share lasts from group to group, so that the generator may use what the
                # last turn of the discriminator made; a further turn begins anew.
                if index:
                    self._forget_shared()
                drew = False
                for moves in _steps([move for move, turns in group if index < turns]):
                    drew |= self._step(moves, index, self.images + drawn, stats)
                drawn += self.batch * drew
        self._forget_shared()
        return stats.means(), drawn

    def _forget_shared(self) -> None:
        """Begin anew with what moves share."""
        # A shared value may hold its turn, and so all shared values: emptied, they are freed now.
        for values in self._shared:
            values.clear()
        self._shared = [{} for _ in self.shares]

    def _step(self, moves: Sequence[Move], index: int, now: int, stats: Meter) -> bool:
        """Gather the gradients of moves and step their players; returns whether they drew items.

        index: of the turn among those of its move in this round.
        """
        drew = False
        for move in moves:
            # Moves may share a forward pass: its graph is needed until the last of them.
            drew |= self._gather(move, index, now, stats, keep_graph=move is not moves[-1])
        for name in dict.fromkeys(name for move in moves for name in move.players):
            self.game.players[name].step()
        return drew

    def _average(self) -> None:
        for player in self.game.players.values():
            player.average()

    def _set_pace(self, drawn: int) -> None:
        for player in self.game.players.values():
            player.set_pace(self.images + drawn, drawn)

    def _gather(self, move: Move, index: int, now: int, stats: Meter, *, keep_graph: bool) -> bool:
        """Add the gradients of a move's turn at clock ``now``; returns whether it drew items."""
        weights = [p for name in move.players for p in self.game.players[name].parameters]
        drew = False
        for micro, share in enumerate(self.shares):
            draw = self._draw(f"{move.name}.{index}", now, share)
            turn = self._turn(draw, self._shared[micro])
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                result = move.loss(turn)
            loss = result.loss.float().mean()
            self._finite &= torch.isfinite(loss.detach())
            (loss / len(self.shares)).backward(inputs=weights, retain_graph=keep_graph)
            stats.add({f"loss/{move.name}": result.loss, **result.stats})
            drew |= draw.drew_data
        return drew

    def _draw(self, turn: str, now: int, share: Share) -> Draw:
        # Dropout and its like draw from the default generators: they too depend on the place alone.
        seed_default(self.device, default_key(self.seed, turn, now, share))
        return Draw(self.sources, self.seed, turn, now, share, self.device)

    def _turn(self, draw: Draw, shared: dict[str, Any]) -> Turn:
        state, scheduled = self.game.state, self._scheduled
        return Turn(draw, self._networks, self._averages, state, scheduled, _sharing(shared))

    def _read_schedules(self) -> None:
        """Everything scheduled, as of the round's start, into where moves and graphs read it."""
        for name, schedule in self.game.schedules.items():
            self._scheduled[name].fill_(at(schedule, self.images))
        for player in self.game.players.values():
            player.set_rates(self.images)


def _steps(moves: Sequence[Move]) -> list[list[Move]]:
    """The moves of a group, one list for each step: first all together that are not apart."""
    together = [move for move in moves if not move.apart]
    apart = [[move] for move in moves if move.apart]
    return [together, *apart] if together else apart


def default_key(seed: int, turn: str, now: int, share: Share) -> int:
    """What the default generators are seeded with for a micro-batch of a turn at clock ``now``."""
    return keys.key(seed, "default", turn, now + share.first)


def seed_default(device: torch.device, seed: int) -> None:
    """Seed the default generators that networks on a device may draw from."""
    # torch.manual_seed visits every backend, which costs more than a small network's forward.
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


def _sharing(values: dict[str, Any]) -> Callable[[str, Callable[[], Any]], Any]:
    def shared(name: str, make: Callable[[], Any]) -> Any:
        if name not in values:
            values[name] = make()
        return values[name]

    return shared
