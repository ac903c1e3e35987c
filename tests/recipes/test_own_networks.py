"""A user's own network is tried before a run: what is wrong is said as a newcomer can mend it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from ganvas.data.dataset import Dataset, make_dataset
from ganvas.domains import Image, Points
from ganvas.errors import UsageError
from ganvas.extend import (
    EncoderSettings,
    GameSettings,
    ScoresAndLogits,
    discriminator,
    generator,
    register,
)
from ganvas.recipes.build.prepared import conditions_of
from ganvas.recipes.check.check import check_own_parts
from ganvas.recipes.recipe_table import change, find

pytestmark = pytest.mark.usefixtures("registering")

Make = Callable[..., nn.Module]


def registered(make: Make, kind: str, **more: Any) -> type:
    """Settings whose ``build`` is ``make``, as a user's file registers them."""

    class Settings:
        def build(self, shape: tuple[int, ...], *rest: int) -> nn.Module:
            return make(shape, *rest)

    if more.pop("conditional", False):
        Settings.build = lambda self, shape, conditions=0: make(shape, conditions)  # pyright: ignore[reportAttributeAccessIssue]
    if more.pop("latent", True) and more.get("family") is None and kind.startswith("g"):
        Settings.__annotations__ = {"latent": int}
        Settings.latent = 6  # pyright: ignore[reportAttributeAccessIssue]
    return register(dataclass(frozen=True)(Settings), kind, **more)


def digits(count: int = 8) -> Dataset:
    domain = Image(1, 8, 8)
    pixels = domain.noise(count, torch.Generator().manual_seed(0))
    labels = torch.arange(count) % 2
    return make_dataset(domain, pixels, labels, ("even", "odd"), "digits")


def said(part: str, kind: str, **changes: Any) -> list[str]:
    """The warnings of a recipe with this part."""
    more = {part: kind, "half_life": None, "evaluation": None, **changes}
    recipe = change(find("mnist"), more)
    dataset = digits()
    return check_own_parts(recipe, {"train": dataset}, conditions_of(recipe, dataset))


def refused(part: str, make: Make, **changes: Any) -> str:
    """What is said of a part that cannot be trained."""
    more = {key: changes.pop(key) for key in ("conditional", "family", "latent") if key in changes}
    kind = f"{part[0]}-mine"
    registered(make, kind, **more)
    with pytest.raises(UsageError) as found:
        said(part, kind, **changes)
    return re.sub(r"line \d+", "line N", str(found.value))


def warned(part: str, make: Make, **changes: Any) -> list[str]:
    kind = f"{part[0]}-mine"
    registered(make, kind, conditional=changes.pop("conditional", False))
    return said(part, kind, **changes)


class Plain(nn.Module):
    """A generator of images that does as it should; others spoil one thing."""

    def __init__(self, latent: int = 6, channels: int = 1) -> None:
        super().__init__()
        self.net = nn.Linear(latent, channels * 64)

    def forward(self, z: Tensor) -> Tensor:
        return self.net(z).view(len(z), -1, 8, 8).tanh()


class Scores(nn.Module):
    """A discriminator that does as it should."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(64, 8), nn.Linear(8, 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.first(images.flatten(1)).relu()).squeeze(1)


def test_networks_that_do_as_they_should_are_passed_over() -> None:
    assert warned("generator", lambda shape: Plain()) == []
    assert warned("discriminator", lambda shape: Scores()) == []
    maps = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.LeakyReLU(), nn.Conv2d(3, 1, 3))
    assert warned("discriminator", lambda shape: maps) == []


def test_a_network_may_compare_items_in_groups() -> None:
    class Groups(Scores):
        def forward(self, images: Tensor) -> Tensor:
            found = super().forward(images)
            return found + found.view(-1, 8).std(1).mean()

    class Columns(Groups):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images).expand(3, -1)

    assert warned("discriminator", lambda shape: Groups(), batch=32) == []
    text = refused("discriminator", lambda shape: Groups(), batch=32, accumulate=8)
    assert "failed on images [2, 1, 8, 8]: RuntimeError: shape '[-1, 8]' is invalid" in text
    text = refused("discriminator", lambda shape: Columns(), batch=8)
    assert "returned [3, 8], wanted scores [8], or [8, ...]" in text


def test_a_bias_alone_is_no_sigmoid() -> None:
    class Biased(Plain):
        def __init__(self) -> None:
            super().__init__()
            nn.init.constant_(self.net.bias, 3.0)

    class Zero(Plain):
        def __init__(self) -> None:
            super().__init__()
            nn.init.zeros_(self.net.weight)
            nn.init.zeros_(self.net.bias)

    assert warned("generator", lambda shape: Biased()) == []
    assert warned("generator", lambda shape: Zero()) == []

    class Half(Scores):
        def __init__(self) -> None:
            super().__init__()
            nn.init.constant_(self.last.bias, 0.5)
            nn.init.zeros_(self.last.weight)

    assert warned("discriminator", lambda shape: Half()) == []


# --- what a newcomer does wrong with a generator ---


class Flat(Plain):
    def forward(self, z: Tensor) -> Tensor:
        return self.net(z)


class Fails(Plain):
    def __init__(self) -> None:
        super().__init__(latent=100)


class InPlace(Plain):
    def forward(self, z: Tensor) -> Tensor:
        values = self.net(z).tanh()
        values += 1
        return values.view(-1, 1, 8, 8)


class Double(Plain):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z).double()


class BrokenWeights(Plain):
    def __init__(self) -> None:
        super().__init__()
        nn.init.constant_(self.net.weight, torch.nan)


class BrokenNumbers(Plain):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z).sub(2).log()


class BrokenGradients(Plain):
    def forward(self, z: Tensor) -> Tensor:
        return (0 * super().forward(z)).sqrt()


class Detached(Plain):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z).detach()


class OneForAll(Plain):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z).mean(0)


class Two(Plain):
    def forward(self, z: Tensor) -> Any:
        return super().forward(z), z


class Nothing(Plain):
    def forward(self, z: Tensor) -> Any:
        super().forward(z)


WRONG_GENERATORS: list[tuple[Make, str]] = [
    (
        lambda shape: Flat(),
        "your generator 'g-mine' returned [2, 64], wanted [2, 1, 8, 8] (images of digits); it got "
        "latents [2, 6]",
    ),
    (
        lambda shape: Fails(),
        "your generator 'g-mine' failed on latents [2, 6] in layer net, Linear(in_features=100, "
        "out_features=64, bias=True): RuntimeError: mat1 and mat2 shapes "
        "cannot be multiplied (2x6 and 100x64) (test_own_networks.py, line N: "
        "return self.net(z).view(len(z), -1, 8, 8).tanh())",
    ),
    (
        lambda shape: Plain(channels=3),
        "returned [2, 3, 8, 8], wanted [2, 1, 8, 8] (images of digits)",
    ),
    (lambda shape: OneForAll(), "returned [1, 8, 8], wanted [2, 1, 8, 8] (images of digits)"),
    (lambda shape: Two(), "returned a tuple of [2, 1, 8, 8], [2, 6], wanted [2, 1, 8, 8]"),
    (lambda shape: Nothing(), "returned nothing (None), wanted [2, 1, 8, 8]"),
    (lambda shape: Double(), "returned float64, which no other network takes: leave `.double()`"),
    (lambda shape: BrokenWeights(), "begins with weights that are not finite: 'net.weight'"),
    (lambda shape: BrokenNumbers(), "returned numbers that are not finite, with its first weights"),
    (
        lambda shape: BrokenGradients(),
        "has gradients that are not finite, such as that of 'net.weight'",
    ),
    (
        lambda shape: Detached(),
        "returns nothing that depends on its weights (is it detached, or within torch.no_grad()?), "
        "so it would never learn",
    ),
    (lambda shape: nn.Flatten(), "returned [2, 6], wanted [2, 1, 8, 8]"),
    (lambda shape: nn.Unflatten(1, (1, 2, 3)), "returned [2, 1, 2, 3], wanted [2, 1, 8, 8]"),
    (
        lambda shape: None,  # pyright: ignore[reportArgumentType, reportReturnType]
        "your generator 'g-mine': build((1, 8, 8)) returned nothing (None), wanted a "
        "torch.nn.Module",
    ),
    (
        lambda shape: nn.Linear(6, shape["height"]),  # pyright: ignore[reportCallIssue, reportArgumentType]
        "your generator 'g-mine' failed in build((1, 8, 8)): TypeError: tuple indices must be "
        "integers or slices, not str (test_own_networks.py, line N: lambda shape: nn.Linear(6",
    ),
    (
        lambda shape: InPlace(),
        "your generator 'g-mine' failed in its backward pass: RuntimeError: one of the variables "
        "needed for gradient computation has been modified by an inplace operation",
    ),
]


@pytest.mark.parametrize(("make", "says"), WRONG_GENERATORS)
def test_what_is_wrong_with_a_generator_is_said(make: Make, says: str) -> None:
    assert says in refused("generator", make)


def test_an_operation_in_place_is_named() -> None:
    assert refused("generator", lambda shape: InPlace()).endswith(
        "(test_own_networks.py, line N: values = self.net(z).tanh())"
    )


def test_a_network_of_pytorch_s_layers_is_named_by_its_build() -> None:
    def make(shape: tuple[int, ...]) -> nn.Module:
        return nn.Sequential(nn.Linear(7, 64), nn.Unflatten(1, shape))

    text = refused("generator", make)
    assert " in layer 0, Linear(in_features=7, out_features=64, bias=True): RuntimeError" in text
    assert text.endswith(
        "(2x6 and 7x64) (test_own_networks.py, line N: "
        "def build(self, shape: tuple[int, ...], *rest: int) -> nn.Module:)"
    )


def test_a_layer_inside_others_is_named_by_its_whole_path() -> None:
    class Deep(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Identity(), nn.Sequential(nn.Unflatten(1, (5,))))

    assert "] in layer net.1.0, Unflatten(dim=1, unflattened_size=(5,)): " in refused(
        "generator", lambda shape: Deep()
    )


def test_a_generator_needs_a_latent() -> None:
    from ganvas.extend import GeneratorSettings

    class Settings:
        def build(self, shape: tuple[int, ...]) -> nn.Module:
            return Plain()

    register(dataclass(frozen=True)(Settings), "g-mine", family=GeneratorSettings)
    with pytest.raises(UsageError, match=r"'g-mine' has no field `latent`.*such as `latent: int"):
        said("generator", "g-mine")


def test_a_sigmoid_at_a_generator_s_end_is_warned_of() -> None:
    class Sigmoid(Plain):
        def forward(self, z: Tensor) -> Tensor:
            return self.net(z).sigmoid().view(-1, 1, 8, 8)

    assert warned("generator", lambda shape: Sigmoid()) == [
        "your generator 'g-mine' returns numbers from 0 to 1 alone, whatever its weights, but "
        "reals lie in [-1, 1]: end with tanh, not with a sigmoid"
    ]


def test_unused_layers_are_warned_of_by_name() -> None:
    class Spare(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.spare = nn.Linear(2, 2)

    assert warned("generator", lambda shape: Spare()) == [
        "your generator 'g-mine' returns nothing that depends on 'spare.weight', 'spare.bias' (2 "
        "of its 4 tensors of weights): they will not learn from it"
    ]


# --- what a newcomer does wrong with a discriminator ---


class MeanOfAll(Scores):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).mean()


class Counts(Scores):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images) > 0


class Three(Scores):
    def forward(self, images: Tensor) -> Any:
        return (super().forward(images),) * 3


class Blind(Scores):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.detach())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            MeanOfAll,
            "your discriminator 'd-mine' returned [], wanted scores [2], or [2, ...] where an item "
            "has several; it got images [2, 1, 8, 8]",
        ),
        (Counts, "returned [2] of bool, wanted real numbers"),
        (Three, "returned a tuple of [2], [2], [2], wanted one tensor of scores [2]"),
        (
            Blind,
            "returns nothing that depends on what it scores (is it detached, or within "
            "torch.no_grad()?), so no generator could learn from it",
        ),
        (
            lambda: nn.Linear(3, 1),
            "failed on images [2, 1, 8, 8]: RuntimeError: mat1 and mat2 shapes",
        ),
    ],
)
def test_what_is_wrong_with_a_discriminator_is_said(make: Make, says: str) -> None:
    assert says in refused("discriminator", lambda shape: make())


class Probability(Scores):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).sigmoid()


class Shares(Scores):
    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(8, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.first(images.flatten(1)).relu()).softmax(1)


@pytest.mark.parametrize("make", [Probability, Shares])
def test_probabilities_are_warned_of(make: Make) -> None:
    assert warned("discriminator", lambda shape: make()) == [
        "your discriminator 'd-mine' returns numbers from 0 to 1 alone, whatever its weights, but "
        "scores are unbounded here: leave its sigmoid away (a loss has its own)"
    ]


def test_what_a_known_game_does_not_use_is_warned_of() -> None:
    class Pair(Scores):
        def forward(self, images: Tensor) -> Any:
            return super().forward(images), images

    (text,) = warned("discriminator", lambda shape: Pair())
    assert "a tuple of [2], [2, 1, 8, 8]: the first are taken for scores" in text

    class Classifier(Scores):
        classifies = True

        def forward(self, images: Tensor) -> ScoresAndLogits:
            scores = super().forward(images)
            return ScoresAndLogits(scores, scores[:, None].expand(-1, 2))

    assert warned("discriminator", lambda shape: Classifier()) == []


# --- conditions ---


class WithConditions(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(2, 6)

    def forward(self, z: Tensor, conditions: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().forward(z + self.embed(conditions))


class Forgets(WithConditions):
    def forward(self, z: Tensor, conditions: Tensor) -> Tensor:
        return Plain.forward(self, z + 0 * self.embed(conditions))


BY_CLASS = {"condition": {"kind": "class"}, "conditional": True}


def test_conditions_are_given_and_must_change_something() -> None:
    assert warned("generator", lambda shape, count: WithConditions(), **BY_CLASS) == []
    assert warned("generator", lambda shape, count: Forgets(), **BY_CLASS) == [
        "your generator 'g-mine' returns the same whatever its conditions are"
    ]


def test_a_forward_without_conditions_is_named() -> None:
    text = refused("generator", lambda shape, count: Plain(), **BY_CLASS)
    assert text == (
        "your generator 'g-mine' failed on latents [2, 6] and conditions [2, 2]: TypeError: "
        "Plain.forward() takes 2 positional arguments but 3 were given (test_own_networks.py, line "
        "N: def forward(self, z: Tensor) -> Tensor:)"
    )
    text = refused("generator", lambda shape: Plain(), condition={"kind": "class"})
    assert "the generator g-mine takes no conditions" in text


# --- other roles, other items, games of one's own ---


def test_an_encoder_returns_means_and_log_variances() -> None:
    def make(shape: tuple[int, ...], latent: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, latent))

    registered(make, "e-mine", family=EncoderSettings)
    changes = {"generator": "compact", "discriminator": "compact", "generator.latent": 6}
    with pytest.raises(UsageError) as found:
        said("encoder", "e-mine", **{"game": "vae-gan", **changes})
    assert str(found.value) == (
        "your encoder 'e-mine' returned [2, 6], wanted [2, 12] (means and log-variances of 6 "
        "numbers); it got images [2, 1, 8, 8]"
    )


def test_points_are_not_called_images() -> None:
    registered(lambda shape: nn.Linear(6, 2), "g-mine")
    recipe = change(find("playground-ring"), {"generator": "g-mine", "half_life": None})
    points = make_dataset(Points(), torch.zeros(4, 2, 1, 1), None, (), "ring")
    with pytest.raises(UsageError, match=r"wanted \[2, 2, 1, 1\] \(points of ring\)"):
        check_own_parts(recipe, {"train": points}, None)


@dataclass(frozen=True)
class Mine(GameSettings):
    """A game of the user's own: it may use parts of a network as it likes."""

    players: ClassVar = {"generator": None, "discriminator": None}

    @property
    def roles(self) -> Any:
        return {"generator": generator(), "discriminator": discriminator()}

    def build(self, setup: Any) -> Any:
        raise AssertionError


def test_a_game_of_ones_own_may_mean_it_so() -> None:
    register(Mine)
    registered(lambda shape: Detached(), "g-mine")
    registered(lambda shape: Three(), "d-mine")
    changes = {"game": "mine", "discriminator": "d-mine", "condition": None}
    (text,) = said("generator", "g-mine", **changes)
    assert text.startswith("your generator 'g-mine' returns nothing that depends on its weights")
    registered(lambda shape: nn.Sequential(Scores(), nn.Sigmoid()), "d-mine")
    registered(lambda shape: Plain(), "g-mine")
    assert said("generator", "g-mine", **changes) == []


def test_nothing_random_is_moved_and_the_run_s_weights_are_its_own() -> None:
    import random

    import numpy as np

    def make(shape: tuple[int, ...]) -> nn.Module:
        torch.rand(1), np.random.rand(), random.random()
        return nn.Sequential(nn.Dropout(), Plain())

    registered(make, "g-mine")
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # pyright: ignore
    assert said("generator", "g-mine") == []
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # pyright: ignore
    assert before[2] == random.getstate()
