"""A run with parts of the user's own: they are tried first, and the run is what it was."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import ganvas
from ganvas.errors import UsageError
from ganvas.extend import (
    Game,
    GameSettings,
    GameSetup,
    Move,
    Phase,
    Result,
    Term,
    Turn,
    generate,
    per_image,
    register,
)
from ganvas.store.event_log import read_events
from ganvas.training import prepare

from ..playing import assert_same_run

pytestmark = pytest.mark.usefixtures("registering")

RING = {
    "images": 256, "batch": 32, "threads": 1, "precision": "fp32", "device": "cpu",
    "evaluation": None, "every.log": 64, "generator": "noisy", "half_life": None,
}  # fmt: skip


class Noisy(nn.Module):
    """Draws from the default generators, first weights included."""

    def __init__(self, ending: type[nn.Module]) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1))
        self.last, self.ending = nn.Linear(16, 2), ending()

    def forward(self, latents: Tensor) -> Tensor:
        return self.ending(self.last(self.net(latents)))[:, :, None, None]


def noisy(ending: type[nn.Module]) -> None:
    @register(kind="noisy")
    @dataclass(frozen=True)
    class Settings:
        """A generator of points."""

        latent: int = 4

        def build(self, shape: tuple[int, ...]) -> nn.Module:
            return Noisy(ending)


def test_a_run_is_to_the_bit_what_it_is_without_the_check(tmp_path, monkeypatch) -> None:
    noisy(nn.Tanh)
    checked = ganvas.train("playground-ring", overrides=RING, out=tmp_path)
    monkeypatch.setattr(prepare, "check_own_parts", lambda *_: [])
    assert_same_run(
        checked.path, ganvas.train("playground-ring", overrides=RING, out=tmp_path).path
    )


def test_warnings_of_parts_stand_with_those_of_the_run(tmp_path) -> None:
    noisy(nn.Sigmoid)
    heard = []
    run = ganvas.train(
        "playground-ring", overrides=RING, out=tmp_path, listeners=[lambda e: heard.append(e)]
    )
    texts = [event.text for event in heard if event.kind == "warning"]
    assert any("'noisy' returns numbers from 0 to 1 alone" in text for text in texts)
    written = [each["text"] for each in read_events(run.path).records if each["kind"] == "warning"]
    assert texts == written


def test_a_network_that_cannot_be_trained_leaves_no_folder(tmp_path) -> None:
    noisy(lambda: nn.Flatten(0))  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="your generator 'noisy' failed on latents"):
        ganvas.train("playground-ring", overrides=RING, out=tmp_path)
    assert not list(tmp_path.glob("*/recipe.yaml"))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (lambda images: images.mean(), r"term/mine/g returned \[\], wanted one number an item"),
        (
            lambda images: torch.log(0 * images).flatten(1).mean(1),
            r"loss of move 'generator' is not finite .* \(and so is term/mine/g\)",
        ),
    ],
)
def test_a_term_s_wrong_loss_is_named(tmp_path, value, says) -> None:
    class Mine(Term):
        """What is wrong."""

        def generator_loss(self, turn, setup, fakes, output) -> Tensor:
            return value(fakes.images)

    register(dataclass(frozen=True)(Mine))
    changes = {**RING, "generator": "mlp", "game.terms": [{"kind": "mine"}]}
    with pytest.raises(ganvas.UserError, match=says):
        ganvas.train("playground-ring", overrides=changes, out=tmp_path)


@dataclass(frozen=True)
class Hinge(GameSettings):
    """A game that augments, or does not."""

    augmenting: bool = True

    def build(self, setup: GameSetup) -> Game:
        def scores(turn: Turn, images: Tensor) -> Tensor:
            if self.augmenting:
                images = setup.augmentation.apply(turn, images, "real.")
            return per_image(turn.networks["discriminator"](images))

        def critic(turn: Turn) -> Result:
            fakes = generate(turn, setup).images.detach()
            real, fake = scores(turn, setup.items(turn)), scores(turn, fakes)
            return Result((1 - real).relu() + (1 + fake).relu())

        def artist(turn: Turn) -> Result:
            return Result(-scores(turn, generate(turn, setup).images))

        groups = [(Move("discriminator", ("discriminator",), critic),)]
        groups += [(Move("generator", ("generator",), artist),)]
        return Game(setup.both_players(), [Phase(groups)])


@dataclass(frozen=True)
class Turned:
    """Turns points round."""

    def __call__(self, images: Tensor, uniform: Any, strength: Any = 1.0) -> Tensor:
        return -images


def test_a_game_that_does_not_augment_where_it_should_is_a_warning(tmp_path, recwarn) -> None:
    register(Hinge)
    register(Turned)
    ring = {**RING, "generator": "mlp", "game": "hinge", "augment": "turned"}
    for changes in ({}, {"augment": None, "game.augmenting": False}):
        ganvas.train("playground-ring", overrides={**ring, **changes}, out=tmp_path)
    assert not [each for each in recwarn if "augment" in str(each.message)]
    with pytest.warns(RuntimeWarning, match="your game 'hinge' augmented nothing in its first"):
        ganvas.train("playground-ring", overrides={**ring, "game.augmenting": False}, out=tmp_path)
