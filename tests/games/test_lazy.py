"""Steps apart for what some rounds alone compute, and reals of the generator's own."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine
from ganvas.engine.game import Move, Result, Turn
from ganvas.engine.optimiser import Adam
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.term import Term
from ganvas.games.progressive import Progressive
from ganvas.games.setup import ConditionSource, GameSetup, PlayerSettings
from ganvas.networks.progressive import ProgressiveDiscriminator, ProgressiveGenerator

from .pools import Pool

CPU = torch.device("cpu")
BATCH, LATENT = 8, 3
ADAM = Adam(1e-2, (0.5, 0.9))
SIDES = ("generator", "discriminator")


class Dark(Term):
    """Images of latents of its own are asked to be dark, in every third round."""

    def moves(self, setup: GameSetup) -> tuple[Move, ...]:
        def loss(turn: Turn) -> Result:
            images = turn.networks["generator"](turn.draw.normal("latent", LATENT))
            return Result(3 * images.square().flatten(1).mean(1))

        return (Move("dark", ("generator",), loss, every=3),)


def pair() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(LATENT, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(16, 12), nn.Softplus(), nn.Linear(12, 1), nn.Flatten(0)
    )
    return {"generator": generator, "discriminator": discriminator}


def engine(
    settings: GAN, adam: Adam = ADAM, conditions: ConditionSource | None = None, **more: Any
) -> Engine:
    game = settings.build(
        GameSetup(
            pair(),
            LATENT,
            {"generator": PlayerSettings(adam), "discriminator": PlayerSettings(adam)},
            conditions,
        )
    )
    return Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU, **more)


def parameters(play: Engine) -> list[Tensor]:
    players = play.game.players
    return [p.detach() for name in ("generator", "discriminator") for p in players[name].parameters]


def latents(turn: str, clock: int) -> Tensor:
    return Draw({}, 4, turn, clock, Share(BATCH, 0, BATCH), CPU).normal("latent", LATENT)


@pytest.mark.parametrize("critic_turns", [1, 2])
def test_steps_apart_are_those_of_two_plain_optimisers(critic_turns: int) -> None:
    """StyleGAN2's loop, written out: R1 in each second round, the generator's term in each third,
    a step each; lr and betas corrected by k / (k + 1)."""
    settings = GAN(
        penalties=(Penalty("r1", 10.0, every=2),),
        terms=(Dark(),),
        critic_turns=critic_turns,
        lazy="apart",
    )
    play = engine(settings)
    nets = pair()
    generator, discriminator = nets["generator"], nets["discriminator"]
    adam_d, adam_g = (
        torch.optim.Adam(nets[side].parameters(), 1e-2 * c, (0.5**c, 0.9**c))
        for side, c in (("discriminator", 2 / 3), ("generator", 3 / 4))
    )
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(BATCH), torch.zeros(BATCH)
    pool, clock = Pool(), 0

    def step(adam: torch.optim.Adam, loss: Tensor) -> None:
        adam.zero_grad()
        loss.backward()
        adam.step()

    for index in range(7):
        play.round()
        for turn in range(critic_turns):
            real = pool.batch(clock, BATCH)["image"]
            fake = generator(latents(f"discriminator.{turn}", clock)).detach()
            step(adam_d, bce(discriminator(real), one) + bce(discriminator(fake), zero))
            if index % 2 == 0:
                real.requires_grad_()
                scores = discriminator(real).sum()
                (slope,) = torch.autograd.grad(scores, real, create_graph=True)
                step(adam_d, 2 * 10 * slope.square().flatten(1).sum(1).mean() / 2)
            clock += BATCH
        step(adam_g, bce(discriminator(generator(latents("generator.0", clock))), one))
        if index % 3 == 0:
            step(adam_g, 3 * generator(latents("dark.0", clock)).square().mean())
    theirs = [p.detach() for net in (generator, discriminator) for p in net.parameters()]
    for a, b in zip(parameters(play), theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert play.images == clock


@pytest.mark.parametrize(
    ("players", "ratios"),
    [
        (("generator",), {"generator": 3 / 4, "discriminator": 2 / 3}),
        (("discriminator",), {"generator": 1, "discriminator": 1 / (1 + 1 / 2 + 1 / 3)}),
        (SIDES, {"generator": 3 / 4, "discriminator": 1 / (1 + 1 / 2 + 1 / 3)}),
    ],
    ids=["generator", "discriminator", "both"],
)
def test_a_term_s_own_steps_correct_those_whom_it_moves(
    players: tuple[str, ...], ratios: dict[str, float]
) -> None:
    @dataclass(frozen=True)
    class Both(Dark):
        def moves(self, setup: GameSetup) -> tuple[Move, ...]:
            return tuple(replace(move, players=players) for move in super().moves(setup))

    settings = GAN(penalties=(Penalty("r1", every=2),), terms=(Both(),), lazy="apart")
    moved = engine(settings).game.players
    for side, ratio in ratios.items():
        player = moved[side]
        player.set_rates(0)
        (group,) = player.optimiser.param_groups
        assert group["lr"] == pytest.approx(1e-2 * ratio)
        assert group["betas"] == pytest.approx((0.5**ratio, 0.9**ratio))


def test_what_is_of_every_round_shares_its_step_all_the_same() -> None:
    penalties = (Penalty("r1", 1.0), Penalty("gradient", 1.0))
    plays = [engine(GAN(penalties=penalties, lazy=how)) for how in ("together", "apart")]  # pyright: ignore
    for play in plays:
        for _ in range(3):
            play.round()
    for a, b in zip(*map(parameters, plays), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("reuse", [False, True])
def test_micro_batches_change_nothing(reuse: bool) -> None:
    penalties = (Penalty("r1", 1.0, every=2), Penalty("r2", 1.0, every=3))
    settings = GAN(penalties=penalties, terms=(Dark(),), lazy="apart", reuse_fakes=reuse)
    plays = [engine(settings), engine(settings, accumulate=4)]
    for play in plays:
        for _ in range(4):
            play.round()
    for a, b in zip(*map(parameters, plays), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def resumed(play: Engine, other: Engine) -> Engine:
    """Another engine where this one stands."""
    with torch.no_grad():
        for name, value in other.tensors().items():
            value.copy_(play.tensors()[name])
    other.set_clock(play.clock())
    return other


@pytest.mark.parametrize(
    "settings",
    [
        GAN(penalties=(Penalty("r1", every=3),), terms=(Dark(),), critic_turns=2, lazy="apart"),
        GAN("relativistic", penalties=(Penalty("r1"),), fresh_reals=True),
    ],
    ids=["apart", "fresh"],
)
def test_a_resumed_game_goes_on_to_the_bit(settings: GAN) -> None:
    play = engine(settings)
    for _ in range(4):
        play.round()
    again = resumed(play, engine(settings))
    for _ in range(4):
        play.round()
        again.round()
    for a, b in zip(parameters(play), parameters(again), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("fresh", [False, True])
def test_the_generator_s_fakes_are_scored_beside_reals_of_its_own(fresh: bool) -> None:
    """The pairs of R3GAN's loop: its generator's reals are those the discriminator meets next."""
    play = engine(GAN("relativistic", fresh_reals=fresh))
    nets = pair()
    generator, discriminator = nets["generator"], nets["discriminator"]
    adam_d, adam_g = (
        torch.optim.Adam(nets[side].parameters(), 1e-2, (0.5, 0.9))
        for side in ("discriminator", "generator")
    )
    pool = Pool()
    for index in range(5):
        play.round()
        clock = index * BATCH
        real = pool.batch(clock, BATCH)["image"]
        fake = generator(latents("discriminator.0", clock)).detach()
        loss = nn.functional.softplus(discriminator(fake) - discriminator(real)).mean()
        adam_d.zero_grad()
        loss.backward()
        adam_d.step()
        rivals = discriminator(
            pool.batch(clock + BATCH, BATCH)["image"] if fresh else real
        ).detach()
        scores = discriminator(generator(latents("generator.0", clock + BATCH)))
        adam_g.zero_grad()
        nn.functional.softplus(rivals - scores).mean().backward()
        adam_g.step()
    theirs = [p.detach() for net in (generator, discriminator) for p in net.parameters()]
    # The last bias is left out: only differences of scores count here, and rounding moves it.
    for a, b in zip(parameters(play)[:-1], theirs[:-1], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert play.images == 5 * BATCH  # the clock counts no image twice


def test_fresh_fakes_are_told_what_fresh_reals_are() -> None:
    asked: list[tuple[str, float]] = []

    class Looking(nn.Module):
        """A network that looks at its condition."""

        def __init__(self, name: str, inner: nn.Module) -> None:
            super().__init__()
            self.name, self.inner = name, inner

        def forward(self, input: Tensor, conditions: Tensor) -> Tensor:
            asked.append((self.name, conditions[0, 0].item()))
            return self.inner(input) + conditions.sum()

    def rows(turn: Turn) -> Tensor:
        return turn.batch()["image"][:, :, 0, 0]

    conditions = ConditionSource(False, rows)
    nets = {side: Looking(side, inner) for side, inner in pair().items()}
    settings = GAN("relativistic", fresh_reals=True)
    game = settings.build(
        GameSetup(
            nets,
            LATENT,
            {"generator": PlayerSettings(ADAM), "discriminator": PlayerSettings(ADAM)},
            conditions,
        )
    )
    Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU).round()
    now, following = (Pool().batch(c, 1)["image"][0, 0, 0, 0].item() for c in (0, BATCH))
    assert [value for _, value in asked] == [now] * 3 + [following] * 3


def test_fresh_reals_are_as_small_as_a_stage_is() -> None:
    torch.manual_seed(0)
    nets = {
        "generator": ProgressiveGenerator(LATENT, 4, 8).build((1, 16, 16)),
        "discriminator": ProgressiveDiscriminator(4, 8).build((1, 16, 16)),
    }

    class Wide(Pool):
        def batch(self, start: int, count: int) -> dict[str, Tensor]:
            return {"image": super().batch(start, count)["image"].repeat(1, 1, 4, 4)}

    settings = Progressive("relativistic", fresh_reals=True, images_per_stage=BATCH)
    game = settings.build(
        GameSetup(
            nets, LATENT, {"generator": PlayerSettings(ADAM), "discriminator": PlayerSettings(ADAM)}
        )
    )
    play = Engine(game, {"train": Wide()}, batch=BATCH, seed=4, device=CPU)
    for _ in range(6):
        play.round()
    assert play.is_finite()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "hinge"}, "looks at no reals: set fresh_reals to false"),
        ({"loss": "relativistic", "reuse_fakes": True}, "fresh reals are for fresh fakes"),
    ],
)
def test_fresh_reals_to_no_end_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GAN(**settings, fresh_reals=True)
