"""Two sources without pairs: two translators, two discriminators, and a pool of earlier fakes.

CycleGAN (Zhu et al. 2017) in the plane: what is translated there and back again is to return.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

import ganvas
from ganvas.extend import (
    Dataset,
    Game,
    GameSettings,
    GameSetup,
    Hook,
    Move,
    Outcome,
    Phase,
    Points,
    Result,
    Role,
    TranslatorSettings,
    Turn,
    discriminator,
    make_dataset,
    translator,
)

WAYS = {"a_to_b": ("a", "b"), "b_to_a": ("b", "a")}


@dataclass(frozen=True)
class Shift:
    """A residual network from points to points."""

    width: int = 32

    def build(self, shape: tuple[int, ...], target: tuple[int, ...]) -> nn.Module:
        return Residual(self.width)


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, width), nn.Linear(width, 2)

    def forward(self, points: Tensor) -> Tensor:
        return points + self.last(self.first(points.flatten(1)).relu())[:, :, None, None]


class Pool:
    """The last fakes of one translator: read in a turn, written after the round."""

    def __init__(self, name: str, size: int, device: torch.device) -> None:
        self.name, self.size = name, size
        self.state = {
            f"{name}.items": torch.zeros(size, 2, 1, 1, device=device),
            f"{name}.written": torch.zeros((), dtype=torch.int64, device=device),
        }

    def mixed(self, turn: Turn, fakes: Tensor) -> Tensor:
        """Fakes [N, ...], half of them, once the pool is full, replaced by earlier ones."""
        written, share = turn.state[f"{self.name}.written"], turn.draw.share
        places = torch.arange(share.first, share.first + share.count, device=fakes.device)
        earlier = turn.state[f"{self.name}.items"][(written + places) % self.size]
        taken = (turn.draw.uniform(self.name) < 0.5) & (written >= self.size)
        return torch.where(taken.view(-1, *[1] * (fakes.ndim - 1)), earlier, fakes)

    def write(self, outcome: Outcome) -> None:
        items, written = self.state[f"{self.name}.items"], self.state[f"{self.name}.written"]
        for fakes in outcome.observed[self.name]:
            places = (written + torch.arange(len(fakes), device=fakes.device)) % self.size
            items.index_copy_(0, places, fakes)
            written += len(fakes)


@dataclass(frozen=True)
class Unpaired(GameSettings):
    """Least squares on both sides, and an L1 error of the way there and back.

    cycle: weight of that error.
    pool: how many earlier fakes are kept for each discriminator; a multiple of the batch.
    """

    cycle: float = 5.0
    pool: int = 64

    players: ClassVar = {"translators": None, "discriminators": None}
    averaged = ("translators",)
    samples_by = "a_to_b"
    samples_from = "a"
    samples_like = "b"
    sources = ("a", "b")

    @property
    def roles(self) -> Mapping[str, Role]:
        ways = {name: translator(*way) for name, way in WAYS.items()}
        return ways | {f"discriminator_{source}": discriminator(source) for source in "ab"}

    def build(self, setup: GameSetup) -> Game:
        pools = {
            target: Pool(f"pool.{target}", self.pool, setup.device) for _, target in WAYS.values()
        }

        def reals(turn: Turn, source: str) -> Tensor:
            return turn.batch(source)["points"]

        def fakes(turn: Turn, way: str) -> Tensor:
            return turn.shared(way, lambda: turn.networks[way](reals(turn, WAYS[way][0])))

        def scores(turn: Turn, source: str, items: Tensor) -> Tensor:
            return turn.networks[f"discriminator_{source}"](items).flatten()

        def discriminators(turn: Turn) -> Result:
            loss, observed = torch.zeros(()), {}
            for way, (_, target) in WAYS.items():
                made = fakes(turn, way).detach()
                old = pools[target].mixed(turn, made)
                loss = loss + (scores(turn, target, reals(turn, target)) - 1).square()
                loss = loss + scores(turn, target, old).square()
                observed[f"pool.{target}"] = made
            return Result(loss, observed=observed)

        def translators(turn: Turn) -> Result:
            loss = torch.zeros(())
            back = {"a_to_b": "b_to_a", "b_to_a": "a_to_b"}
            for way, (source, target) in WAYS.items():
                made = fakes(turn, way)
                returned = turn.networks[back[way]](made) - reals(turn, source)
                loss = loss + (scores(turn, target, made) - 1).square()
                loss = loss + self.cycle * returned.abs().flatten(1).mean(1)
            return Result(loss)

        players = {
            "translators": setup.player("translators", *WAYS),
            "discriminators": setup.player("discriminators", "discriminator_a", "discriminator_b"),
        }
        groups = [
            (Move("discriminators", ("discriminators",), discriminators),),
            (Move("translators", ("translators",), translators),),
        ]
        state = {name: value for pool in pools.values() for name, value in pool.state.items()}
        return Game(
            players, [Phase(groups)], state, hooks=[Hook(pool.write) for pool in pools.values()]
        )


def register() -> None:
    """What a plug-in does at its end."""
    ganvas.register(Shift, "shift", family=TranslatorSettings)
    ganvas.register(Unpaired)


def sources(count: int = 512) -> dict[str, Dataset]:
    """Points about the left end of a line, and about the right one, higher up."""
    draws = torch.Generator().manual_seed(0)
    found = {}
    for name, centre in {"a": (-0.5, -0.3), "b": (0.5, 0.3)}.items():
        points = 0.1 * torch.randn(count, 2, generator=draws) + torch.tensor(centre)
        found[name] = make_dataset(Points(), points.view(-1, 2, 1, 1), None, (), name)
    return found
