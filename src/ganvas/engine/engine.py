"""The engine plays the moves of a game.

It alone freezes opponents, runs backward, averages gradients over processes, has players step,
forget their gradients and update their EMA copies (``Player.step``, ``Player.average``), and calls
the game's hooks. An opponent is frozen by asking for the gradients of the moving players' weights
alone, so nothing is computed for anybody else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from ganvas import keys
from ganvas.engine.collective import ALONE, Collective
from ganvas.engine.draw import Draw, Share, Source
from ganvas.engine.first_turn import check_gradients, check_result, check_state, versions
from ganvas.engine.game import Game, Move, Outcome, Turn
from ganvas.engine.meter import Meter, Tally
from ganvas.engine.schedule import at, moved_ends


@dataclass(frozen=True)
class Place:
    """Where a turn stands in its round.

    index: which of the turns of its move it is, from 0 on.
    clock: the images seen when it begins.
    items: where in the streams its batch begins; turns of one batch share it.
    """

    index: int
    clock: int
    items: int


MakeDraw = Callable[[str, Place, Share], Draw]
"""From a turn, by its name and place, and its share of the batch to what it may draw."""


class Recorder(Protocol):
    """Plays an engine's rounds in a faster way, to the same numbers.

    replays: how many rounds were played so.
    reason: why it gave up; None as long as it has not.
    """

    replays: int
    reason: str | None

    def play(self, engine: "Engine") -> Outcome:
        """Play one round, as ``engine.play`` does."""
        ...


class Engine:
    """Plays a game round by round on a clock of images seen.

    Its clock is ``images`` and ``rounds``; ``meter`` gathers means for the log.

    Args:
        game: what to play; its networks already lie on ``device``.
        sources: streams of training items by name; the first is the main one.
        batch: items of one global batch, over all processes and micro-batches.
        seed: with the clock, it determines every draw.
        device: where the networks lie.
        bf16: whether losses are computed under bfloat16 autocast.
        accumulate: micro-batches a turn.
        collective: the processes that play together; each plays its share of every batch.
        recorder: plays rounds in a faster way; None plays them as they are.

    Raises:
        ValueError: ``batch`` does not divide into as many parts as there are processes times
            ``accumulate``.
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
        collective: Collective = ALONE,
        recorder: Recorder | None = None,
    ) -> None:
        parts = collective.world * accumulate
        if batch % parts:
            raise ValueError(f"a batch of {batch} does not divide into {parts} parts")
        self.game = game
        self.sources = sources
        self.batch = batch
        self.seed = seed
        self.device = device
        self.bf16 = bf16
        self.collective = collective
        self.recorder = recorder
        self.images = 0
        self.rounds = 0
        self.meter = Meter()
        count, first = batch // parts, collective.rank * accumulate
        self.shares = [Share(batch, (first + micro) * count, count) for micro in range(accumulate)]
        self._networks = game.networks()
        self._averages = game.averages()
        self._scheduled = {name: torch.zeros((), device=device) for name in game.schedules}
        self._finite = torch.ones((), dtype=torch.bool, device=device)
        self._shared: list[dict[str, Any]] = []
        self._begun: set[str] = set()

    @property
    def reason(self) -> str | None:
        """Why a faster way of playing was given up, where one was."""
        return None if self.recorder is None else self.recorder.reason

    def round(self) -> None:
        """Play every move of the current phase that is due, once; advance the clock."""
        drawn = self.drawn()
        self._read_schedules(drawn)
        outcome = self.play() if self.recorder is None else self.recorder.play(self)
        self.images += drawn
        outcome = self._of_all_processes(outcome)
        for hook in self.game.hooks:
            if self.rounds % hook.every == 0:
                hook.call(outcome)
        self.meter.add(outcome.means)
        self.rounds += 1

    def is_finite(self) -> bool:
        """Whether every loss so far was a finite number, in all processes. Waits for the device."""
        return not self.collective.any(not self._finite.item())

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

    def due(self) -> list[list[tuple[Move, int]]]:
        """The moves of this round, group by group, each with its turns."""
        return [
            [(move, move.turns(self.images)) for move in group if self.rounds % move.every == 0]
            for group in self.game.phase(self.images).groups
        ]

    def drawn(self) -> int:
        """Items of this round: a batch, and one more for each further turn of a group."""
        turns = [max((turns for _, turns in group), default=0) for group in self.due()]
        return self.batch * (any(turns) + sum(each - 1 for each in turns if each))

    def play(self, draw: MakeDraw | None = None) -> Outcome:
        """Play a round where the clock stands, without moving it; what this process saw of it.

        draw: makes what a turn may draw; None makes what ``plain_draw`` does.
        """
        outcome = self._play_moves(draw or self.plain_draw)
        for player in self.game.players.values():
            player.average()
        return outcome

    def _play_moves(self, draw: MakeDraw) -> Outcome:
        """Play the moves of a round, and have their players step."""
        tally, batches = Tally(), 0
        for group in self.due():
            for index in range(max((turns for _, turns in group), default=0)):
                now = self.images + self.batch * batches
                # What moves share, their batch too, lasts from group to group, so that the
                # generator may use what the last turn of the discriminator made; a further turn
                # begins anew.
                if index or not batches:
                    self._forget_shared()
                    batches += 1
                place = Place(index, now, self.images + self.batch * (batches - 1))
                for moves in _steps([move for move, turns in group if index < turns]):
                    self._step(moves, place, draw, tally)
        self._forget_shared()
        return Outcome(tally.means(), tally.observed())

    def plain_draw(self, turn: str, place: Place, share: Share) -> Draw:
        """What a turn may draw. The default generators, from which dropout and its like draw, are
        seeded, so that they too depend on the place alone."""
        seed_default(self.device, default_key(self.seed, turn, place.clock, share))
        return self.unseeded_draw(turn, place, share)

    def unseeded_draw(self, turn: str, place: Place, share: Share) -> Draw:
        """The same, and the default generators are left alone."""
        return Draw(self.sources, self.seed, turn, place.clock, share, self.device, place.items)

    def _forget_shared(self) -> None:
        """Begin anew with what moves share."""
        # A shared value may hold its turn, and so all shared values: emptied, they are freed now.
        for values in self._shared:
            values.clear()
        self._shared = [{} for _ in self.shares]

    def _step(self, moves: Sequence[Move], place: Place, draw: MakeDraw, tally: Tally) -> None:
        """Gather the gradients of moves, over micro-batches and processes; step their players."""
        for move in moves:
            # Moves may share a forward pass: its graph is needed until the last of them.
            self._gather(move, place, draw, tally, keep_graph=move is not moves[-1])
        names = dict.fromkeys(name for move in moves for name in move.players)
        players = {name: self.game.players[name] for name in names}
        if self.collective.world > 1:
            weights = [p for player in players.values() for p in player.parameters]
            self.collective.mean([p.grad for p in weights if p.grad is not None])
        tally.add({f"gradient/{name}": player.step() for name, player in players.items()})

    def _gather(
        self, move: Move, place: Place, draw: MakeDraw, tally: Tally, *, keep_graph: bool
    ) -> None:
        """Add the gradients of a turn of a move, over this process's micro-batches."""
        weights = [p for name in move.players for p in self.game.players[name].parameters]
        name, observed = f"{move.name}.{place.index}", []
        is_first = move.name not in self._begun
        for share, shared in zip(self.shares, self._shared, strict=True):
            turn = self._turn(draw(name, place, share), shared)
            before = versions(self.game.state) if is_first else {}
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                result = move.loss(turn)
            if is_first:
                check_result(move, result, share.count, self._networks)
                check_state(move, before, self.game.state)
            loss = result.loss.to(torch.promote_types(result.loss.dtype, torch.float32)).mean()
            self._finite &= torch.isfinite(loss.detach())
            (loss / len(self.shares)).backward(inputs=weights, retain_graph=keep_graph)
            tally.add({f"loss/{move.name}": result.loss, **result.stats})
            observed.append(result.observed)
        tally.observe(observed)
        if is_first:
            check_gradients(move, weights)
            self._begun.add(move.name)

    def _turn(self, draw: Draw, shared: dict[str, Any]) -> Turn:
        state, scheduled = self.game.state, self._scheduled
        return Turn(draw, self._networks, self._averages, state, scheduled, _sharing(shared))

    def _of_all_processes(self, outcome: Outcome) -> Outcome:
        """What all processes saw of a round, at the clock after it."""
        means, observed = outcome.means, outcome.observed
        if self.collective.world > 1:
            means = {name: mean.clone() for name, mean in means.items()}
            self.collective.mean(list(means.values()))
            observed = {
                name: self.collective.gather(rows.transpose(0, 1)).transpose(0, 1)
                for name, rows in observed.items()
            }
        return Outcome(means, observed, self.images)

    def _read_schedules(self, drawn: int) -> None:
        """Everything scheduled, as of the start of a round of so many items, into where moves and
        graphs read it; how far averages follow, as of its end."""
        for name, schedule in self.game.schedules.items():
            self._scheduled[name].fill_(at(schedule, self.images))
        for player in self.game.players.values():
            player.set_rates(self.images)
            player.set_pace(self.images + drawn, drawn)


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
