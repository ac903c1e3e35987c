"""The recipes of the three games, what they train on, and how far a run is from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganvas.extend import GAN, Adam, Dataset, Every, Penalty, Points, Recipe, make_dataset

from . import even_paths, sentences, unpaired
from .even_paths import Apart, Bent, EvenPaths
from .sentences import Policy, PolicyGradient, Reader, in_order, right_share
from .unpaired import Shift, Unpaired, sources


def register() -> None:
    """Make the games' parts known, as ``--plugin`` would."""
    for module in (even_paths, sentences, unpaired):
        module.register()


@dataclass(frozen=True)
class Case:
    """A game to be tried.

    recipe: of a run from a seed, over so many images.
    data: what to train on.
    error: how far samples, as ``run.sample`` gives them, are from it.
    """

    recipe: Callable[..., Recipe]
    data: Callable[[], Any]
    error: Callable[[Tensor], float]


def recipe(name: str, lr: float, **more: Any) -> Recipe:
    """A recipe whose players all have one kind of optimiser."""
    made: dict[str, Any] = {
        "name": name,
        "images": 24_000,
        "batch": 32,
        "threads": 1,
        "precision": "fp32",
        "half_life": 500.0,
        "every": Every(log=640, samples=6_400, checkpoint=960),
    }
    made |= more
    adam = Adam(lr, (0.5, 0.99))
    return Recipe(optimisers={name: adam for name in made["game"].players}, **made)


def two_ends(**more: Any) -> Recipe:
    """Translators between the left and the right end."""
    scored = {f"discriminator_{source}": Apart() for source in "ab"}
    networks = {"a_to_b": Shift(), "b_to_a": Shift(), **scored}
    return recipe("two-ends", 3e-3, networks=networks, game=Unpaired(), **more)


def seasons(**more: Any) -> Recipe:
    """A policy that writes seasons in their order."""
    networks = {"generator": Policy(), "discriminator": Reader()}
    return recipe("seasons", 1e-2, networks=networks, game=PolicyGradient(), **more)


def even(**more: Any) -> Recipe:
    """A generator on a ring, with even paths."""
    networks = {"generator": Bent(), "discriminator": Apart(32)}
    game = GAN(terms=(EvenPaths(0.3),), penalties=(Penalty("r1", 0.5),))
    return recipe("even", 3e-3, networks=networks, game=game, **more)


def cloud() -> Dataset:
    """A round cloud about a point off the middle."""
    points = 0.2 * torch.randn(512, 2, generator=torch.Generator().manual_seed(0)) + 0.3
    return make_dataset(Points(), points.view(-1, 2, 1, 1), None, (), "cloud")


def beside(points: Tensor, like: Tensor) -> float:
    """How far means and deviations of points [N, 2] are from those of others, at most."""
    like = like.flatten(1)
    far = [points.mean(0) - like.mean(0), points.std(0) - like.std(0)]
    return torch.cat(far).abs().max().item()


CASES = {
    "unpaired": Case(two_ends, sources, lambda made: beside(made, sources()["b"].pixels)),
    "sentences": Case(seasons, in_order, lambda made: 1 - right_share(made)),
    "even_paths": Case(even, cloud, lambda made: beside(made, cloud().pixels)),
}
