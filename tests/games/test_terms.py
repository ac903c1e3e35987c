"""Ideas that add to the two-player game: each against its formula, and small games that learn."""

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine, Place
from ganvas.engine.game import Turn
from ganvas.engine.optimiser import Adam, RMSprop
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.augmentation import Adaptive
from ganvas.games.parts.augmented_discriminator import DiscriminatorOutput, packed
from ganvas.games.parts.classifier import Classifier, classification_loss
from ganvas.games.parts.fakes import Fakes
from ganvas.games.parts.loss_sum import LossSum
from ganvas.games.parts.mode_seeking import SMALL, ModeSeeking
from ganvas.games.parts.unrolled import Unrolled
from ganvas.games.parts.warm_up import WarmUp, nearest
from ganvas.games.roles import Spec
from ganvas.games.setup import ConditionSource, GameSetup, PlayerSettings
from ganvas.networks.layers.conditioned import Concatenate, Sequence
from ganvas.networks.layers.heads import Classify, Projection

from .pools import Pool

CPU = torch.device("cpu")
BATCH = 8


def points(places: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """A batch as the data room gives it: points [N, 2] and their classes."""
    return {"image": places, "label": labels}


CENTRES = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])


class Mixture:
    """Three Gaussians about ``CENTRES``, deviation 0.2."""

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(start)
        labels = torch.randint(3, (count,), generator=generator)
        noise = torch.randn(count, 2, generator=generator)
        return points(CENTRES[labels] + 0.2 * noise, labels)


def by_class(turn: Turn) -> Tensor:
    return F.one_hot(turn.batch()["label"], 3).float()


def by_code(turn: Turn) -> Tensor:
    return F.one_hot((turn.draw.uniform("codes") * 3).long(), 3).float()


def networks(head: str, seed: int = 0) -> dict[str, nn.Module]:
    torch.manual_seed(seed)
    planes = 3 if head == "concatenation" else 0
    heads = {
        "projection": Projection(64, 3),
        "classifier": Classify(64, 3),
        "concatenation": nn.Sequential(nn.Linear(64, 1), nn.Flatten(0)),
    }
    generator = Sequence(Concatenate(), nn.Linear(2 + 3, 64), nn.ReLU(), nn.Linear(64, 2))
    start = [Concatenate()] if planes else []
    discriminator = Sequence(
        *start,
        nn.Linear(2 + planes, 64),
        nn.LeakyReLU(0.2),
        nn.Linear(64, 64),
        nn.LeakyReLU(0.2),
        heads[head],
    )
    return {"generator": generator, "discriminator": discriminator}


def play(
    settings: GAN,
    nets: dict[str, nn.Module],
    conditions: Any,
    rounds: int,
    seed: int = 0,
    **more: Any,
) -> Engine:
    adam = Adam(2e-3, (0.0, 0.99))
    conditions = None if conditions is None else ConditionSource(True, conditions)
    setup = GameSetup(
        nets,
        2,
        {
            "generator": PlayerSettings(adam, half_life=3000.0),
            "discriminator": PlayerSettings(adam),
        },
        conditions,
        **more,
    )
    engine = Engine(settings.build(setup), {"train": Mixture()}, batch=64, seed=seed, device=CPU)
    for _ in range(rounds):
        engine.round()
    return engine


R1 = (Penalty("r1", 0.1),)
TOLD_BY = {
    "projection": GAN(penalties=R1),
    "concatenation": GAN(penalties=R1, joint_pass=True, reuse_fakes=True),
    "classifier": GAN(penalties=R1, joint_pass=True, terms=(Classifier(),)),
}


@pytest.mark.parametrize("how", TOLD_BY)
def test_a_small_conditional_game_learns_what_it_is_told(how: str, seed: int, within) -> None:
    engine = play(TOLD_BY[how], networks(how, seed), by_class, 500, seed)
    generator = engine.game.averages()["generator"]
    for number, centre in enumerate(CENTRES):
        conditions = F.one_hot(torch.full((500,), number), 3).float()
        points = generator(torch.randn(500, 2), conditions).detach()
        within(float((points.mean(0) - centre).abs().max()), 0.3)


def test_codes_that_nobody_labelled_come_to_tell_clusters_apart(seed: int, within) -> None:
    settings = GAN(penalties=R1, terms=(Classifier(on="fakes"),))
    engine = play(settings, networks("classifier", seed), by_code, 500, seed)
    nets = engine.game.networks()
    conditions = torch.eye(3).repeat_interleave(300, 0)
    points = nets["generator"](torch.randn(900, 2), conditions)
    read = nets["discriminator"](points).logits.argmax(1)
    within(float((read != conditions.argmax(1)).float().mean()), 0.05)


def turn_of(nets: dict[str, nn.Module], batch: Any = None) -> Turn:
    class One:
        def batch(self, start: int, count: int) -> Any:
            return batch

    draw = Draw({"train": One()}, 4, "generator.0", 0, Share(BATCH, 0, BATCH), CPU)
    return Turn(draw, nets, {}, {}, {}, lambda name, make: make())


def test_both_sides_are_told_what_the_reals_are() -> None:
    """Projections and the classes that reach them, beside the batch's own."""
    seen: list[tuple[Tensor, ...]] = []

    class Watching(nn.Linear):
        def forward(self, input: Tensor, conditions: Tensor) -> Tensor:  # pyright: ignore
            seen.append((input.detach(), conditions))
            return super().forward(input).squeeze(1)

    nets = {**networks("projection"), "discriminator": Watching(2, 1)}
    play(GAN(joint_pass=True, reuse_fakes=True), nets, by_class, 1)
    expected = F.one_hot(Mixture().batch(0, 64)["label"], 3).float()
    (both, conditions), (fakes, again) = seen
    assert torch.equal(conditions, torch.cat([expected, expected])) and torch.equal(again, expected)
    assert torch.equal(both[64:], fakes)


@pytest.mark.parametrize("on", ["both", "reals", "fakes"])
def test_a_classifiers_loss_is_cross_entropy(on: Any) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, BATCH, 3, generator=generator)
    labels = torch.randint(3, (BATCH,), generator=generator)
    conditions = F.one_hot(labels, 3).float()
    real, fake = (
        DiscriminatorOutput(torch.zeros(BATCH, 2), (conditions,), torch.zeros(BATCH), r)
        for r in logits
    )
    setup = GameSetup({}, 2, condition_source=ConditionSource(True, by_class))
    each = [-r.log_softmax(1)[torch.arange(BATCH), labels] for r in logits]
    wanted = {"both": each[0] + each[1], "reals": each[0], "fakes": each[1]}[on]
    term = Classifier(weight=2.0, generator_weight=3.0, on=on)
    turn = turn_of({})
    torch.testing.assert_close(term.discriminator_loss(turn, setup, real, fake), 2 * wanted)
    made = Fakes(torch.zeros(BATCH, 2), (conditions,), torch.zeros(BATCH, 2))
    torch.testing.assert_close(term.generator_loss(turn, setup, made, fake), 3 * each[1])
    attributes = GameSetup({}, 2, condition_source=ConditionSource(False, by_class))
    chance = logits[0].sigmoid()
    expected = -(conditions * chance.log() + (1 - conditions) * (1 - chance).log()).sum(1)
    torch.testing.assert_close(classification_loss(attributes, real), expected)


def test_a_classifier_that_has_nothing_to_read_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match=r"`discriminator\.condition"):
        play(GAN(terms=(Classifier(),)), networks("projection"), by_class, 1)


def test_mode_seeking_is_the_ratio_of_distances() -> None:
    nets: dict[str, nn.Module] = {"generator": nn.Linear(2, 5)}
    latents = torch.randn(BATCH, 2, generator=torch.Generator().manual_seed(5))
    made = Fakes(latents, (), nets["generator"](latents))
    turn = turn_of(nets)
    others = turn.draw.normal("latent.other", 2)
    fake = DiscriminatorOutput(made.images, (), torch.zeros(BATCH))
    found = ModeSeeking(0.5).generator_loss(turn, GameSetup(nets, 2), made, fake)
    for i in range(BATCH):
        apart = (nets["generator"](others[i]) - made.images[i]).abs().mean() + SMALL
        asked = (others[i] - latents[i]).abs().mean()
        torch.testing.assert_close(found[i], 0.5 * asked / apart)


@dataclass
class LookAhead:
    """A discriminator of points in float64, whose Adam has made four steps; one of its units is
    dead, so that some weights never had a gradient; reals and fakes."""

    betas: tuple[float, float] = (0.5, 0.999)

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        layers = nn.Linear(3, 4), nn.Softplus(), nn.Linear(4, 1)
        self.network = nn.Sequential(*layers).double()
        with torch.no_grad():
            layers[0].weight[3], layers[0].bias[3] = 0.0, -1e4
        self.real = torch.randn(BATCH, 3, dtype=torch.float64)
        self.fake = torch.randn(BATCH, 3, dtype=torch.float64, requires_grad=True)
        self.adam = Adam(3e-2, self.betas).build(list(self.network.parameters()))
        self.train(self.network, self.adam, 4)

    def loss(self, score: Any, fake: Tensor) -> Tensor:
        return (F.softplus(score(fake)) + F.softplus(-score(self.real))).squeeze(1)

    def train(self, network: nn.Module, optimiser: torch.optim.Optimizer, steps: int) -> None:
        for _ in range(steps):
            optimiser.zero_grad()
            self.loss(network, self.fake.detach()).mean().backward()
            optimiser.step()

    def copied(self, kind: type[torch.optim.Optimizer], **settings: Any) -> tuple[nn.Module, Any]:
        """The network, and an optimiser of PyTorch's own where this one's stands."""
        network = copy.deepcopy(self.network)
        return network, kind(network.parameters(), **settings)

    def outcome(self, unrolled: Unrolled, fake: Tensor) -> Tensor:
        """How the discriminator some steps on scores reals and fakes."""
        ahead = unrolled.ahead(self.network, lambda score: self.loss(score, fake), self.adam)
        return self.loss(ahead, fake).mean()


def test_unrolled_steps_are_those_of_gradient_descent_and_are_differentiated() -> None:
    look, unrolled = LookAhead(), Unrolled(3, 0.3)
    plain, descent = look.copied(torch.optim.SGD, lr=0.3)
    look.train(plain, descent, 3)
    expected = look.loss(plain, look.fake).mean()
    torch.testing.assert_close(look.outcome(unrolled, look.fake), expected)
    assert torch.autograd.gradcheck(lambda fake: look.outcome(unrolled, fake), look.fake)


@pytest.mark.parametrize("betas", [(0.5, 0.999), (0.0, 0.99)])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_unrolled_adam_takes_the_next_steps_of_the_discriminators_own(steps, betas) -> None:
    """PyTorch's, from its moments; the slope is that of finite differences; none of it moves."""
    look, unrolled = LookAhead(betas), Unrolled(steps, inner="adam")
    plain, adam = look.copied(torch.optim.Adam, lr=3e-2, betas=betas)
    adam.load_state_dict(copy.deepcopy(look.adam.state_dict()))
    look.train(plain, adam, steps)
    before = copy.deepcopy([look.network.state_dict(), look.adam.state_dict()["state"]])
    expected = look.loss(plain, look.fake).mean()
    torch.testing.assert_close(look.outcome(unrolled, look.fake), expected, rtol=1e-7, atol=0)
    assert torch.autograd.gradcheck(lambda fake: look.outcome(unrolled, fake), look.fake)
    after = [look.network.state_dict(), look.adam.state_dict()["state"]]
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_unrolled_adam_needs_a_discriminator_that_has_it() -> None:
    setup = GameSetup(
        networks("projection"),
        2,
        {"generator": PlayerSettings(), "discriminator": PlayerSettings(RMSprop())},
    )
    with pytest.raises(ValueError, match=r"discriminator_optimiser\.kind=adam"):
        GAN(unrolled=Unrolled(inner="adam")).build(setup)
    assert GAN(unrolled=Unrolled()).build(setup).players


def test_a_first_step_of_unrolled_adam_can_be_differentiated() -> None:
    """Its moments are 0 then, and those of weights without a gradient stay so."""
    look = LookAhead()
    look.adam = Adam(3e-2).build(list(look.network.parameters()))
    (slope,) = torch.autograd.grad(look.outcome(Unrolled(2, inner="adam"), look.fake), look.fake)
    assert slope.isfinite().all() and slope.abs().sum() > 0


def test_an_unrolled_generator_answers_for_its_half_or_for_the_whole_value() -> None:
    """The whole is the discriminator's loss, some steps on, with its sign turned."""
    found = {}
    for objective in ("fakes", "value"):
        ahead = Unrolled(2, inner="adam", objective=objective)
        engine = play(GAN("minimax", unrolled=ahead), networks("projection"), by_class, 3)
        moves = engine.game.phases[0].groups
        place = Place(0, engine.images, engine.images)
        turn = engine._turn(engine.plain_draw("generator.0", place, engine.shares[0]), {})
        found[objective] = moves[1][0].loss(turn).loss
        reals = turn.batch()["image"]
        conditions = by_class(turn)
        fakes = turn.networks["generator"](turn.draw.normal("latent", 2), conditions)
        network = turn.networks["discriminator"]

        def loss(score: Any, reals=reals, fakes=fakes, conditions=conditions) -> Tensor:
            return F.softplus(-score(reals, conditions)) + F.softplus(score(fakes, conditions))

        score = ahead.ahead(network, loss, engine.game.players["discriminator"].optimiser)
        half = -F.softplus(score(fakes, conditions))
        expected = half if objective == "fakes" else -loss(score)
        torch.testing.assert_close(found[objective], expected)
    assert not torch.allclose(found["fakes"], found["value"])


def test_packed_images_are_the_channels_of_one_and_a_small_game_learns_so(
    seed: int, within
) -> None:
    images = torch.arange(4 * 2 * 3 * 3.0).view(4, 2, 3, 3)
    found = packed(images, 2)
    assert torch.equal(found[1], torch.cat([images[2], images[3]]))
    settings = GAN(pack=2, penalties=R1)
    packs = settings.roles["discriminator"].arguments(Spec({"train": (3, 8, 8)}, 5))
    assert packs == ((6, 8, 8),) and settings.multiple == 2
    nets = networks("projection", seed)
    nets["generator"] = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 2), Unflat())
    nets["discriminator"] = nn.Sequential(
        nn.Flatten(),
        nn.Linear(4, 96),
        nn.LeakyReLU(0.2),
        nn.Linear(96, 96),
        nn.LeakyReLU(0.2),
        nn.Linear(96, 1),
        nn.Flatten(0),
    )

    adam = Adam(2e-3, (0.0, 0.99))
    game = settings.build(
        GameSetup(
            nets,
            2,
            {
                "generator": PlayerSettings(adam, half_life=3000.0),
                "discriminator": PlayerSettings(adam),
            },
        )
    )
    engine = Engine(game, {"train": Maps()}, batch=64, seed=seed, device=CPU)
    for _ in range(500):
        engine.round()
    points = game.averages()["generator"](torch.randn(1000, 2)).flatten(1).detach()
    spread = Mixture().batch(0, 4000)["image"].std(0)
    within(float(points.mean(0).abs().max()), 0.3)
    within(float((points.std(0) - spread).abs().max()), 0.3)


class Maps(Mixture):
    """Its points as images [N, 2, 1, 1]."""

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        found = super().batch(start, count)
        return points(found["image"].view(-1, 2, 1, 1), found["label"])


class Unflat(nn.Module):
    def forward(self, rows: Tensor) -> Tensor:
        return rows[:, :, None, None]


def test_what_is_packed_has_penalties_and_terms_too() -> None:
    generator = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2), Unflat())
    judge = nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.Softplus(), nn.Linear(8, 1))
    penalties = (Penalty("gradient"), Penalty("dragan", every=2), Penalty("r1", part=0.5))
    settings = GAN(pack=2, penalties=penalties, terms=(ModeSeeking(),))
    nets = {"generator": generator, "discriminator": nn.Sequential(*judge, nn.Flatten(0))}
    engine = Engine(
        settings.build(GameSetup(nets, 2)), {"train": Maps()}, batch=8, seed=0, device=CPU
    )
    for _ in range(3):
        engine.round()
    assert engine.is_finite() and "term/mode-seeking/g" in engine.meter.read()


@pytest.mark.parametrize(
    "penalty",
    [Penalty("gradient", 5.0), Penalty("r1", 1.0, form="approximate"), Penalty("r2", 1.0)],
    ids=lambda penalty: penalty.kind,
)
def test_packs_draw_the_same_in_micro_batches(penalty: Penalty) -> None:
    found = []
    for accumulate in (1, 4):
        torch.manual_seed(0)
        generator = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
        judge = nn.Sequential(nn.Flatten(), nn.Linear(32, 8), nn.Softplus(), nn.Linear(8, 1))
        nets = {"generator": generator, "discriminator": judge}
        game = GAN(pack=2, penalties=(penalty,)).build(GameSetup(nets, 2))
        pool = {"train": Pool()}
        engine = Engine(game, pool, batch=16, seed=0, device=CPU, accumulate=accumulate)
        for _ in range(3):
            engine.round()
        found.append([p.detach() for p in judge.parameters()][:-1])
    for whole, cut in zip(*found, strict=True):
        torch.testing.assert_close(whole, cut, rtol=1e-4, atol=1e-6)


def test_what_is_added_to_a_pack_is_the_mean_of_its_images() -> None:
    loss = LossSum(torch.ones(2))
    loss.add("term/idea/d", torch.tensor([1.0, 3.0, 5.0, 9.0]))
    loss.add("term/nothing/d", None)
    result = loss.result()
    assert result.loss.tolist() == [3.0, 8.0]
    assert {name: value.tolist() for name, value in result.stats.items()} == {
        "term/idea/d": [2.0, 7.0]
    }


@pytest.mark.parametrize(("of_reals", "error"), [(True, 4.0), (False, 0.0)])
def test_a_warm_up_asks_only_fakes_that_were_told_the_same(of_reals: bool, error: float) -> None:
    """All reals are at 0; a fake told the first class too, one told the second two away."""

    class Placed(nn.Module):
        def forward(self, latents: Tensor, conditions: Tensor) -> Tensor:
            return 2.0 * conditions[:, 1:].expand(-1, 2)

    rows = F.one_hot(torch.arange(BATCH) % 2, 2).float()
    nets: dict[str, nn.Module] = {"generator": Placed()}
    setup = GameSetup(nets, 2, condition_source=ConditionSource(True, lambda turn: rows, of_reals))
    turn = turn_of(nets, points(torch.zeros(BATCH, 2), torch.arange(BATCH) % 2))
    found = WarmUp(64).generator_loss(turn, setup).loss
    assert found.tolist() == [0.0, error] * (BATCH // 2)


def test_a_look_ahead_leaves_a_classifier_where_it_is() -> None:
    settings = GAN(unrolled=Unrolled(steps=2, rate=0.1), terms=(Classifier(on="reals"),))
    engine = play(settings, networks("classifier"), by_class, 2)
    assert engine.is_finite()


def test_a_warm_up_pulls_the_nearest_fakes_and_ends_on_its_clock(seed: int, within) -> None:
    reals, fakes = torch.randn(6, 2, 3, 3), torch.randn(9, 2, 3, 3)
    for place, real in zip(nearest(reals, fakes), reals, strict=True):
        assert (fakes - real).square().sum((1, 2, 3)).argmin() == place
    conditions = torch.eye(2).repeat(len(reals) // 2 + 1, 1)[: len(reals)]
    others = nearest(reals, fakes[: len(reals)], conditions)
    assert torch.equal(conditions[others], conditions)
    settings = GAN(warm_up=WarmUp(64 * 200), penalties=R1)
    engine = play(settings, networks("concatenation", seed), by_class, 200, seed)
    assert engine.game.phase(64 * 199) is engine.game.phases[0]
    assert engine.game.phase(engine.images) is engine.game.phases[1]
    assert "warm-up/error" in engine.meter.means()
    points = engine.game.networks()["generator"](
        torch.randn(900, 2), torch.eye(3).repeat_interleave(300, 0)
    )
    covered = torch.cdist(CENTRES, points.detach()).min(1).values
    within(float(covered.max()), 0.5)  # every mode has a fake
    engine.round()
    assert "warm-up/error" not in engine.play().means


@dataclass
class Counting:
    """An augmentation that remembers with what strength it was asked."""

    asked: list[Any] = field(default_factory=list)

    def __call__(self, images: Tensor, uniform: Any, strength: Any) -> Tensor:
        self.asked.append(strength if isinstance(strength, float) else strength.clone())
        return images + 0 * uniform("noise", *images.shape[1:])


@pytest.mark.parametrize("shape", [(), (nn.Flatten(0),)], ids=["maps", "rows"])
def test_an_adaptive_strength_follows_the_sign_of_real_scores(shape) -> None:
    """All reals score above 0: it rises by batch / images a round, to 1 and no further."""
    nets = networks("projection")
    nets["generator"] = nn.Linear(2, 2)
    constant = nn.Linear(2, 1)
    nets["discriminator"] = nn.Sequential(constant, *shape)
    augmentation = Counting()
    engine = play(
        GAN(), nets, None, 0, augment=augmentation, strength=Adaptive(target=0.6, images=64 * 10)
    )
    for player in engine.game.players.values():
        player.settings = Adam(0.0)
    with torch.no_grad():
        constant.weight.zero_()
        constant.bias.fill_(1.0)
    found = []
    for _ in range(12):
        engine.round()
        found.append(float(engine.game.state["augment"]))
    assert found == pytest.approx([min(1.0, n / 10) for n in range(1, 13)], abs=1e-6)
    assert float(augmentation.asked[3]) == pytest.approx(0.1)  # round two: as the first left it
    with torch.no_grad():
        constant.bias.fill_(-1.0)
    engine.round()
    assert float(engine.game.state["augment"]) == pytest.approx(0.9)
    assert {"state.augment", "state.augment.clock"} <= set(engine.tensors())


def test_a_strength_may_be_a_schedule() -> None:
    nets = networks("projection")
    nets["generator"], nets["discriminator"] = nn.Linear(2, 2), nn.Linear(2, 1)
    augmentation = Counting()
    play(GAN(), nets, None, 3, augment=augmentation, strength=Linear(0.0, 1.0, 64 * 4))
    assert [float(each) for each in augmentation.asked[::3]] == pytest.approx([0.0, 0.25, 0.5])


@pytest.mark.parametrize("target", [-1.0, 1.0])
def test_numbers_that_cannot_be_are_refused(target: float) -> None:
    for make in (
        lambda: Adaptive(target=target),
        lambda: Adaptive(images=0),
        lambda: Unrolled(0),
        lambda: Unrolled(1, 0.0),
        lambda: WarmUp(0),
        lambda: Classifier(weight=-1.0),
        lambda: GAN(pack=0),
        lambda: GAN(terms=(ModeSeeking(), ModeSeeking())),
    ):
        with pytest.raises(ValueError):
            make()
