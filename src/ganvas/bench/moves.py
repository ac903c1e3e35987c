"""The time of a step by move: an engine watched from outside, while it plays."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from ganvas.bench.clock import REST, Clock, Label, median_lap, seconds
from ganvas.engine.draw import Draw
from ganvas.engine.engine import Engine
from ganvas.engine.game import Move, Phase, Result, Turn
from ganvas.networks.protocols import Styled, implements
from ganvas.recipes.parts import AUGMENTATIONS

LOOP = "loop"
"""The part of a step that belongs to nothing else."""
ARITHMETIC = ("forward", "backward", "slope", "augmentation", "optimiser")
"""Last words of parts that are the networks' and the optimisers' own arithmetic, or before them."""

MOVES = ("discriminator", "penalty", "generator")
ORDER = ("augmentation", "forward", "slope", "losses", "backward", "optimiser", "EMA")
ORDER += ("data", "noise")
"""How parts are listed: first words of moves, last words of parts."""


@dataclass(frozen=True)
class Part:
    """A part of a step.

    move: the move or player it belongs to; ``""`` if it belongs to none.
    name: ``<network> forward``, ``backward``, ``slope`` (a penalty's inner gradient), ``losses``
        (formulas and statistics), ``augmentation`` (without its backward), ``optimiser``, ``EMA``,
        ``data``, ``noise``, or ``loop`` (all else).
    milliseconds: of one round, on average over a cycle.
    share: of the whole round, 0 to 1.
    """

    move: str
    name: str
    milliseconds: float
    share: float

    @property
    def arithmetic(self) -> bool:
        """Whether it is the networks' and the optimisers' own arithmetic."""
        return self.name.split()[-1] in ARITHMETIC


def by_move(engine: Engine, cycle: int, limit: float) -> list[Part]:
    """Where the time of a round goes, from the median cycle of ``limit`` seconds.

    Args:
        engine: plays on; nothing of it is changed afterwards.
        cycle: rounds until every move has been played.
        limit: seconds; three cycles are measured at least.
    """
    clock = Clock(seconds(engine.device))

    def play() -> None:
        for _ in range(cycle):
            engine.round()

    with watched(engine, clock):
        lap = median_lap(clock, play, limit)
    whole = sum(lap.values())
    rest = lap.pop(REST)
    parts = [Part(*label, 1e3 * t / cycle, t / whole) for label, t in sorted(lap.items(), key=_key)]
    return [*parts, Part("", LOOP, 1e3 * rest / cycle, rest / whole)]


@contextmanager
def watched(engine: Engine, clock: Clock) -> Iterator[None]:
    """For a while, an engine's moves, networks, derivatives, steps and draws are spans of the
    clock."""
    turn = _Current(clock)
    with ExitStack() as stack:
        phases = [
            Phase([tuple(map(turn.move, group)) for group in phase.groups], phase.until)
            for phase in engine.game.phases
        ]
        stack.enter_context(swapped(engine.game, "phases", phases))
        for name in ("backward", "grad"):
            what = "slope" if name == "grad" else name
            call = turn.span(getattr(torch.autograd, name), lambda what=what: (turn.name, what))
            stack.enter_context(swapped(torch.autograd, name, call))
        for augmentation in AUGMENTATIONS.values():
            call = turn.span(augmentation.__call__, lambda: (turn.name, "augmentation"))
            stack.enter_context(swapped(augmentation, "__call__", call))
        drawn = {"data": ("data", "ahead", "fresh"), "noise": ("normal", "uniform")}
        for name, what in ((name, what) for what, names in drawn.items() for name in names):
            call = turn.span(getattr(Draw, name), lambda what=what: ("", what))
            stack.enter_context(swapped(Draw, name, call))
        for name, player in engine.game.players.items():
            spans = {"step": "optimiser"} | ({"average": "EMA"} if player.averages else {})
            for method, what in spans.items():
                call = turn.span(getattr(player, method), lambda who=name, what=what: (who, what))
                stack.enter_context(swapped(player, method, call))
        for name, network in engine.game.networks().items():
            for called in entered(network):
                start = called.register_forward_pre_hook(turn.entering(f"{name} forward"))
                end = called.register_forward_hook(lambda *_: clock.pop())
                stack.callback(start.remove)
                stack.callback(end.remove)
        yield


def entered(network: nn.Module) -> list[nn.Module]:
    """The modules of a network that games call: itself, or the parts of a style-based generator,
    of which they ask w first and images then."""
    parts = list(network.children())
    return parts if implements(network, Styled) else [network]


class _Current:
    """The move that is being played, and spans that bear its name."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.name = ""

    def move(self, move: Move) -> Move:
        """The move, with its loss in a span."""

        def loss(turn: Turn) -> Result:
            self.name = move.name
            return inner(turn)

        inner = self.span(move.loss, lambda: (move.name, "losses"))
        return replace(move, loss=loss)

    def span(self, call: Callable[..., Any], label: Callable[[], Label]) -> Callable[..., Any]:
        """The same call in a span; ``label`` is asked for at each call."""

        def within(*args: Any, **named: Any) -> Any:
            self.clock.push(label())
            try:
                return call(*args, **named)
            finally:
                self.clock.pop()

        return within

    def entering(self, what: str) -> Callable[..., None]:
        """A hook that begins a span."""
        return lambda *_: self.clock.push((self.name, what))


@contextmanager
def swapped(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute for a while; one that an instance had from its class is deleted
    afterwards."""
    own = name in vars(owner)
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


def _key(item: tuple[Label, float]) -> tuple[bool, int, int, str]:
    """Moves about in the order of a round, each with its parts; what belongs to none is last."""
    (move, name), _ = item
    place = next((i for i, word in enumerate(MOVES) if move.startswith(word)), len(MOVES))
    return not move, place, ORDER.index(name.split()[-1]), move + name
