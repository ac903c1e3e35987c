"""A whole round as one CUDA graph: forward, backward, optimisers and averages, launched at once.

Small networks on a fast GPU wait for Python to launch their kernels. A graph is recorded once for
each set of moves and launched whole. What changes from round to round is read from memory: data
and noise are drawn outside the graph, into buffers that keep their place; rates, weights and the
averages' pace are tensors. Networks that draw for themselves (dropout, StyleGAN2's noise) are
seeded at every turn, which a graph cannot do: their rounds become one graph for each turn, and are
seeded between them. Where a round cannot be recorded, the engine goes on without graphs and says
why.
"""

import gc
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor

from ganvas.engine.draw import Batch, Draw, Share
from ganvas.engine.engine import Engine, Place, default_key, seed_default
from ganvas.engine.game import Outcome

RECORDED_AFTER = 3
"""Rounds of one kind that are played before one is recorded: libraries choose their kernels then.
The last of them is played from the tape."""

MOST_GRAPHS = 8
"""Kinds of rounds that are kept; once all are recorded, any other is played as it is."""

Cut = Callable[[], None]
"""Begin a graph; end the one before, if any."""

Capture = Callable[[Callable[[Cut], Outcome]], tuple[list[Callable[[], None]], Outcome]]
"""Record what a function computes, without computing it.

It returns functions that compute it, one for each cut in their order, and the tensors in which the
outcome will lie.
"""


def capture_cuda() -> Capture:
    """Record as CUDA graphs that share one pool of memory: nothing in it outlives a replay."""
    pool, stream = torch.cuda.graph_pool_handle(), torch.cuda.Stream()

    def capture(function: Callable[[Cut], Outcome]) -> tuple[list[Callable[[], None]], Outcome]:
        graphs: list[torch.cuda.CUDAGraph] = []

        def cut() -> None:
            if graphs:
                graphs[-1].capture_end()
            graphs.append(torch.cuda.CUDAGraph())
            graphs[-1].capture_begin(pool=pool)

        torch.cuda.synchronize()
        gc.collect()
        torch.cuda.empty_cache()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            try:
                outcome = function(cut)
            except BaseException:
                # The error that broke the recording is raised, not that it was broken.
                with suppress(RuntimeError), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    for graph in graphs[-1:]:
                        graph.capture_end()
                raise
            graphs[-1].capture_end()
        return [graph.replay for graph in graphs], outcome

    return capture


class Tape:
    """What a round draws, in buffers that keep their place; filled again before each replay."""

    def __init__(self) -> None:
        self._slots: dict[Hashable, tuple[Callable[[int], Any], Any]] = {}
        self.start = 0

    def read(self, name: Hashable, make: Callable[[int], Any]) -> Any:
        """The buffer of that name; ``make(clock)`` draws it for a round that starts then."""
        if name not in self._slots:
            self._slots[name] = make, _mapped(make(self.start), torch.clone)
        return _mapped(self._slots[name][1], torch.Tensor.detach)

    def refill(self, start: int) -> None:
        """Draw everything anew for a round that starts at this clock."""
        self.start = start
        for make, kept in self._slots.values():
            for old, new in zip(_tensors(kept), _tensors(make(start)), strict=True):
                old.copy_(new, non_blocking=True)


@dataclass
class TapedDraw(Draw):
    """A ``Draw`` whose values lie on a tape."""

    tape: Tape = field(default_factory=Tape)

    def _items(self, source: str, place: int, *order: str) -> Batch:
        offset, share = place - self.tape.start, self.share

        def make(start: int) -> Batch:
            first = start + offset + share.first
            return self.sources[source].batch(first, share.count, *order)

        return self.tape.read((self.turn, share.first, offset, "data", source, *order), make)

    def _draw(self, stream: str, sampler: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        offset = self.start - self.tape.start
        plain = Draw(*(getattr(self, each.name) for each in fields(Draw)))

        def make(start: int) -> Tensor:
            return replace(plain, start=start + offset)._draw(stream, sampler, shape)

        return self.tape.read((self.turn, self.share.first, stream, sampler, shape), make)


@dataclass
class Recorded:
    """A kind of round, and its graphs once there are any.

    tape: what its rounds draw.
    played: how often it was played.
    draws: whether its networks draw for themselves; then it has one graph for each turn.
    seeds: for each graph, the seed of its turn, from the clock at which the round starts; none
        where ``draws`` is false.
    replays: a function for each graph, which launches it.
    outcome: what a round leaves, in the tensors in which the graphs leave it.
    """

    tape: Tape = field(default_factory=Tape)
    played: int = 0
    draws: bool = False
    seeds: list[Callable[[int], int]] = field(default_factory=list)
    replays: list[Callable[[], None]] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome({}, {}))


class GraphRecorder:
    """Records an engine's rounds and replays them; the same numbers, sooner.

    Args:
        capture: how rounds are recorded; None records CUDA graphs (tests bring their own).

    Attributes:
        replays: rounds that were replayed so far.
        reason: why it gave up; None as long as it has not.
    """

    def __init__(self, capture: Capture | None = None) -> None:
        self.replays = 0
        self.reason: str | None = None
        self._capture = capture
        self._kinds: dict[Hashable, Recorded] = {}
        self._seeded: list[Tensor] = []

    def play(self, engine: Engine) -> Outcome:
        """Play one round: as it is, from the tape, or replayed."""
        kind = self._find_kind(engine)
        if kind is None or kind.played < RECORDED_AFTER:
            return engine.play()
        kind.tape.refill(engine.images)
        if kind.replays:
            return self._replay(engine, kind)
        if kind.played == RECORDED_AFTER:
            return self._rehearse(engine, kind)
        return self._replay(engine, kind) if self._record(engine, kind) else engine.play()

    def _find_kind(self, engine: Engine) -> Recorded | None:
        """The kind of this round: its moves, and every number that a graph would freeze."""
        if self.reason is not None:
            return None
        frozen = [player.frozen_numbers() for player in engine.game.players.values()]
        name = (
            tuple((id(move), turns) for group in engine.due() for move, turns in group),
            *frozen,
        )
        if name not in self._kinds and len(self._kinds) >= MOST_GRAPHS:
            passed = next((old for old, kind in self._kinds.items() if not kind.replays), None)
            if passed is None:
                return None
            del self._kinds[passed]
        kind = self._kinds.setdefault(name, Recorded())
        kind.played += 1
        return kind

    def _rehearse(self, engine: Engine, kind: Recorded) -> Outcome:
        """Play once more as it is, from the tape; notice networks that draw for themselves."""

        def draw(turn: str, place: Place, share: Share) -> Draw:
            self._notice_draws(engine, kind)
            plain = engine.plain_draw(turn, place, share)
            self._seeded = _default_states(engine.device)
            return _taped(plain, kind.tape)

        self._seeded = _default_states(engine.device)
        outcome = engine.play(draw)
        self._notice_draws(engine, kind)
        return outcome

    def _notice_draws(self, engine: Engine, kind: Recorded) -> None:
        """Whether anybody drew from the default generators since they were seeded last."""
        states = zip(self._seeded, _default_states(engine.device), strict=True)
        moved = [not torch.equal(before, now) for before, now in states]
        kind.draws |= moved.pop()
        if any(moved):
            self.reason = "its networks draw random numbers on the CPU"

    def _record(self, engine: Engine, kind: Recorded) -> bool:
        """Record this kind of round; False where that cannot be done, with the ``reason``."""

        def whole(cut: Cut) -> Outcome:
            def draw(turn: str, place: Place, share: Share) -> Draw:
                # Seeding is forbidden while a graph is recorded: it is done between two graphs.
                if kind.draws:
                    kind.seeds.append(_seed_of(engine, turn, place, share))
                    cut()
                return _taped(engine.unseeded_draw(turn, place, share), kind.tape)

            if not kind.draws:
                cut()
            return engine.play(draw)

        try:
            if self._capture is None:
                self._capture = capture_cuda()
            kind.replays, kind.outcome = self._capture(whole)
        except RuntimeError as error:
            self._give_up(engine, str(error).strip().splitlines()[0])
        return bool(kind.replays)

    def _replay(self, engine: Engine, kind: Recorded) -> Outcome:
        for place, replay in enumerate(kind.replays):
            if kind.draws:
                seed_default(engine.device, kind.seeds[place](engine.images))
            replay()
        self.replays += 1
        kept = kind.outcome
        return Outcome(_copied(kept.means), _mapped(kept.observed, torch.clone))

    def _give_up(self, engine: Engine, reason: str) -> None:
        self.reason = reason
        self._kinds.clear()
        for player in engine.game.players.values():
            player.optimiser.zero_grad(set_to_none=True)


def _taped(plain: Draw, tape: Tape) -> TapedDraw:
    return TapedDraw(*(getattr(plain, each.name) for each in fields(Draw)), tape=tape)


def _seed_of(engine: Engine, turn: str, place: Place, share: Share) -> Callable[[int], int]:
    """The seed of a turn, from the clock at which its round starts."""
    seed, offset = engine.seed, place.clock - engine.images
    return lambda images: default_key(seed, turn, images + offset, share)


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors of a batch: of a tensor, or of a mapping of names to tensors."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _tensors(each)


def _mapped(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """The same batch with each of its tensors put through ``function``."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {name: _mapped(each, function) for name, each in value.items()}
    raise TypeError(f"a batch is a tensor, or a mapping of names to tensors, not {type(value)}")


def _copied(means: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of numbers, by one kernel: to launch one for each would take longer."""
    if not means:
        return {}
    copies = torch._foreach_mul(list(means.values()), 1.0)  # pyright: ignore[reportPrivateImportUsage]
    return dict(zip(means, copies, strict=True))


def _default_states(device: torch.device) -> list[Tensor]:
    on_device = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *on_device]
