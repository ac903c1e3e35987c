"""A penalty of a part of the batch, and in its approximate form, as a game plays it."""

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.draw import Draw, Share
from ganvas.engine.game import Turn
from ganvas.games.parts.penalty import Penalty

from .penalties import value as value_of

CPU = torch.device("cpu")
BATCH = 8


def turn(discriminator: nn.Module, clock: int = 0) -> Turn:
    draw = Draw({}, 4, "discriminator.0", clock, Share(BATCH, 0, BATCH), CPU)
    networks = {"discriminator": discriminator}
    return Turn(draw, networks, {}, {}, {}, lambda name, make: make())


class Quadratic(nn.Module):
    """Sum of squares: its slope is 2x, so half the squared slope is twice the score."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(len(images))
        return images.square().flatten(1).sum(1)


def batch() -> tuple[Tensor, Tensor]:
    numbers = torch.Generator().manual_seed(2)
    return torch.randn(BATCH, 1, 4, 4, generator=numbers), torch.randn(
        BATCH, 1, 4, 4, generator=numbers
    )


@pytest.mark.parametrize("kind", ["gradient", "dragan", "r1", "r2"])
def test_a_part_gives_the_mean_of_its_images_and_pays_for_no_others(kind) -> None:
    network = Quadratic()
    real, fake = batch()
    full = value_of(Penalty(kind), turn(network), real, fake)
    for part, count in ((0.25, 2), (0.5, 4), (0.01, 1), (1.0, 8)):
        network.seen.clear()
        value = value_of(Penalty(kind, part=part), turn(network), real, fake)
        assert network.seen == [count]
        assert value.shape == full.shape == (BATCH,)
        torch.testing.assert_close(value.mean(), full[:count].mean())
    assert torch.equal(value, full)


@pytest.mark.parametrize("kind", ["r1", "r2"])
@pytest.mark.parametrize("form", ["exact", "approximate"])
def test_the_mean_over_all_parts_is_the_penalty(kind, form) -> None:
    real, fake = batch()
    play = turn(Quadratic())
    whole = value_of(Penalty(kind), play, real, fake)
    torch.testing.assert_close(
        whole, 2 * (real if kind == "r1" else fake).square().flatten(1).sum(1)
    )
    penalty = Penalty(kind, part=0.25, form=form)
    rounds = 4 if form == "exact" else 8_000
    values = torch.stack(
        [
            value_of(
                penalty,
                turn(Quadratic(), index * BATCH),
                real.roll(2 * index, 0),
                fake.roll(2 * index, 0),
            ).mean()
            for index in range(rounds)
        ]
    )
    # One turn in approximate form is the mean of two draws, each of deviation sqrt(2) x its mean.
    allowed = 1e-5 if form == "exact" else 4 / rounds**0.5
    torch.testing.assert_close(values.mean(), whole.mean(), rtol=allowed, atol=0)


def test_the_gradient_of_a_part_is_that_of_its_images() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.Softplus(), nn.Linear(12, 1))
    weights = list(network.parameters())[:-1]  # no slope depends on the last bias
    real, fake = batch()
    part = value_of(Penalty("r1", part=0.5), turn(network), real, fake)
    whole = value_of(Penalty("r1"), turn(network), real, fake)
    ours = torch.autograd.grad(part.mean(), weights)
    theirs = torch.autograd.grad(whole[:4].mean(), weights)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_the_noise_depends_on_the_place_and_the_kind_alone() -> None:
    real, _ = batch()
    r1, r2 = (Penalty(kind, form="approximate") for kind in ("r1", "r2"))
    value = value_of(r1, turn(Quadratic()), real, real)
    assert torch.equal(value, value_of(r1, turn(Quadratic()), real, real))
    assert not torch.equal(value, value_of(r1, turn(Quadratic(), BATCH), real, real))
    assert not torch.equal(value, value_of(r2, turn(Quadratic()), real, real))
    # A part reads the first rows of the very noise that the whole would.
    half = value_of(dataclasses.replace(r1, part=0.5), turn(Quadratic()), real, real)
    torch.testing.assert_close(half.mean(), value[:4].mean())


def test_only_an_exact_penalty_of_all_images_shares_the_scores() -> None:
    assert Penalty("r1").shares_scores and Penalty("r2").shares_scores
    for other in (
        Penalty("gradient"),
        Penalty("dragan"),
        Penalty("r1", part=0.5),
        Penalty("r2", form="approximate"),
    ):
        assert not other.shares_scores


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"part": 0.0}, "part must be more than 0 and at most 1, not 0.0"),
        ({"part": -0.5}, "part must be"),
        ({"part": 1.5}, "part must be"),
        ({"part": float("nan")}, "part must be"),
        ({"every": 0}, "every must be at least 1"),
        ({"form": "approximate"}, "exists for r1 and r2 only, not gradient"),
        ({"kind": "dragan", "form": "approximate"}, "exists for r1 and r2 only, not dragan"),
    ],
)
def test_what_cannot_be_is_refused(settings, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Penalty(**settings)


def test_penalties_are_values() -> None:
    one, same = Penalty("r1", 1.0, part=0.25), Penalty("r1", 1.0, part=0.25)
    assert one == same and hash(one) == hash(same)
    assert one != Penalty("r1", 1.0) != Penalty("r1", 1.0, form="approximate")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.part = 0.5  # pyright: ignore
