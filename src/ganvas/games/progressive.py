"""Progressive growing: the two-player game, at one resolution after another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.engine.game import Game, Move, Phase, Result, Turn
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
    With 0 all are there at once.

    Everything else is ``GAN``'s. A stage is a phase of the game: its moves find the networks as far
    as they have grown, and reals of that size, and know nothing of it. While a stage is faded in,
    reals are too, so that they are no sharper than fakes can be.

    restart: Adam forgets its moments wherever a stage begins to be faded in, and where it is, as in
    the authors' code.

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
        """How far each stage but the first is faded in, by the clock."""
        each = self.images_per_stage
        begins = [(2 * stage - 1) * each for stage in range(1, stages)]
        return [Linear(0.0, 1.0, begin + each, begin) for begin in begins]

    def build(self, setup: GameSetup) -> Game:
        """``GAN``'s game of networks that are ``Growing``, grown as the clock says."""
        game = super().build(setup)
        networks = {side: growing(side, setup.networks[side]) for side in SIDES}
        averages = [
            growing(name, game.averages()[name]) for name in SIDES if name in game.averages()
        ]
        fades = self.fades(networks["generator"].stages)

        def grow(images: int) -> None:
            growth = sum(fade(images) for fade in fades)
            for network in (*networks.values(), *averages):
                network.growth.fill_(growth)

        # On the CPU, where to read it is not to wait for a device.
        clock = torch.zeros((), dtype=torch.int64)
        turns = sorted({moment for fade in fades for moment in (fade.begin, fade.until)})

        def forget(images: int) -> None:
            passed = any(int(clock) < moment <= images for moment in turns)
            clock.fill_(images)
            if passed:
                for player in game.players.values():
                    player.forget()

        def after_round(means: Mapping[str, Tensor], images: int) -> None:
            if game.after_round is not None:
                game.after_round(means, images)
            if self.restart:
                forget(images)
            # The averages have just followed their networks, and so lag behind in this too.
            grow(images)

        grow(0)
        phases = [
            Phase(
                [tuple(at(stage, move, networks) for move in group) for group in phase.groups],
                until=min((u for u in (until, phase.until) if u is not None), default=None),
            )
            for stage, until in enumerate([*(fade.begin for fade in fades), None])
            for phase in game.phases
        ]
        state = {**game.state, **({CLOCK: clock} if self.restart else {})}
        return replace(game, phases=phases, state=state, after_round=after_round)


def growing(side: str, network: nn.Module) -> Growing:
    """The network of a side, if it can grow.

    Raises:
        ValueError: it cannot.
    """
    if not implements(network, Growing):
        raise ValueError(f"this {side} does not grow: set --{side}.kind progressive")
    return network


def at(stage: int, move: Move, networks: Mapping[str, Growing]) -> Move:
    """A move as it is played at a stage: with that part of its networks, on reals of its size."""
    parts = {name: network.at(stage) for name, network in networks.items()}
    growth = networks["discriminator"].growth
    halvings = networks["discriminator"].stages - 1 - stage

    def small(batch: Any) -> Any:
        return replace(batch, images=reals_at(stage, batch.images, halvings, growth))

    def loss(turn: Turn) -> Result:
        def shared(name: str, make: Callable[[], Any]) -> Any:
            is_batch = name.partition(".")[0] == "batch"
            return turn.shared(name, (lambda: small(make())) if is_batch else make)

        return move.loss(replace(turn, networks={**turn.networks, **parts}, shared=shared))

    return replace(move, loss=loss)


@torch.no_grad()
def reals_at(stage: int, images: Tensor, halvings: int, growth: Tensor) -> Tensor:
    """Images [N, C, H, W], halved so often, and blurred as far as the stage is not yet faded in."""
    for _ in range(halvings):
        images = halved(images)
    return images if stage == 0 else faded(doubled(halved(images)), images, growth, stage)
