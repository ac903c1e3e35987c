"""Two processes play the run of one: gradients of each move, weights, and the game's own state."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import start_processes

from ganvas.engine.collective import ALONE, Collective, Processes
from ganvas.engine.engine import Engine
from ganvas.engine.optimiser import Adam
from ganvas.engine.player import Player
from ganvas.games.aae import AAE
from ganvas.games.began import BEGAN
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.augmentation import Adaptive
from ganvas.games.parts.path_length import PathLength
from ganvas.games.setup import GameSetup, PlayerSettings
from ganvas.games.vae_gan import VAEGAN

CPU = torch.device("cpu")
SHAPE, LATENT, BATCH = (1, 4, 4), 3, 8


class Pool:
    """Forty images, again and again."""

    def __init__(self) -> None:
        self.pool = torch.rand(40, *SHAPE, generator=torch.Generator().manual_seed(9)) * 2 - 1

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        return {"image": self.pool[torch.arange(start, start + count) % 40]}


class Styles(nn.Module):
    """A small style-based generator that draws nothing itself."""

    average: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.mapping, self.first, self.last = (
            nn.Linear(LATENT, 6),
            nn.Linear(6, 8),
            nn.Linear(8, 16),
        )
        self.register_buffer("average", torch.zeros(6))

    def ws(self, latents: Tensor) -> Tensor:
        return self.mapping(latents)[:, None].expand(-1, 2, -1)

    def synthesis(self, ws: Tensor) -> Tensor:
        return self.last(self.first(ws[:, 0]).tanh() * ws[:, 1].sum(1, True)).view(-1, *SHAPE)

    def forward(self, latents: Tensor) -> Tensor:
        return self.synthesis(self.ws(latents))

    def follow(self, ws: Tensor) -> None:
        self.average.lerp_(ws.mean(0).to(self.average.dtype), 0.1)


def layers(*sizes: int) -> list[nn.Module]:
    return [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), nn.Tanh())][:-1]


class Rebuilding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Flatten(), *layers(16, 4))
        self.decode = nn.Sequential(*layers(4, 16), nn.Unflatten(1, SHAPE))

    def forward(self, images: Tensor) -> Tensor:
        return self.decode(self.encode(images))


def networks(kind: str) -> dict[str, nn.Module]:
    torch.manual_seed(0)
    made: dict[str, nn.Module] = {
        "generator": nn.Sequential(*layers(LATENT, 8, 16), nn.Unflatten(1, SHAPE)),
        "discriminator": nn.Sequential(nn.Flatten(), *layers(16, 8, 1), nn.Flatten(0)),
        "encoder": nn.Sequential(nn.Flatten(), *layers(16, 8, 2 * LATENT)),
    }
    if kind == "styles":
        made["generator"] = Styles()
    if kind == "began":
        made["discriminator"] = Rebuilding()
    if kind == "aae":
        made["discriminator"] = nn.Sequential(nn.Flatten(), *layers(LATENT, 8, 1), nn.Flatten(0))
    return made


def shifted(images: Tensor, uniform: Callable[..., Tensor], strength: Any) -> Tensor:
    return images + strength * uniform("shift", 1, 1, 1)


GAMES: dict[str, Callable[[], Any]] = {
    "gan": lambda: GAN(
        critic_turns=2,
        penalties=(Penalty("gradient", 1.0), Penalty("r1", 1.0, every=2)),
        lazy="apart",
    ),
    "adaptive": lambda: GAN(penalties=(Penalty("r2", 0.5),)),
    "styles": lambda: GAN(terms=(PathLength(every=2, part=0.5),), joint_pass=True),
    "began": lambda: BEGAN(lambda_k=0.1),
    "vae": VAEGAN,
    "aae": AAE,
}


def engine(kind: str, collective: Collective = ALONE, accumulate: int = 1) -> Engine:
    """A game whose players are made alike on every process and in every call."""
    player = PlayerSettings(Adam(1e-2), half_life=40.0)
    more: dict[str, Any] = {}
    if kind == "adaptive":
        more = {"augment": shifted, "strength": Adaptive(0.0, 100)}
    nets = networks(kind)
    game = GAMES[kind]().build(GameSetup(nets, LATENT, dict.fromkeys(nets, player), **more))
    return Engine(
        game,
        {"train": Pool()},
        batch=BATCH,
        seed=4,
        device=CPU,
        accumulate=accumulate,
        collective=collective,
    )


def gradients(play: Engine) -> list[Tensor]:
    """The gradients of each step of two rounds, which do not move a weight."""
    found: list[Tensor] = []
    for player in play.game.players.values():

        def step(player: Player = player) -> Tensor:
            found.append(
                torch.cat([p.grad.flatten() for p in player.parameters if p.grad is not None])
            )
            player.optimiser.zero_grad(set_to_none=True)
            return found[-1].norm()

        player.step = step
    for _ in range(2):
        play.round()
    return found


def trained(play: Engine, rounds: int = 20) -> dict[str, Tensor]:
    for _ in range(rounds):
        play.round()
    assert play.is_finite()
    return {name: tensor.clone() for name, tensor in play.tensors().items()}


def played(collective: Collective, accumulate: int = 1) -> dict[str, Any]:
    """All that is compared, of every game: gradients in float32, weights in float64, means."""
    found: dict[str, Any] = {}
    for kind in GAMES:
        found[f"{kind}/gradients"] = gradients(engine(kind, collective, accumulate))
        torch.set_default_dtype(torch.float64)
        try:
            play = engine(kind, collective, accumulate)
            found[f"{kind}/tensors"] = trained(play)
            found[f"{kind}/means"] = play.meter.read()
        finally:
            torch.set_default_dtype(torch.float32)
    return found


def child(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    processes = Processes()
    found = played(processes)
    found["words"] = [
        processes.broadcast({"from": rank}),
        processes.any(rank == 1),
        processes.any(False),
        processes.gather(torch.full((2, 1), float(rank))).flatten().tolist(),
    ]
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("processes")
    start_processes(child, args=(str(folder),), nprocs=2, start_method="spawn")
    return [torch.load(Path(folder, f"{rank}.pt"), weights_only=True) for rank in range(2)]


@pytest.fixture(scope="module")
def one() -> dict[str, Any]:
    return played(ALONE)


def test_processes_talk(two: list[dict[str, Any]]) -> None:
    for found in two:
        assert found["words"] == [{"from": 0}, True, False, [0.0, 0.0, 1.0, 1.0]]


def check_alike(ours: dict[str, Any], theirs: dict[str, Any], kind: str) -> None:
    steps = zip(ours[f"{kind}/gradients"], theirs[f"{kind}/gradients"], strict=True)
    for mine, other in steps:
        assert (mine - other).norm() <= 1e-6 * other.norm()
    for name, tensor in ours[f"{kind}/tensors"].items():
        other = theirs[f"{kind}/tensors"][name]
        torch.testing.assert_close(tensor, other, rtol=1e-8, atol=1e-10, msg=name)
    means, expected = ({**each[f"{kind}/means"]} for each in (ours, theirs))
    for each in (means, expected):
        each.pop("convergence", None)  # BEGAN's: a distance of means, so no mean of distances
    assert means == pytest.approx(expected, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("kind", GAMES)
def test_two_processes_play_the_run_of_one(kind: str, one, two) -> None:
    for found in two:
        check_alike(found, one, kind)
    for name, tensor in two[0][f"{kind}/tensors"].items():  # to the bit, or they would part
        assert torch.equal(tensor, two[1][f"{kind}/tensors"][name]), name


@pytest.mark.parametrize("accumulate", [2, 4])
def test_micro_batches_play_the_run_of_the_whole_batch(accumulate: int, one) -> None:
    found = played(ALONE, accumulate)
    for kind in GAMES:
        check_alike(found, one, kind)
