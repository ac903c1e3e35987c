"""Progressive growing: the two-player game, at one resolution after another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ganvas.engine.game import Game, Hook, Move, Outcome, Phase, Result, Turn
from ganvas.engine.player import Player
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN
from ganvas.games.setup import GameSetup
from ganvas.networks.operators.fading import doubled, faded, halved
from ganvas.networks.protocols import Growing, implements

SIDES = ("generator", "discriminator")
CLOCK = "progressive.clock"


@dataclass(frozen=True)
class Progressive(GAN):
    """Karras et al. 2018, section 2: the game begins at the smallest resolution; each next one is
    faded in, then played as it is, over ``images_per_stage`` images each, and the last one stays.

    Everything else is ``GAN``'s, its losses too. A stage is a phase of the game: its moves get the
    networks as far as they have grown, and reals of that size. While a stage is faded in, reals
    are too, so that they are no sharper than fakes can be.

    images_per_stage: for fading a stage in, and again for playing it, 0 or more; with 0 all
        stages are there at once.
    restart: whether optimisers forget their moments when a stage begins to be faded in, and when
        it is, as in the authors' code.

    Raises:
        ValueError: fewer than 0 images, or what ``GAN`` refuses.
    """

    images_per_stage: int = 20_000
    restart: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.images_per_stage < 0:
            raise ValueError("images_per_stage must be 0 or more")

    def fades(self, stages: int) -> list[Linear]:
        """How far each of so many stages, but the first, is faded in, by the clock."""
        each = self.images_per_stage
        begins = [(2 * stage - 1) * each for stage in range(1, stages)]
        return [Linear(0.0, 1.0, begin + each, begin) for begin in begins]

    def build(self, setup: GameSetup) -> Game:
        """``GAN``'s game of networks that are ``Growing``, grown as the clock says.

        Raises:
            ValueError: a network that does not grow, or what ``GAN`` refuses.
        """
        game = super().build(setup)
        networks = {side: growing(side, setup.networks[side]) for side in SIDES}
        averages = [growing(side, average) for side, average in game.averages().items()]
        fades = self.fades(networks["generator"].stages)
        restart = Restart(game.players.values(), fades) if self.restart else None

        def grow(images: int) -> None:
            growth = sum(fade(images) for fade in fades)
            for network in (*networks.values(), *averages):
                network.growth.fill_(growth)

        def after_round(outcome: Outcome) -> None:
            if restart is not None:
                restart(outcome.images)
            # The averages have just followed their networks, and so lag behind in this too.
            grow(outcome.images)

        grow(0)
        return replace(
            game,
            phases=stage_phases(game.phases, networks, fades, setup.field),
            state=game.state | ({} if restart is None else {CLOCK: restart.clock}),
            hooks=(*game.hooks, Hook(after_round)),
        )


class Restart:
    """Lets the optimisers of players forget their moments where a fade begins and where it ends.

    clock: the images seen when it was last called, int64 []; checkpoints hold it.
    """

    def __init__(self, players: Iterable[Player], fades: Iterable[Linear]) -> None:
        self.players = list(players)
        self.moments = [moment for fade in fades for moment in (fade.begin, fade.until)]
        # On the CPU, where to read it is not to wait for a device.
        self.clock = torch.zeros((), dtype=torch.int64)

    def __call__(self, images: int) -> None:
        """Move the clock to ``images``, and forget if it passes one of the moments."""
        if any(int(self.clock) < moment <= images for moment in self.moments):
            for player in self.players:
                player.forget()
        self.clock.fill_(images)


def growing(side: str, network: nn.Module) -> Growing:
    """The network of a side, if it can grow.

    Raises:
        ValueError: it cannot.
    """
    if not implements(network, Growing):
        raise ValueError(f"this {side} does not grow: set `{side}.kind=progressive`")
    return network


def stage_phases(
    phases: Sequence[Phase], networks: Mapping[str, Growing], fades: Sequence[Linear], field: str
) -> list[Phase]:
    """The phases of a game at each stage, which ends where the next one begins to be faded in.

    field: the name of the images in a batch.
    """
    stages = [
        (fade_begin, move_at_stage(stage, networks, field))
        for stage, fade_begin in enumerate([*(fade.begin for fade in fades), None])
    ]
    return [
        Phase([tuple(map(at_stage, group)) for group in phase.groups], _first(end, phase.until))
        for end, at_stage in stages
        for phase in phases
    ]


def move_at_stage(
    stage: int, networks: Mapping[str, Growing], field: str
) -> Callable[[Move], Move]:
    """From a move to the same at a stage: with that part of its networks, on reals of its size.

    field: the name of the images in a batch.
    """
    parts = {name: network.at(stage) for name, network in networks.items()}
    growth = networks["discriminator"].growth
    halvings = networks["discriminator"].stages - 1 - stage

    def prepare(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {**batch, field: reals_at(stage, batch[field], halvings, growth)}

    def at_stage(move: Move) -> Move:
        def loss(turn: Turn) -> Result:
            return move.loss(replace(turn, networks={**turn.networks, **parts}, prepare=prepare))

        return replace(move, loss=loss)

    return at_stage


def _first(*ends: int | None) -> int | None:
    return min((end for end in ends if end is not None), default=None)


@torch.no_grad()
def reals_at(stage: int, images: Tensor, halvings: int, growth: Tensor) -> Tensor:
    """Images [N, C, H, W], halved so often, and blurred as far as the stage is not yet faded in."""
    for _ in range(halvings):
        images = halved(images)
    return images if stage == 0 else faded(doubled(halved(images)), images, growth, stage)
