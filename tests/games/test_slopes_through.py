"""Penalties of the slopes of images before their augmentation, differentiated through it."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.bands import Bands
from ganvas.data.augment.corruption import Corruption
from ganvas.data.augment.diffaugment import DiffAugment
from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine
from ganvas.engine.game import Turn
from ganvas.engine.optimiser import Adam
from ganvas.games.gan import GAN
from ganvas.games.parts.augmentation import Augment, DiscriminatorAugmentation
from ganvas.games.parts.augmented_discriminator import AugmentedDiscriminator
from ganvas.games.parts.penalty import Penalty
from ganvas.games.setup import ConditionSource, GameSetup, PlayerSettings
from ganvas.games.vae_gan import VAEGAN
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.encoder import CompactEncoder
from ganvas.networks.r3gan import R3GANDiscriminator, R3GANGenerator

from .penalties import value as value_of
from .pools import Pool

CPU = torch.device("cpu")
BATCH = 8
EVERYTHING = ADA(bands=Bands(), corruption=Corruption())


def turn(discriminator: nn.Module, count: int = BATCH) -> Turn:
    draw = Draw({}, 4, "discriminator.0", 0, Share(count, 0, count), CPU)
    networks = {"discriminator": discriminator}
    return Turn(draw, networks, {}, {}, {}, lambda name, make: make())


def some(*shape: int, seed: int = 2) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


class Squares(nn.Module):
    """The sum of squares of all that a score is of."""

    def forward(self, images: Tensor) -> Tensor:
        return images.square().flatten(1).sum(1)


class Smooth(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(inputs, 6), nn.Softplus(), nn.Linear(6, 1), nn.Flatten(0)
        ).double()

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


def scaled(images: Tensor, uniform: Any, strength: float | Tensor) -> Tensor:
    """Values of each image times a number of its own, 1 to 3."""
    return images * (1 + 2 * uniform("scale", 1, 1, 1)).to(images.dtype)


def factors(side: str, count: int = BATCH) -> Tensor:
    return (1 + 2 * turn(Squares(), count).draw.uniform(side + "scale", 1, 1, 1)).double().flatten()


def mirrored(images: Tensor, uniform: Any, strength: float | Tensor) -> Tensor:
    return torch.where(uniform("flip", 1, 1, 1) < 0.5, images.flip(3), images)


def augmenting(
    augment: Augment | None, pack: int = 1, strength: float = 1.0
) -> AugmentedDiscriminator:
    return AugmentedDiscriminator(DiscriminatorAugmentation(augment, strength), pack)


@pytest.mark.parametrize(("kind", "side"), [("r1", "real."), ("r2", "fake.")])
def test_a_factor_of_the_values_is_one_of_the_slope(kind, side: str) -> None:
    """Of x's squared norm the slope is 2x; s times x has s^2 of it, and each slope s more."""
    real, fake = some(BATCH, 2, 4, 4), some(BATCH, 2, 4, 4, seed=3)
    points, factor = real if kind == "r1" else fake, factors(side)
    norm = points.square().flatten(1).sum(1)
    through = value_of(
        Penalty(kind, through="images"), turn(Squares()), real, fake, augmenting(scaled)
    )
    torch.testing.assert_close(through, 2 * factor**4 * norm)
    augmented = augmenting(scaled).augmented(turn(Squares()), points, side)
    behind = value_of(Penalty(kind), turn(Squares()), augmented, augmented)
    torch.testing.assert_close(through, factor**2 * behind)


@pytest.mark.parametrize("kind", ["r1", "r2", "gradient", "dragan"])
def test_mirrors_leave_slopes_as_they_are(kind) -> None:
    real, fake = some(BATCH, 2, 4, 4), some(BATCH, 2, 4, 4, seed=3)
    for augment in (mirrored, None):
        through = Penalty(kind, through="images")
        value = value_of(through, turn(Squares()), real, fake, augmenting(augment))
        torch.testing.assert_close(value, value_of(Penalty(kind), turn(Squares()), real, fake))


def test_interpolates_lie_before_the_augmentation() -> None:
    """Both ends scaled alike: of s times x the slope of the squared norm is 2 s^2 x."""
    real, fake = some(BATCH, 2, 4, 4), some(BATCH, 2, 4, 4, seed=3)
    play = turn(Squares())
    value = value_of(Penalty("gradient", through="images"), play, real, fake, augmenting(scaled))
    epsilon = play.draw.uniform("epsilon").view(-1, 1, 1, 1)
    points = epsilon * real + (1 - epsilon) * fake
    slope = 2 * factors("gradient.") ** 2 * points.square().flatten(1).sum(1).sqrt()
    torch.testing.assert_close(value, (slope - 1).square(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("augment", [EVERYTHING, DiffAugment(), DiffAugment(steps="even")])
@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_slopes_are_those_of_finite_differences(augment: Augment, strength: float) -> None:
    network, images, step = Smooth(3 * 36), some(BATCH, 3, 6, 6).tanh(), 1e-5
    see, play = augmenting(augment, strength=strength), turn(network)

    def scores(points: Tensor) -> Tensor:
        return network(see.augmented(play, points, "real."))

    squares = torch.zeros(BATCH, dtype=torch.float64)
    for place in range(images[0].numel()):
        moved = torch.zeros_like(images).flatten(1)
        moved[:, place] = step
        moved = moved.view_as(images)
        squares += ((scores(images + moved) - scores(images - moved)) / (2 * step)).square()
    value = value_of(Penalty("r1", through="images"), play, images, images, see)
    torch.testing.assert_close(value, squares.detach() / 2, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("kind", ["r1", "gradient"])
def test_what_the_weights_learn_from_it_is_that_of_finite_differences(kind) -> None:
    """Twice through the pipeline: the penalty's own derivative by a weight."""
    network, images, step = Smooth(3 * 36), some(BATCH, 3, 6, 6).tanh(), 1e-5
    see, fakes = augmenting(EVERYTHING, strength=0.7), some(BATCH, 3, 6, 6, seed=5).tanh()
    penalty = Penalty(kind, through="images")

    def total() -> Tensor:
        return value_of(penalty, turn(network), images, fakes, see).mean()

    weights = network.layers[1].weight  # pyright: ignore
    (ours,) = torch.autograd.grad(total(), weights)
    for place in ((0, 0), (3, 50), (5, 107)):
        found = []
        for sign in (1, -1):
            with torch.no_grad():
                weights[place] += sign * step
            found.append(total().item())
            with torch.no_grad():
                weights[place] -= sign * step
        assert ours[place].item() == pytest.approx((found[0] - found[1]) / (2 * step), rel=1e-4)


@pytest.mark.parametrize("kind", ["r1", "r2", "gradient", "dragan"])
@pytest.mark.parametrize("augment", [None, EVERYTHING])
def test_a_part_gives_the_mean_of_its_images(kind, augment: Augment | None) -> None:
    real, fake = some(BATCH, 3, 8, 8).tanh(), some(BATCH, 3, 8, 8, seed=3).tanh()
    see, network = augmenting(augment, strength=0.8), Smooth(3 * 64)
    whole = value_of(Penalty(kind, through="images"), turn(network), real, fake, see)
    half = value_of(Penalty(kind, part=0.5, through="images"), turn(network), real, fake, see)
    torch.testing.assert_close(half, whole[:4].mean().expand(BATCH))


@pytest.mark.parametrize("kind", ["r1", "r2", "gradient", "dragan"])
@pytest.mark.parametrize("part", [1.0, 0.5])
def test_packs_before_the_augmentation_are_packs(kind, part: float) -> None:
    """Without an augmentation the slope of a pack is that by the channels of one image."""
    real, fake = some(BATCH, 2, 4, 4).float(), some(BATCH, 2, 4, 4, seed=3).float()
    penalty = Penalty(kind, part=part, through="images")
    ours = value_of(penalty, turn(Squares()), real, fake, augmenting(None, pack=2))
    packs = [images.reshape(4, 4, 4, 4) for images in (real, fake)]
    if kind == "dragan":  # its noise is drawn for images, so not that of packs
        assert ours.shape == (4,) and ours.isfinite().all()
    else:
        theirs = value_of(Penalty(kind, part=part), turn(Squares()), *packs)
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("pack", [1, 2])
@pytest.mark.parametrize("part", [1.0, 0.5])
def test_the_approximate_form_is_the_exact_one_in_the_mean(pack: int, part: float) -> None:
    count = 20_000
    same = some(1, 1, 2, 2).expand(count, -1, -1, -1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4 * pack, 1), nn.Flatten(0)).double()
    values = {}
    for form in ("exact", "approximate"):
        penalty = Penalty("r1", form=form, part=part, through="images")
        play = turn(network, count)
        values[form] = value_of(penalty, play, same, same, augmenting(scaled, pack)).mean().item()
    # One draw has a deviation of sqrt(2) times its mean; the factors add about as much again.
    assert values["approximate"] == pytest.approx(values["exact"], rel=10 / count**0.5)


def pair() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
    hidden = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.Softplus(), nn.Linear(12, 1))
    return generator, nn.Sequential(hidden, nn.Flatten(0))


def engine(settings: GAN, augment: Augment | None = scaled, **more: Any) -> Engine:
    generator, discriminator = pair()
    player = PlayerSettings(Adam(1e-2, (0.5, 0.9)))
    setup = GameSetup(
        {"generator": generator, "discriminator": discriminator},
        3,
        {"generator": player, "discriminator": player},
        augment=augment,
    )
    game = settings.build(setup)
    return Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU, **more)


def parameters(play: Engine) -> list[Tensor]:
    players = play.game.players
    return [p.detach() for name in ("generator", "discriminator") for p in players[name].parameters]


def noise(name: str, stream: str, clock: int, *shape: int, normal: bool = False) -> Tensor:
    draw = Draw({}, 4, name, clock, Share(BATCH, 0, BATCH), CPU)
    return draw.normal(stream, *shape) if normal else draw.uniform(stream, *shape)


@pytest.mark.parametrize("through", ["images", "augmented"])
@pytest.mark.parametrize("lazy", [False, True])
def test_the_engine_plays_the_plain_loop(through, lazy: bool) -> None:
    """R1 and R2 with Adam, written out; lazily, the penalties' gradients are added to the loss's
    in every second round, of augmentations of their own."""
    every = 2 if lazy else 1
    penalties = tuple(Penalty(kind, 10.0, every, through=through) for kind in ("r1", "r2"))  # pyright: ignore
    play = engine(GAN(penalties=penalties))
    generator, discriminator = pair()
    adam_g = torch.optim.Adam(generator.parameters(), 1e-2, (0.5, 0.9))
    adam_d = torch.optim.Adam(discriminator.parameters(), 1e-2, (0.5, 0.9))
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(BATCH), torch.zeros(BATCH)
    pool = Pool()

    def seen(images: Tensor, name: str, side: str, clock: int) -> Tensor:
        return images * (1 + 2 * noise(name, side + "scale", clock, 1, 1, 1))

    def slope(images: Tensor, name: str, side: str, clock: int) -> Tensor:
        root = images.detach().requires_grad_()
        augmented = seen(root, name, side, clock)
        if through == "augmented":
            augmented = root = augmented.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(discriminator(augmented).sum(), root, create_graph=True)
        return 10 * every * slopes.square().flatten(1).sum(1).mean() / 2

    for index in range(5):
        play.round()
        clock = index * BATCH
        real = pool.batch(clock, BATCH)["image"]
        latents = noise("discriminator.0", "latent", clock, 3, normal=True)
        fake = generator(latents).detach()
        scores = [
            discriminator(seen(images, "discriminator.0", side, clock))
            for images, side in ((real, "real."), (fake, "fake."))
        ]
        loss = bce(scores[0], one) + bce(scores[1], zero)
        if index % every == 0:
            for kind, images, side in (("r1", real, "real."), ("r2", fake, "fake.")):
                name = f"penalty.{kind}.0" if lazy else "discriminator.0"
                loss = loss + slope(images, name, side, clock)
        adam_d.zero_grad()
        loss.backward()
        adam_d.step()
        latents = noise("generator.0", "latent", clock + BATCH, 3, normal=True)
        scores = discriminator(seen(generator(latents), "generator.0", "fake.", clock + BATCH))
        adam_g.zero_grad()
        bce(scores, one).backward()
        adam_g.step()
    theirs = [p.detach() for net in (generator, discriminator) for p in net.parameters()]
    for a, b in zip(parameters(play), theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


SETTINGS = {
    "joint": GAN(penalties=(Penalty("r1"), Penalty("r2")), joint_pass=True),
    "lazy": GAN(
        "relativistic", penalties=(Penalty("r1"), Penalty("r2", every=2)), reuse_fakes=True
    ),
    "critic": GAN("wasserstein", penalties=(Penalty("gradient"),), critic_turns=2),
    "beside": GAN(penalties=(Penalty("dragan", part=0.5), Penalty("gradient", every=2))),
    "rough": GAN(penalties=(Penalty("r1", form="approximate"), Penalty("r2", part=0.5))),
}


def through(settings: GAN) -> GAN:
    penalties = tuple(
        dataclasses.replace(penalty, weight=1.0, through="images") for penalty in settings.penalties
    )
    return dataclasses.replace(settings, penalties=penalties)


@pytest.mark.parametrize("name", SETTINGS)
def test_without_an_augmentation_nothing_is_changed(name: str) -> None:
    settings = SETTINGS[name]
    behind = [dataclasses.replace(penalty, weight=1.0) for penalty in settings.penalties]
    plain = dataclasses.replace(settings, penalties=tuple(behind))
    played = []
    for each in (plain, through(settings)):
        play = engine(each, None)
        for _ in range(3):
            play.round()
        played.append(parameters(play))
    for a, b in zip(*played, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["joint", "lazy", "critic", "rough"])
@pytest.mark.parametrize("pack", [1, 2])
def test_micro_batches_change_nothing(name: str, pack: int) -> None:
    settings = through(SETTINGS[name])
    penalties = tuple(dataclasses.replace(each, part=1.0) for each in settings.penalties)
    settings = dataclasses.replace(settings, pack=pack, penalties=penalties)
    plays = [small(settings), small(settings, accumulate=2)]
    for play in plays:
        for _ in range(2):
            play.round()
    ours, theirs = (play.meter.read() for play in plays)
    assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-4)


def small(settings: GAN, bf16: bool = False, classes: int = 0, accumulate: int = 1) -> Engine:
    """Convolutions and the whole of ADA, told classes where there are any."""
    torch.manual_seed(0)
    conditions = (classes,) if classes else ()
    networks = {
        "generator": R3GANGenerator(3, widths=(4, 4), blocks=1).build((1, 8, 8), *conditions),
        "discriminator": R3GANDiscriminator(widths=(4, 4), blocks=1).build(
            (settings.pack, 8, 8), *conditions
        ),
    }
    rows = torch.eye(2).repeat(BATCH // 2, 1)
    player = PlayerSettings(Adam(1e-3, (0.0, 0.99)))
    setup = GameSetup(
        networks,
        3,
        {"generator": player, "discriminator": player},
        ConditionSource(True, lambda turn: rows[: turn.draw.share.count]) if classes else None,
        EVERYTHING,
        0.7,
    )
    pool = {"train": Larger(2)}
    return Engine(
        settings.build(setup),
        pool,
        batch=BATCH,
        seed=4,
        device=CPU,
        bf16=bf16,
        accumulate=accumulate,
    )


class Larger(Pool):
    """So many times as wide and as high."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        return {"image": super().batch(start, count)["image"].repeat(1, 1, self.times, self.times)}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(("classes", "bf16"), [(2, False), (0, True), (2, True)])
def test_conditions_and_bfloat16_play(name: str, classes: int, bf16: bool) -> None:
    play = small(through(SETTINGS[name]), bf16, classes)
    before = [p.clone() for p in parameters(play)]
    for _ in range(3):
        play.round()
    assert play.is_finite()
    moved = [not torch.equal(a, b) for a, b in zip(before, parameters(play), strict=True)]
    assert sum(moved) > 0.9 * len(moved)


def test_an_autoencoder_s_game_has_them_too() -> None:
    values = []
    for how in ("augmented", "images"):
        torch.manual_seed(0)
        networks = {
            "generator": CompactGenerator(3, width=4).build((1, 16, 16)),
            "discriminator": CompactDiscriminator(4, hidden=8).build((1, 16, 16)),
            "encoder": CompactEncoder(width=4).build((1, 16, 16), 3),
        }
        penalties = tuple(Penalty(kind, 1.0, through=how) for kind in ("r1", "r2"))  # pyright: ignore
        game = VAEGAN(penalties=penalties).build(GameSetup(networks, 3, augment=tripled))
        play = Engine(game, {"train": Larger(4)}, batch=BATCH, seed=4, device=CPU)
        play.round()
        values.append(play.meter.read())
    for kind in ("r1", "r2"):
        name = f"penalty/{kind}"
        assert values[1][name] == pytest.approx(9 * values[0][name], rel=1e-4)


def tripled(images: Tensor, uniform: Any, strength: float | Tensor) -> Tensor:
    return 3 * images
