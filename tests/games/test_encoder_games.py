"""VAE-GAN and the adversarial autoencoder beside their algorithms, and what they refuse."""

import gc
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine
from ganvas.engine.optimiser import Adam
from ganvas.games.aae import AAE
from ganvas.games.parts.augmentation import Adaptive
from ganvas.games.parts.penalty import Penalty
from ganvas.games.roles import Spec
from ganvas.games.setup import ConditionSource, GameSettings, GameSetup, PlayerSettings
from ganvas.games.vae_gan import VAEGAN, Forward
from ganvas.networks.layers.conditioned import Concatenate, Sequence

from .pools import Pool

CPU = torch.device("cpu")
LATENT, BATCH, ROUNDS = 3, 8, 4


def networks(seen: int = 16, conditions: int = 0) -> dict[str, Any]:
    torch.manual_seed(0)
    join = [Concatenate()] if conditions else []
    generator = [*join, nn.Linear(LATENT + conditions, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4))]
    judge = [nn.Flatten(), *join, nn.Linear(seen + conditions, 12), nn.Softplus(), nn.Linear(12, 1)]
    return {
        "generator": Sequence(*generator),
        "discriminator": Sequence(*judge, nn.Flatten(0)),
        "encoder": nn.Sequential(nn.Flatten(), nn.Linear(16, 9), nn.Tanh(), nn.Linear(9, 6)),
    }


def engine(settings: GameSettings, nets: dict[str, Any], **more) -> Engine:
    player = PlayerSettings(Adam(1e-2, (0.5, 0.9)))
    game = settings.build(GameSetup(nets, LATENT, dict.fromkeys(nets, player)))
    return Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU, **more)


def noise(stream: str, clock: int) -> torch.Tensor:
    draw = Draw({}, 4, "discriminator.0", clock, Share(BATCH, 0, BATCH), CPU)
    return draw.normal(stream, LATENT)


class Plain:
    """The gradient of each loss by its own networks' weights alone, then all the steps."""

    def __init__(self, nets: dict[str, Any]) -> None:
        self.nets = nets
        self.weights = {name: list(net.parameters()) for name, net in nets.items()}
        self.adams = {
            name: torch.optim.Adam(side, 1e-2, (0.5, 0.9)) for name, side in self.weights.items()
        }

    def step(self, **losses: torch.Tensor) -> None:
        slopes = {
            name: torch.autograd.grad(
                loss, self.weights[name], retain_graph=True, materialize_grads=True
            )
            for name, loss in losses.items()
        }
        for name, slope in slopes.items():
            for weight, gradient in zip(self.weights[name], slope, strict=True):
                weight.grad = gradient
            self.adams[name].step()


def assert_same(play: Engine, plain: Plain) -> None:
    for name, side in plain.weights.items():
        for ours, theirs in zip(play.game.players[name].parameters, side, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def bce(scores: torch.Tensor, target: float) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, target))


@pytest.mark.parametrize("likeness", ["features", "pixels"])
@pytest.mark.parametrize("adversarial", [0.7, 0.0])
def test_vae_gan_is_algorithm_1(likeness: Any, adversarial: float) -> None:
    play = engine(VAEGAN(likeness=likeness, gamma=0.3, kl=0.6, adversarial=adversarial), networks())
    plain, pool = Plain(networks()), Pool()
    encoder, generator = plain.nets["encoder"], plain.nets["generator"]
    judge = plain.nets["discriminator"]
    for index in range(ROUNDS):
        play.round()
        clock = index * BATCH
        real = pool.batch(clock, BATCH)["image"]
        mean, log_variance = encoder(real).chunk(2, 1)
        deviation = (log_variance / 2).exp()
        rebuilt = generator(mean + deviation * noise("posterior", clock))
        drawn = generator(noise("latent", clock))
        codes = torch.distributions.Normal(mean, deviation)
        kl = torch.distributions.kl_divergence(codes, torch.distributions.Normal(0.0, 1.0))
        look = judge[:3] if likeness == "features" else nn.Flatten()
        error = (look(rebuilt) - look(real)).square().sum(1).mean() / 2
        found = bce(judge(real), 1) + (bce(judge(rebuilt), 0) + bce(judge(drawn), 0)) / 2
        fooled = (bce(judge(rebuilt), 1) + bce(judge(drawn), 1)) / 2
        plain.step(
            discriminator=found,
            encoder=0.6 * kl.sum(1).mean() + error,
            generator=0.3 * error + adversarial * fooled,
        )
    assert_same(play, plain)


@pytest.mark.parametrize("posterior", ["deterministic", "gaussian"])
@pytest.mark.parametrize("adversarial", [0.7, 0.0])
def test_aae_is_both_its_phases_at_once(posterior: Any, adversarial: float) -> None:
    play = engine(AAE(adversarial=adversarial, posterior=posterior), networks(seen=LATENT))
    plain, pool = Plain(networks(seen=LATENT)), Pool()
    encoder, generator = plain.nets["encoder"], plain.nets["generator"]
    judge = plain.nets["discriminator"]
    for index in range(ROUNDS):
        play.round()
        clock = index * BATCH
        real = pool.batch(clock, BATCH)["image"]
        codes, log_variance = encoder(real).chunk(2, 1)
        if posterior == "gaussian":
            codes = codes + (log_variance / 2).exp() * noise("posterior", clock)
        error = (generator(codes) - real).square().mean()
        plain.step(
            discriminator=bce(judge(noise("latent", clock)), 1) + bce(judge(codes), 0),
            encoder=error + adversarial * bce(judge(codes), 1),
            generator=error,
        )
    assert_same(play, plain)


GAMES = [
    (VAEGAN(), 16),
    (VAEGAN("relativistic", penalties=(Penalty("r1", 1.0), Penalty("r2", 1.0, every=2))), 16),
    (AAE(), LATENT),
    (AAE("relativistic", posterior="gaussian"), LATENT),
]


@pytest.mark.parametrize(("settings", "seen"), GAMES, ids=str)
def test_micro_batches_change_nothing(settings: GameSettings, seen: int) -> None:
    whole, cut = engine(settings, networks(seen)), engine(settings, networks(seen), accumulate=4)
    for _ in range(3):
        whole.round()
        cut.round()
    assert whole.is_finite()
    for name, player in whole.game.players.items():
        # The last bias is left out: where only differences of scores count, rounding moves it.
        pairs = list(zip(player.parameters, cut.game.players[name].parameters, strict=True))
        for a, b in pairs[:-1]:
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("settings", "seen"), GAMES, ids=str)
def test_one_forward_of_encoder_and_generator_serves_all(settings: GameSettings, seen: int) -> None:
    play, calls = engine(settings, networks(seen)), []
    for name in ("encoder", "generator"):
        network = play.game.networks()[name]
        network.register_forward_hook(lambda *_, name=name: calls.append(name))
    play.round()
    assert sorted(calls) == ["encoder", "generator"]
    assert play.images == BATCH


@pytest.mark.parametrize(("settings", "seen"), GAMES, ids=str)
def test_generator_and_discriminator_may_be_told(settings: GameSettings, seen: int) -> None:
    nets = networks(seen, conditions=2)
    conditions = ConditionSource(True, lambda turn: torch.eye(2).repeat(BATCH // 2, 1))
    game = settings.build(GameSetup(nets, LATENT, condition_source=conditions))
    play = Engine(game, {"train": Pool()}, batch=BATCH, seed=0, device=CPU)
    before = nets["generator"][1].weight.detach().clone()
    play.round()
    assert play.is_finite()
    assert (nets["generator"][1].weight != before).all()


def test_a_penalty_joins_the_discriminators_gradient_alone() -> None:
    bare, slowed = (
        engine(VAEGAN(penalties=penalties), networks())
        for penalties in ((), (Penalty("r1", 50.0),))
    )
    bare.round()
    slowed.round()
    for name in ("encoder", "generator", "discriminator"):
        pairs = zip(
            bare.game.players[name].parameters, slowed.game.players[name].parameters, strict=True
        )
        same = all(torch.equal(a, b) for a, b in pairs)
        assert same == (name != "discriminator"), name
    assert "penalty/r1" in slowed.meter.read()


def test_an_image_and_its_reconstruction_are_augmented_alike() -> None:
    draws = []

    def augment(images: torch.Tensor, uniform, strength) -> torch.Tensor:
        draws.append(uniform("scale", 1, 1, 1))
        return images * (1 + draws[-1])

    game = VAEGAN().build(GameSetup(networks(), LATENT, augment=augment))
    Engine(game, {"train": Pool()}, batch=BATCH, seed=0, device=CPU).round()
    real, rebuilt, drawn = draws
    assert torch.equal(real, rebuilt) and not torch.equal(real, drawn)


def test_a_discriminator_without_features_is_refused() -> None:
    for whole in (nn.Linear(4, 1), nn.Sequential(nn.Flatten(), nn.Linear(4, 1))):
        with pytest.raises(ValueError, match="set `discriminator"):
            VAEGAN().build(GameSetup(networks() | {"discriminator": whole}, LATENT))


def test_aae_sees_latents() -> None:
    spec = Spec({"train": (3, 32, 32)}, 8)
    assert AAE().roles["discriminator"].arguments(spec) == ((8, 1, 1),)
    assert VAEGAN().roles["discriminator"].arguments(spec) == ((3, 32, 32),)
    for game in AAE(), VAEGAN():
        assert game.roles["encoder"].arguments(spec) == ((3, 32, 32), 8)
        assert (game.players["encoder"], game.averaged) == ("generator", ("generator", "encoder"))


def test_what_cannot_be_played_is_refused() -> None:
    same = {"augment": lambda images, *_: images}
    with pytest.raises(ValueError, match="leave `augment` away"):
        AAE().build(GameSetup(networks(LATENT), LATENT, **same))
    with pytest.raises(ValueError, match="adapts no strength"):
        VAEGAN().build(GameSetup(networks(), LATENT, strength=Adaptive(), **same))
    for settings in (AAE, VAEGAN):
        with pytest.raises(ValueError, match="unknown loss"):
            settings(loss="hing")
        with pytest.raises(ValueError, match="must be 0 or more"):
            settings(adversarial=-1.0)
    with pytest.raises(ValueError, match="may stand once"):
        VAEGAN(penalties=(Penalty("r1"), Penalty("r1", 2.0)))


class Gaussian:
    """Points of another mean and spread than the latents'."""

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        points = torch.randn(count, 2, generator=torch.Generator().manual_seed(start))
        return {"image": points * torch.tensor([0.5, 0.2]) + torch.tensor([1.0, -1.0])}


def drawn_after(settings: GameSettings, rounds: int, seed: int) -> torch.Tensor:
    """Points that a small generator of 2 latents draws in the end."""
    torch.manual_seed(seed)
    nets: dict[str, nn.Module] = {
        "generator": nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2)),
        "encoder": nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 4)),
        "discriminator": nn.Sequential(
            nn.Flatten(), nn.Linear(2, 64), nn.LeakyReLU(0.2),
            nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1),
        ),
    }  # fmt: skip
    adam = Adam(2e-3, (0.0, 0.99))
    game = settings.build(
        GameSetup(
            nets,
            2,
            {
                "generator": PlayerSettings(adam, half_life=5000.0),
                "encoder": PlayerSettings(adam, half_life=5000.0),
                "discriminator": PlayerSettings(adam),
            },
        )
    )
    play = Engine(game, {"train": Gaussian()}, batch=128, seed=seed, device=CPU)
    for _ in range(rounds):
        play.round()
    latents = torch.randn(4000, 2, generator=torch.Generator().manual_seed(5))
    return game.averages()["generator"](latents).detach()


@pytest.mark.parametrize(
    ("settings", "rounds"),
    [
        (VAEGAN(gamma=0.3, kl=0.05, penalties=(Penalty("r1", 0.1),)), 600),
        (VAEGAN(likeness="pixels", gamma=1.0, kl=0.01, adversarial=0.0), 1500),
        (AAE(), 1500),
        (AAE(posterior="gaussian"), 1500),
    ],
    ids=str,
)
def test_a_small_game_learns(settings: GameSettings, rounds: int, seed: int, within) -> None:
    points = drawn_after(settings, rounds, seed)
    within(float((points.mean(0) - torch.tensor([1.0, -1.0])).abs().max()), 0.15)
    within(float((points.std(0) - torch.tensor([0.5, 0.2])).abs().max()), 0.12)


def test_without_its_adversary_noise_means_nothing_to_an_autoencoder(seed: int, within) -> None:
    points = drawn_after(AAE(adversarial=0.0), 1500, seed)
    within(0.2, float((points.std(0) - torch.tensor([0.5, 0.2])).abs().max()))


def test_what_a_round_shared_is_freed_with_it() -> None:
    """At once, not when the garbage collector comes by: a forward's graph is large."""
    play = engine(VAEGAN(penalties=(Penalty("r1"),)), networks())
    gc.collect()
    gc.disable()
    try:
        play.round()
        assert not any(type(each) is Forward for each in gc.get_objects())
    finally:
        gc.enable()
