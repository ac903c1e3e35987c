"""BEGAN and EBGAN beside their algorithms written out, and small ones that learn."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine
from ganvas.engine.optimiser import Adam
from ganvas.games.began import BEGAN
from ganvas.games.ebgan import EBGAN
from ganvas.games.parts.augmentation import Adaptive
from ganvas.games.setup import GameSettings, GameSetup, PlayerSettings
from ganvas.networks.autoencoder import Autoencoder

from .pools import Pool

CPU = torch.device("cpu")
LATENT, BATCH, ROUNDS = 3, 8, 5


def networks() -> dict[str, Any]:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(LATENT, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
    encode = nn.Sequential(nn.Flatten(), nn.Linear(16, 6), nn.Softplus())
    decode = nn.Sequential(nn.Linear(6, 16), nn.Unflatten(1, (1, 4, 4)))
    return {"generator": generator, "discriminator": Autoencoder(encode, decode)}


def engine(settings: GameSettings, **more) -> Engine:
    player = PlayerSettings(Adam(1e-2, (0.5, 0.9)))
    game = settings.build(
        GameSetup(networks(), LATENT, {"generator": player, "discriminator": player})
    )
    return Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU, **more)


def latents(clock: int) -> torch.Tensor:
    draw = Draw({}, 4, "discriminator.0", clock, Share(BATCH, 0, BATCH), CPU)
    return draw.normal("latent", LATENT)


def weights(play: Engine) -> list[torch.Tensor]:
    return [p.detach() for player in play.game.players.values() for p in player.parameters]


class Plain:
    """Both gradients at the weights as they are, each by its own side's; then both steps."""

    def __init__(self) -> None:
        self.nets = networks()
        self.sides = [list(self.nets[n].parameters()) for n in ("discriminator", "generator")]
        self.adams = [torch.optim.Adam(side, 1e-2, (0.5, 0.9)) for side in self.sides]

    def step(self, *losses: torch.Tensor) -> None:
        slopes = [
            torch.autograd.grad(loss, side, retain_graph=True)
            for loss, side in zip(losses, self.sides, strict=True)
        ]
        for side, slope, adam in zip(self.sides, slopes, self.adams, strict=True):
            for weight, gradient in zip(side, slope, strict=True):
                weight.grad = gradient
            adam.step()


def plain_began(gamma: float, lambda_k: float, k: float) -> tuple[list[torch.Tensor], list[float]]:
    plain, pool, path = Plain(), Pool(), []
    generator, autoencoder = plain.nets["generator"], plain.nets["discriminator"]
    for index in range(ROUNDS):
        real = pool.batch(index * BATCH, BATCH)["image"]
        fake = generator(latents(index * BATCH))
        of_real = (real - autoencoder(real)).abs().mean()
        of_fake = (fake - autoencoder(fake)).abs().mean()
        plain.step(of_real - k * of_fake, of_fake)
        k = min(1.0, max(0.0, k + lambda_k * (gamma * of_real.item() - of_fake.item())))
        path.append(k)
    return [p.detach() for side in plain.sides for p in side], path


@pytest.mark.parametrize(
    ("gamma", "k"), [(1.5, 0.0), (0.3, 0.9), (5.0, 0.99)], ids=["rises", "falls", "stays at 1"]
)
def test_began_is_its_algorithm_with_its_equilibrium(gamma: float, k: float) -> None:
    play, path = engine(BEGAN(gamma, lambda_k=0.4, k=k)), []
    for _ in range(ROUNDS):
        play.round()
        path.append(play.game.state["k"].item())
    expected, expected_path = plain_began(gamma, 0.4, k)
    for ours, theirs in zip(weights(play), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert path == pytest.approx(expected_path, rel=1e-4, abs=1e-6)
    assert path[-1] != k
    assert "state.k" in play.tensors()


def test_began_measures_its_convergence() -> None:
    play = engine(BEGAN(gamma=0.7))
    play.round()
    found = play.meter.read()
    real, fake = found["energy/real"], found["energy/fake"]
    assert found["convergence"] == pytest.approx(real + abs(0.7 * real - fake), rel=1e-5)


def test_k_stands_still_without_lambda() -> None:
    play = engine(BEGAN(lambda_k=0.0, k=0.25))
    for _ in range(3):
        play.round()
    assert play.game.state["k"].item() == 0.25
    assert play.meter.read()["k"] == 0.25


@pytest.mark.parametrize("pulling_away", [0.0, 0.7])
@pytest.mark.parametrize("margin", [0.05, 3.0])
def test_ebgan_is_its_equations(margin: float, pulling_away: float) -> None:
    play = engine(EBGAN(margin, pulling_away))
    plain, pool = Plain(), Pool()
    generator, autoencoder = plain.nets["generator"], plain.nets["discriminator"]
    for index in range(ROUNDS):
        play.round()
        real = pool.batch(index * BATCH, BATCH)["image"]
        fake = generator(latents(index * BATCH))
        of_real = (real - autoencoder(real)).square().flatten(1).mean(1)
        of_fake = (fake - autoencoder(fake)).square().flatten(1).mean(1)
        lifted = (margin - of_fake).clamp(min=0)
        rows = autoencoder.encode(fake)
        cosines = torch.cosine_similarity(rows[:, None], rows[None], dim=2).square()
        alike = (cosines.sum() - cosines.trace()) / (BATCH * (BATCH - 1))
        plain.step((of_real + lifted).mean(), of_fake.mean() + pulling_away * alike)
    for ours, theirs in zip(weights(play), (p for s in plain.sides for p in s), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", [BEGAN(lambda_k=0.4, k=0.3), EBGAN(0.3, 0.0)], ids=str)
def test_micro_batches_change_nothing(settings: GameSettings) -> None:
    whole, cut = engine(settings), engine(settings, accumulate=4)
    for _ in range(4):
        whole.round()
        cut.round()
    for a, b in zip(weights(whole), weights(cut), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    for name, value in whole.game.state.items():
        torch.testing.assert_close(value, cut.game.state[name])


@pytest.mark.parametrize("settings", [BEGAN(), EBGAN()], ids=str)
def test_one_forward_of_each_network_serves_both_sides(settings: GameSettings) -> None:
    play, calls = engine(settings), []
    nets = play.game.networks()
    for name, network in (
        ("generator", nets["generator"]),
        ("encode", nets["discriminator"].encode),
    ):
        network.register_forward_hook(lambda *_, name=name: calls.append(name))  # pyright: ignore
    play.round()
    assert sorted(calls) == ["encode", "encode", "generator"]
    assert play.images == BATCH


@pytest.mark.parametrize("settings", [BEGAN(), EBGAN()], ids=str)
def test_reals_and_fakes_are_augmented_and_gradients_pass(settings: GameSettings) -> None:
    sides = []

    def augment(images: torch.Tensor, uniform, strength) -> torch.Tensor:
        sides.append(images.requires_grad)
        return images * (1 + uniform("scale", 1, 1, 1))

    nets = networks()
    before = copy.deepcopy(nets["generator"].state_dict())
    game = settings.build(GameSetup(nets, LATENT, augment=augment))
    Engine(game, {"train": Pool()}, batch=BATCH, seed=0, device=CPU).round()
    assert sides == [False, True]
    assert all(not torch.equal(before[k], v) for k, v in nets["generator"].state_dict().items())


@pytest.mark.parametrize("settings", [BEGAN(), EBGAN()], ids=str)
def test_what_cannot_be_played_is_refused(settings: GameSettings) -> None:
    nets = networks()
    adaptive = GameSetup(nets, LATENT, augment=lambda images, *_: images, strength=Adaptive())
    with pytest.raises(ValueError, match="no sign"):
        settings.build(adaptive)
    scores = nets | {"discriminator": nn.Sequential(nn.Flatten(), nn.Linear(16, 1))}
    with pytest.raises(ValueError, match="kind=autoencoder"):
        settings.build(GameSetup(scores, LATENT))


@pytest.mark.parametrize("wrong", [{"gamma": 0}, {"lambda_k": -1}, {"k": 1.5}])
def test_numbers_that_cannot_be_began(wrong) -> None:
    with pytest.raises(ValueError, match="gamma must be"):
        BEGAN(**wrong)


@pytest.mark.parametrize("wrong", [{"margin": 0}, {"pulling_away": -1}])
def test_numbers_that_cannot_be_ebgan(wrong) -> None:
    with pytest.raises(ValueError, match="margin must be"):
        EBGAN(**wrong)


class Bars:
    """One bright row of two in images [N, 1, 4, 4], a little noisy: two modes."""

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(start)
        which = torch.randint(0, 2, (count,), generator=generator)
        return {"image": bars(which) + 0.1 * torch.randn(count, 1, 4, 4, generator=generator)}


def bars(which: torch.Tensor) -> torch.Tensor:
    images = torch.full((len(which), 1, 4, 4), -0.8)
    images[torch.arange(len(which)), 0, 3 * which] = 0.8
    return images


@pytest.mark.parametrize(
    ("settings", "modes"), [(BEGAN(0.9, 0.02, 0.5), 1), (EBGAN(margin=0.1), 2)], ids=str
)
def test_a_small_game_learns(settings: GameSettings, modes: int, seed: int, within) -> None:
    """Both find real images. On so small a set BEGAN settles on one of the two; EBGAN's term pulls
    its images apart."""
    torch.manual_seed(seed)
    generator = nn.Sequential(
        nn.Linear(4, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
        nn.Linear(64, 16), nn.Unflatten(1, (1, 4, 4)),
    )  # fmt: skip
    encode = nn.Sequential(nn.Flatten(), nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Linear(32, 4))
    decode = nn.Sequential(
        nn.Linear(4, 32), nn.LeakyReLU(0.2), nn.Linear(32, 16), nn.Unflatten(1, (1, 4, 4))
    )
    nets = {"generator": generator, "discriminator": Autoencoder(encode, decode)}
    adam = Adam(1e-3, (0.5, 0.99))
    game = settings.build(
        GameSetup(
            nets,
            4,
            {
                "generator": PlayerSettings(adam, half_life=3000.0),
                "discriminator": PlayerSettings(adam),
            },
        )
    )
    play = Engine(game, {"train": Bars()}, batch=64, seed=seed, device=CPU)
    for _ in range(1000):
        play.round()
    latents = torch.randn(1000, 4, generator=torch.Generator().manual_seed(5))
    images = game.averages()["generator"](latents).detach()
    errors = torch.stack(
        [(images - bars(torch.tensor([k]))).square().mean((1, 2, 3)) for k in (0, 1)]
    )
    nearest, kind = errors.min(0)
    within(float(nearest.quantile(0.8)), 0.1)
    shares = torch.bincount(kind, minlength=2) / len(kind)
    within(0.1, float(shares.sort(descending=True).values[modes - 1]))
