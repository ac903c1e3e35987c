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
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine, default_key, seed_default

RECORDED_AFTER = 3
"""Rounds of one kind that are played before one is recorded: libraries choose their kernels then.
The last of them is played from the tape."""

MOST_GRAPHS = 8
"""Kinds of rounds that are kept; once all are recorded, any other is played as it is."""

Outcome = tuple[dict[str, Tensor], int]
"""A round's mean statistics, and how many images were drawn in it."""

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

    def ahead(self, source: str = "train") -> Any:
        """The next items of ``source``, from the tape."""
        offset, share = self.start - self.tape.start, self.share

        def make(start: int) -> Any:
            return self.sources[source].batch(start + offset + share.first, share.count)

        return self.tape.read((self.turn, share.first, "data", source), make)

    def _draw(self, stream: str, sampler: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        offset = self.start - self.tape.start
        plain = Draw(self.sources, self.seed, self.turn, self.start, self.share, self.device)

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
    outcome: the tensors in which the graphs leave the statistics, and the images drawn.
    """

    tape: Tape = field(default_factory=Tape)
    played: int = 0
    draws: bool = False
    seeds: list[Callable[[int], int]] = field(default_factory=list)
    replays: list[Callable[[], None]] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: ({}, 0))


class GraphEngine(Engine):
    """An ``Engine`` that records its rounds and replays them; the same numbers, sooner.

    Its arguments are those of ``Engine``, and ``capture``, which records (tests bring their own).
    ``replays`` is the number of rounds that were replayed so far.
    """

    def __init__(self, *arguments: Any, capture: Capture | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.replays = 0
        self._capture = capture
        self._kinds: dict[Hashable, Recorded] = {}
        self._kind: Recorded | None = None
        self._cut: Cut | None = None
        self._seeded: list[Tensor] = []

    def _play(self) -> Outcome:
        kind = self._find_kind()
        if kind is None or kind.played < RECORDED_AFTER:
            return super()._play()
        kind.tape.refill(self.images)
        self._kind = kind
        try:
            if kind.replays:
                return self._replay(kind)
            if kind.played == RECORDED_AFTER:
                return self._rehearse(kind)
            if self._record(kind):
                return self._replay(kind)
            return super()._play()
        finally:
            self._kind = None

    def _find_kind(self) -> Recorded | None:
        """The kind of this round: its moves, and every number that a graph would freeze."""
        if self.reason is not None:
            return None
        frozen = [player.frozen_numbers() for player in self.game.players.values()]
        name = (tuple((id(move), turns) for group in self._due() for move, turns in group), *frozen)
        if name not in self._kinds and len(self._kinds) >= MOST_GRAPHS:
            passed = next((old for old, kind in self._kinds.items() if not kind.replays), None)
            if passed is None:
                return None
            del self._kinds[passed]
        kind = self._kinds.setdefault(name, Recorded())
        kind.played += 1
        return kind

    def _rehearse(self, kind: Recorded) -> Outcome:
        """Play once more as it is, from the tape; notice networks that draw for themselves."""
        self._seeded = _default_states(self.device)
        kind.outcome = super()._play()
        self._notice_draws()
        return kind.outcome

    def _notice_draws(self) -> None:
        """Whether anybody drew from the default generators since they were seeded last."""
        states = zip(self._seeded, _default_states(self.device), strict=True)
        moved = [not torch.equal(before, now) for before, now in states]
        assert self._kind is not None
        self._kind.draws |= moved.pop()
        if any(moved):
            self.reason = "its networks draw random numbers on the CPU"

    def _record(self, kind: Recorded) -> bool:
        """Record this kind of round; False where that cannot be done, with the ``reason``."""

        def whole(cut: Cut) -> Outcome:
            self._cut = cut
            if not kind.draws:
                cut()
            outcome = self._moves()
            self._average()
            return outcome

        try:
            if self._capture is None:
                self._capture = capture_cuda()
            kind.replays, kind.outcome = self._capture(whole)
        except RuntimeError as error:
            self._give_up(str(error).strip().splitlines()[0])
        finally:
            self._cut = None
        return bool(kind.replays)

    def _replay(self, kind: Recorded) -> Outcome:
        means, drawn = kind.outcome
        self._set_pace(drawn)
        for place, replay in enumerate(kind.replays):
            if kind.draws:
                seed_default(self.device, kind.seeds[place](self.images))
            replay()
        self.replays += 1
        return {name: mean.clone() for name, mean in means.items()}, drawn

    def _give_up(self, reason: str) -> None:
        self.reason = reason
        self._kinds.clear()
        self._kind = None
        for player in self.game.players.values():
            player.optimiser.zero_grad(set_to_none=True)

    def _draw(self, turn: str, now: int, share: Share) -> Draw:
        if self._kind is None:
            return super()._draw(turn, now, share)
        if self._cut is None:
            self._notice_draws()
            plain = super()._draw(turn, now, share)
            self._seeded = _default_states(self.device)
        else:  # seeding is forbidden while a graph is recorded
            plain = Draw(self.sources, self.seed, turn, now, share, self.device)
            if self._kind.draws:
                offset = now - self.images
                self._kind.seeds.append(
                    lambda images: default_key(self.seed, turn, images + offset, share)
                )
                self._cut()
        values = {each.name: getattr(plain, each.name) for each in fields(Draw) if each.init}
        return TapedDraw(**values, tape=self._kind.tape)


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors of a batch: of a tensor, or of a dataclass's fields."""
    if isinstance(value, Tensor):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from _tensors(getattr(value, each.name))


def _mapped(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """The same batch with each of its tensors put through ``function``."""
    if isinstance(value, Tensor):
        return function(value)
    if is_dataclass(value) and not isinstance(value, type):
        each = {part.name: _mapped(getattr(value, part.name), function) for part in fields(value)}
        return replace(value, **each)
    return value


def _default_states(device: torch.device) -> list[Tensor]:
    on_device = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *on_device]
