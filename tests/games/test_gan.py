import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine
from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty, clip_weights
from ganvas.games.parts.augmented_discriminator import scores_and_logits
from ganvas.games.parts.unrolled import Unrolled
from ganvas.games.setup import GameSetup, PlayerSettings
from ganvas.losses.adversarial import adversarial_loss

from .pools import Pool

CPU = torch.device("cpu")
LATENT, BATCH = 3, 8


def networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(LATENT, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
    hidden = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.Softplus(), nn.Linear(12, 1))
    return generator, nn.Sequential(hidden, nn.Flatten(0))


def setup(generator: nn.Module, discriminator: nn.Module, **more) -> GameSetup:
    player = PlayerSettings(Adam(1e-2, (0.5, 0.9)))
    networks = {"generator": generator, "discriminator": discriminator}
    return GameSetup(networks, LATENT, {"generator": player, "discriminator": player}, **more)


def engine(settings: GAN, **more) -> Engine:
    generator, discriminator = networks()
    game = settings.build(setup(generator, discriminator))
    return Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU, **more)


def noise(turn: str, stream: str, clock: int, *shape: int, uniform: bool = False) -> torch.Tensor:
    draw = Draw({}, 4, turn, clock, Share(BATCH, 0, BATCH), CPU)
    return draw.uniform(stream, *shape) if uniform else draw.normal(stream, *shape)


bce = nn.BCEWithLogitsLoss()
ONE, ZERO = torch.ones(BATCH), torch.zeros(BATCH)


def cross_entropy(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return bce(real, ONE) + bce(fake, ZERO)


def plain_rounds(
    rounds: int,
    *,
    penalty: str | None = None,
    reuse: bool = False,
    d_loss: Any = cross_entropy,
    g_loss: Any = lambda fake: bce(fake, ONE),
) -> list[torch.Tensor]:
    """The textbook loop, written out: an independent account of what the engine should do."""
    generator, discriminator = networks()
    adam_g = torch.optim.Adam(generator.parameters(), 1e-2, (0.5, 0.9))
    adam_d = torch.optim.Adam(discriminator.parameters(), 1e-2, (0.5, 0.9))
    pool = Pool()
    for index in range(rounds):
        clock = index * BATCH
        real = pool.batch(clock, BATCH)["image"].requires_grad_()
        fake = generator(noise("discriminator.0", "latent", clock, LATENT))
        seen = fake.detach().requires_grad_()
        loss = d_loss(discriminator(real), discriminator(seen))
        if penalty == "gradient":
            epsilon = noise("discriminator.0", "epsilon", clock, uniform=True).view(-1, 1, 1, 1)
            points = (epsilon * real + (1 - epsilon) * seen).detach().requires_grad_()
            (slope,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
            loss = loss + 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
        if penalty in ("r1", "r2"):
            points = real if penalty == "r1" else seen
            (slope,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
            loss = loss + 10 * slope.square().flatten(1).sum(1).mean() / 2
        adam_d.zero_grad()
        loss.backward()
        adam_d.step()
        if not reuse:
            fake = generator(noise("generator.0", "latent", clock + BATCH, LATENT))
        adam_g.zero_grad()
        g_loss(discriminator(fake)).backward()
        adam_g.step()
    return [p.detach() for net in (generator, discriminator) for p in net.parameters()]


def parameters(play: Engine) -> list[torch.Tensor]:
    players = play.game.players
    return [p.detach() for name in ("generator", "discriminator") for p in players[name].parameters]


@pytest.mark.parametrize("penalty", [None, "gradient", "r1", "r2"])
@pytest.mark.parametrize("reuse", [False, True])
def test_the_engine_plays_the_textbook_loop(penalty: str | None, reuse: bool) -> None:
    penalties = () if penalty is None else (Penalty(penalty, 10.0),)  # pyright: ignore
    play = engine(GAN(penalties=penalties, reuse_fakes=reuse))
    for _ in range(5):
        play.round()
    expected = plain_rounds(5, penalty=penalty, reuse=reuse)
    for ours, theirs in zip(parameters(play), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "d_loss", "g_loss"),
    [
        (
            GAN("non-saturating", generator_loss="least-squares", real_label=0.9),
            lambda real, fake: bce(real, 0.9 * ONE) + bce(fake, ZERO),
            lambda fake: (fake - 1).square().mean() / 2,
        ),
        (
            GAN("least-squares", generator_loss="wasserstein", fake_label=-1.0),
            lambda real, fake: ((real - 1).square() + (fake + 1).square()).mean() / 2,
            lambda fake: -fake.mean(),
        ),
        (
            GAN("relativistic", generator_loss="minimax"),
            lambda real, fake: nn.functional.softplus(fake - real).mean(),
            lambda fake: torch.log(1 - fake.sigmoid()).mean(),
        ),
    ],
    ids=lambda settings: getattr(settings, "loss", ""),
)
def test_the_losses_of_both_sides_may_be_of_two_kinds(
    settings: GAN, d_loss: Any, g_loss: Any
) -> None:
    play = engine(settings)
    for _ in range(4):
        play.round()
    expected = plain_rounds(4, d_loss=d_loss, g_loss=g_loss)
    for ours, theirs in zip(parameters(play), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"generator_loss": "hing"}, "unknown loss 'hing'"),
        # Least squares' labels are of its discriminator's side, which is not played.
        (
            {"loss": "hinge", "generator_loss": "least-squares", "real_label": 0.9},
            "no labels to smooth",
        ),
        (
            {"loss": "relativistic", "generator_loss": "hinge", "fresh_reals": True},
            "loss hinge looks at no reals",
        ),
        (
            {"generator_loss": "hinge", "unrolled": Unrolled(objective="value")},
            "with its sign turned",
        ),
    ],
)
def test_losses_that_cannot_be_both_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GAN(**settings)


def test_a_generator_s_loss_may_look_at_reals_where_the_discriminator_s_does_not() -> None:
    loss = GAN("hinge", generator_loss="relativistic", fresh_reals=True).adversarial
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.5])
    assert loss.needs_reals and loss.centred
    torch.testing.assert_close(loss.discriminator(real, fake), torch.tensor([2.0, 3.5]))
    expected = -torch.nn.functional.logsigmoid(fake - real)
    torch.testing.assert_close(loss.generator(real, fake), expected)


@pytest.mark.parametrize("form", ["exact", "approximate"])
@pytest.mark.parametrize("reuse", [False, True])
def test_micro_batches_change_nothing(reuse: bool, form) -> None:
    penalties = (Penalty("r1", 1.0, form=form),)
    settings = GAN(loss="relativistic", penalties=penalties, reuse_fakes=reuse)
    whole, cut = engine(settings), engine(settings, accumulate=4)
    for _ in range(4):
        whole.round()
        cut.round()
    # The last bias is left out: only differences of scores count here, and rounding moves it.
    for a, b in zip(parameters(whole)[:-1], parameters(cut)[:-1], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_reused_fakes_save_a_forward() -> None:
    counts = {}
    for reuse in (False, True):
        play = engine(GAN(reuse_fakes=reuse, critic_turns=2))
        calls = []
        network = play.game.networks()["generator"]
        network.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        play.round()
        counts[reuse] = len(calls)
        assert play.images == 2 * BATCH
    assert counts == {False: 3, True: 2}


def test_a_lazy_penalty_is_computed_rarely_and_weighs_more() -> None:
    play = engine(GAN(penalties=(Penalty("r1", 3.0, every=4),)))
    seen = []
    for _ in range(8):
        play.round()
        seen.append("penalty/r1" in play.meter.read())
    assert seen == [True, False, False, False] * 2
    lazy, eager = (
        engine(GAN(penalties=(Penalty("r1", 3.0, 2),))),
        engine(GAN(penalties=(Penalty("r1", 6.0),))),
    )
    lazy.round()
    eager.round()
    for a, b in zip(parameters(lazy), parameters(eager), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_a_penalty_weight_follows_its_schedule() -> None:
    play = engine(GAN(penalties=(Penalty("r1", Linear(4.0, 0.0, until=4 * BATCH)),)))
    weights = []
    for _ in range(5):
        play.round()
        weights.append(play._scheduled["penalty/r1"].item())
    assert weights == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    "settings",
    [
        GAN(loss="wasserstein", penalties=(Penalty("gradient"),), critic_turns=2),
        GAN(loss="minimax", penalties=(Penalty("dragan"),)),
        GAN(loss="least-squares", real_label=0.9),
        GAN(loss="hinge", score_weight=0.5, reuse_fakes=True),
        GAN(loss="relativistic", penalties=(Penalty("r1"), Penalty("r2")), reuse_fakes=True),
        GAN(loss="relativistic", penalties=(Penalty("r1", every=2), Penalty("gradient", every=3))),
        GAN(
            penalties=(Penalty("r1", part=0.25), Penalty("r2", every=2, part=0.1)), joint_pass=True
        ),
        GAN(penalties=(Penalty("gradient", part=0.5), Penalty("dragan", part=0.5))),
        GAN(penalties=(Penalty("r1", form="approximate"), Penalty("r2", 1, 2, 0.5, "approximate"))),
    ],
    ids=str,
)
def test_every_combination_moves_both_players(settings: GAN) -> None:
    play = engine(settings)
    before = [p.clone() for p in parameters(play)]
    for _ in range(3):
        play.round()
    assert play.is_finite()
    # The discriminator's last bias is left out: where only differences of scores count, it rests.
    moved = [not torch.equal(a, b) for a, b in zip(before, parameters(play), strict=True)]
    assert all(moved[:-1])


def test_scores_in_bfloat16_lose_no_gradient_to_rounding() -> None:
    scores = torch.tensor([5.0, 6.0, 7.0, 9.0], dtype=torch.bfloat16, requires_grad=True)
    loss = adversarial_loss("non-saturating")
    seen, _ = scores_and_logits(scores)
    (slope,) = torch.autograd.grad(loss.discriminator(seen, seen.detach()).sum(), scores)
    expected = -torch.sigmoid(-scores.detach().float())
    torch.testing.assert_close(slope.float(), expected, rtol=0.01, atol=0)


def test_weight_clipping_bounds_every_weight() -> None:
    play = engine(GAN(loss="wasserstein"))
    player = play.game.players["discriminator"]
    clip_weights(player, 0.01)
    play.round()
    assert max(p.abs().max().item() for p in player.parameters) <= 0.01


def test_score_weight_scales_the_scores_and_not_the_penalty() -> None:
    half = engine(GAN(score_weight=0.5, penalties=(Penalty("r1", 5.0),)))
    full = engine(GAN(score_weight=1.0, penalties=(Penalty("r1", 10.0),)))
    half.round()
    full.round()
    ours, theirs = half.meter.read(), full.meter.read()
    assert ours["loss/discriminator"] == pytest.approx(theirs["loss/discriminator"] / 2, rel=1e-5)


def test_augmentation_is_for_the_discriminator_alone_and_gradients_pass_it() -> None:
    seen = []

    def augment(images: torch.Tensor, uniform, strength) -> torch.Tensor:
        assert strength == 1.0
        seen.append(images.shape)
        return images * (1 + uniform("scale", 1, 1, 1))

    generator, discriminator = networks()
    before = copy.deepcopy(generator.state_dict())
    game = GAN().build(setup(generator, discriminator, augment=augment))
    Engine(game, {"train": Pool()}, batch=BATCH, seed=0, device=CPU).round()
    assert len(seen) == 3
    assert any(not torch.equal(before[k], v) for k, v in generator.state_dict().items())


LEARNT_WITH = [
    *((loss, Penalty("r1", 0.1)) for loss in ("non-saturating", "hinge", "least-squares")),
    ("relativistic", Penalty("r1", 0.1)),
    ("non-saturating", Penalty("r1", 0.1, part=0.25)),
    ("non-saturating", Penalty("r1", 0.1, form="approximate")),
]


@pytest.mark.parametrize(("loss", "penalty"), LEARNT_WITH, ids=str)
def test_a_small_game_learns(loss: str, penalty: Penalty, seed: int, within) -> None:
    """A Gaussian of another mean and spread in two dimensions is found."""

    class Gaussian:
        def batch(self, start: int, count: int) -> dict[str, Tensor]:
            points = torch.randn(count, 2, generator=torch.Generator().manual_seed(start))
            return {"image": points * torch.tensor([0.5, 0.2]) + torch.tensor([1.0, -1.0])}

    torch.manual_seed(seed)
    generator = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
    discriminator = nn.Sequential(
        nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
    )
    adam = Adam(2e-3, (0.0, 0.99))
    networks = {"generator": generator, "discriminator": discriminator}
    settings = GAN(loss=loss, penalties=(penalty,), reuse_fakes=True)
    game = settings.build(
        GameSetup(
            networks,
            2,
            {
                "generator": PlayerSettings(adam, half_life=5000.0),
                "discriminator": PlayerSettings(adam),
            },
        )
    )
    play = Engine(game, {"train": Gaussian()}, batch=128, seed=seed, device=CPU)
    for _ in range(600):
        play.round()
    points = game.averages()["generator"](torch.randn(4000, 2)).detach()
    within(float((points.mean(0) - torch.tensor([1.0, -1.0])).abs().max()), 0.15)
    within(float((points.std(0) - torch.tensor([0.5, 0.2])).abs().max()), 0.12)


@pytest.mark.parametrize("kind", ["r1", "r2", "gradient"])
def test_one_pass_for_reals_and_fakes_changes_no_number(kind: str) -> None:
    penalties = (Penalty(kind, 1.0),)  # pyright: ignore
    apart, joint = (engine(GAN(penalties=penalties, joint_pass=how)) for how in (False, True))
    for _ in range(4):
        apart.round()
        joint.round()
    for a, b in zip(parameters(apart), parameters(joint), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_images_that_see_each_other_are_never_of_both_sides() -> None:
    def trained(joint_pass: bool) -> list[torch.Tensor]:
        generator, discriminator = networks()
        coupled = nn.Sequential(nn.BatchNorm2d(1, eps=0.1), discriminator)
        game = GAN(joint_pass=joint_pass).build(setup(generator, coupled))
        play = Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU)
        for _ in range(4):
            play.round()
        return parameters(play)

    for apart, joint in zip(trained(False), trained(True), strict=True):
        assert torch.equal(apart, joint)
