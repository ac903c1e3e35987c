"""A user's own loss, penalty, augmentation and optimiser are tried before a run."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from ganvas.data.dataset import make_dataset
from ganvas.domains import Image
from ganvas.errors import UsageError
from ganvas.extend import SGD, AdversarialLoss, PenaltyKind, image_gradients, per_image, register
from ganvas.recipes.check.augmentation_check import check_augmentation
from ganvas.recipes.check.check import check_own_parts
from ganvas.recipes.check.optimiser_check import check_optimiser
from ganvas.recipes.check.scores_check import check_loss, check_penalty
from ganvas.recipes.recipe_table import change, find

pytestmark = pytest.mark.usefixtures("registering")


def refused(call: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(UsageError) as found:
        call(*given, **named)
    return re.sub(r"line \d+", "line N", str(found.value))


def good(real: Tensor, fake: Tensor) -> Tensor:
    return per_image(fake) - per_image(real)


def generators(real: Tensor, fake: Tensor) -> Tensor:
    return -per_image(fake)


def test_a_loss_that_does_as_it_should_is_passed_over() -> None:
    register(AdversarialLoss(good, generators), "mine")
    check_loss("mine")


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (
            AdversarialLoss(lambda real, fake: (fake - real).mean(), generators),
            "your loss 'mine', on the discriminator's side, returned [], wanted one number an "
            "image [4] (per_image makes them; PyTorch's losses take reduction='none'); it got "
            "scores [4] of reals and of fakes",
        ),
        (
            AdversarialLoss(lambda real, fake: fake - real, generators),
            "returned [4, 3, 3], wanted one number an image [4] (per_image makes them; "
            "PyTorch's losses take reduction='none'); it got scores [4, 3, 3]",
        ),
        (
            AdversarialLoss(good, lambda real, fake: per_image(fake).log()),
            "on the generator's side, returned numbers that are not finite",
        ),
        (
            AdversarialLoss(lambda real, fake: per_image(fake), generators),
            "on the discriminator's side, does not depend on the scores of reals",
        ),
        (
            AdversarialLoss(good, lambda real, fake: per_image(real)),
            "on the generator's side, does not depend on the scores of fakes",
        ),
        (
            AdversarialLoss(good, lambda real, fake: per_image(real - fake)),
            "looks at the scores of reals, and is given those of fakes in their place: say "
            "AdversarialLoss(…, needs_reals=True)",
        ),
        (
            AdversarialLoss(good, lambda real, fake: per_image(fake).detach()),
            "returned numbers without a gradient",
        ),
        (
            AdversarialLoss(good, lambda fake: fake),  # pyright: ignore[reportArgumentType]
            "failed on scores [4] of reals and of fakes: TypeError",
        ),
    ],
)
def test_what_is_wrong_with_a_loss_is_said(loss: AdversarialLoss, says: str) -> None:
    register(loss, "mine")
    text = refused(check_loss, "mine")
    assert says in text and text.startswith("your loss 'mine', on the ")


def slopes(scores: Tensor, images: Tensor) -> Tensor:
    return image_gradients(scores, images).square().sum(1)


def test_a_penalty_that_does_as_it_should_is_passed_over() -> None:
    register(PenaltyKind(slopes, lambda real, fake, uniform: (real + fake) / 2), "mine")
    check_penalty("mine", (1, 8, 8))


def plain_slopes(scores: Tensor, images: Tensor) -> Tensor:
    (gradients,) = torch.autograd.grad(scores.sum(), images, retain_graph=True)
    return gradients.flatten(1).square().sum(1)


@pytest.mark.parametrize(
    ("penalty", "says"),
    [
        (
            PenaltyKind(lambda scores, images: slopes(scores, images).mean(), "reals"),
            "your penalty 'mine' returned [], wanted one number an image [4]",
        ),
        (PenaltyKind(plain_slopes, "reals"), "your penalty 'mine' returned numbers without a grad"),
        (
            PenaltyKind(lambda s, x: plain_slopes(s, x) + x.flatten(1).sum(1), "reals"),
            "does not depend on the discriminator's weights: differentiate with create_graph=True",
        ),
        (
            PenaltyKind(slopes, lambda real, fake, uniform: torch.cat([real, fake])),
            "made images [8, 1, 8, 8] of reals [4, 1, 8, 8], wanted as many of the same shape",
        ),
        (
            PenaltyKind(slopes, lambda real, fake, uniform: real.nothing),
            "failed to make its images: AttributeError: 'Tensor' object has no attribute 'nothing' "
            "(test_own_functions.py, line N: PenaltyKind(slopes, lambda",
        ),
    ],
)
def test_what_is_wrong_with_a_penalty_is_said(penalty: PenaltyKind, says: str) -> None:
    register(penalty, "mine")
    assert says in refused(check_penalty, "mine", (1, 8, 8))


IMAGES = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def brighter(images: Tensor, uniform: Any, strength: Any) -> Tensor:
    return images + strength * uniform("bright")[:, None, None, None]


def test_an_augmentation_that_does_as_it_should_is_passed_over() -> None:
    assert check_augmentation(brighter, "mine", IMAGES, always_whole=False) == []


@pytest.mark.parametrize(
    ("augment", "says"),
    [
        (lambda x, u, s: x[..., :4], "returned [2, 1, 8, 4], wanted [2, 1, 8, 8], as it got"),
        (lambda x, u, s: x.detach() + s, "lets no gradient through to the images"),
        (lambda x, u, s: x / (0 * s), "returned numbers that are not finite"),
        (
            lambda x, u, s: x + u("a", 3, 3),
            "failed on images [2, 1, 8, 8] and a strength of 1: Run",
        ),
        (
            lambda x, u, s: -x,
            "changes images at a strength of 0, where nothing should be applied, ",
        ),
    ],
)
def test_what_is_wrong_with_an_augmentation_is_said(augment: Any, says: str) -> None:
    text = refused(check_augmentation, augment, "mine", IMAGES, always_whole=False)
    assert text.startswith("your augmentation 'mine' ") and says in text


def test_a_strength_that_is_always_one_is_no_reason_to_refuse() -> None:
    (text,) = check_augmentation(lambda x, u, s: -x, "mine", IMAGES, always_whole=True)
    assert text.startswith("your augmentation 'mine' changes images at a strength of 0")


class Lion(torch.optim.Optimizer):
    """Signs of a mean (Chen et al. 2023); what it counts is a plain number."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr})
        self.steps = 0

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.steps += 1
        for group in self.param_groups:
            for weights in group["params"]:
                self.update(weights, self.state[weights], group["lr"])

    def update(self, weights: Tensor, state: Any, lr: float) -> None:
        mean = state.setdefault("mean", torch.zeros_like(weights))
        weights.sub_(lr * mean.lerp_(weights.grad, 0.1).sign())


class Lazy(Lion):
    def update(self, weights: Tensor, state: Any, lr: float) -> None:
        pass


class Counting(Lion):
    def update(self, weights: Tensor, state: Any, lr: float) -> None:
        weights.sub_(lr * self.steps * weights.grad)  # pyright: ignore[reportOperatorIssue]


class Numbered(Lion):
    def update(self, weights: Tensor, state: Any, lr: float) -> None:
        super().update(weights, state, lr)
        state["count"] = 1


def optimiser(family: type, *moments: str) -> SGD:
    @dataclass(frozen=True)
    class Settings(SGD):
        """Of this family."""

        lr: float = 0.1

        def numbers(self, images: int, ratio: float = 1.0) -> dict[str, Any]:
            return {"lr": self.lr}

        def moments(self) -> Any:
            return moments

        def options(self, device: torch.device) -> dict[str, bool]:
            return {}

    Settings.family = family
    return Settings()


def test_an_optimiser_that_does_as_it_should_is_passed_over() -> None:
    check_optimiser(SGD(momentum=0.5), "sgd")
    check_optimiser(optimiser(Lion, "mean"), "mine")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (optimiser(Lion), "has the state mean after its first step alone"),
        (optimiser(Lazy), "changed no weight in a step"),
        (optimiser(Counting), "makes another step after its state was restored"),
        (
            optimiser(Numbered, "mean"),
            "keeps 'count' as int, not as a tensor, so no checkpoint would hold it",
        ),
        (
            optimiser(torch.optim.Adagrad, "exp_avg"),
            "whose method `moments` names exp_avg, and whose state has sum, failed in a step: "
            "KeyError: 'sum'",
        ),
        (
            optimiser(torch.optim.Adam),
            "has the state exp_avg, exp_avg_sq, step after its first step alone, and a checkpoint "
            "must find a place for it before: name it in its method `moments` (`step` is there "
            "with `counts_steps = True`)",
        ),
        (optimiser(torch.nn.Linear), "could not be built: TypeError"),
    ],
)
def test_what_is_wrong_with_an_optimiser_is_said(settings: SGD, says: str) -> None:
    text = refused(check_optimiser, settings, "mine")
    assert text.startswith("your optimiser 'mine'") and says in text


def test_all_of_a_recipe_s_own_functions_are_tried() -> None:
    register(AdversarialLoss(good, lambda real, fake: fake.mean()), "mine")
    register(PenaltyKind(plain_slopes, "reals"), "own-slopes")

    @register(kind="own-sgd")
    @dataclass(frozen=True)
    class Own(type(optimiser(Lazy))):
        """Changes nothing."""

        family: ClassVar = Lazy

    @register(kind="turned")
    @dataclass(frozen=True)
    class Turned:
        """Turns bright and dark."""

        def __call__(self, images: Tensor, uniform: Any, strength: Any) -> Tensor:
            return -images

    pixels = torch.randint(0, 256, (4, 1, 8, 8), dtype=torch.uint8)
    digits = make_dataset(Image(1, 8, 8), pixels, None, (), "digits")

    def said(**changes: Any) -> list[str]:
        recipe = change(find("mnist"), {"augment": None, "strength": 1.0, **changes})
        return check_own_parts(recipe, {"train": digits}, None)

    assert said() == []
    assert "on the generator's side, returned []" in refused(said, **{"game.loss": "mine"})
    assert said(**{"game.generator_loss": "hinge"}) == []
    assert "own-slopes" in refused(said, **{"game.penalties": [{"kind": "own-slopes"}]})
    assert "own-sgd" in refused(said, discriminator_optimiser={"kind": "own-sgd"})
    assert "turned" in refused(said, augment={"kind": "turned"}, strength=0.5)
    assert len(said(augment={"kind": "turned"})) == 1
