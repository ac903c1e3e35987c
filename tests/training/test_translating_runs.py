"""Runs whose samples are made of items: a tiny game with two sources, from its data to samples."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import ganvas
from ganvas import domains
from ganvas.cli.main import main
from ganvas.data import load_dataset
from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.errors import DataError, UsageError
from ganvas.games.roles import Role, translator
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.networks.protocols import TranslatorSettings
from ganvas.recipes import parts
from ganvas.recipes.recipe import Data, Recipe
from ganvas.sampling.item_space import ItemSpace
from ganvas.sampling.translator import Translator
from ganvas.store.run import Run
from tests.playing import picture_folder


@dataclass(frozen=True)
class Recolour:
    """A pointwise network from images to images of other channels."""

    def build(self, from_shape: tuple[int, ...], to_shape: tuple[int, ...]) -> nn.Module:
        return nn.Sequential(nn.Conv2d(from_shape[0], to_shape[0], 1), nn.Tanh())


@dataclass(frozen=True)
class Recoloured(GameSettings):
    """Grey pictures to colours whose mean is that of other pictures."""

    players: ClassVar = {"a_to_b": None}
    averaged = ("a_to_b",)
    sources = ("a", "b")
    samples_by = "a_to_b"
    samples_from = "a"
    samples_like = "b"

    @property
    def roles(self) -> dict[str, Role]:
        return {"a_to_b": translator("a", "b")}

    def build(self, setup: GameSetup) -> Game:
        def colour(images: Tensor) -> Tensor:
            return images.mean((0, 2, 3))

        def loss(turn: Turn) -> Result:
            made = turn.networks["a_to_b"](turn.batch("a")["image"])
            apart = colour(made) - colour(turn.batch("b")["image"])
            return Result(apart.square().sum().expand(len(made)))

        move = Move("a_to_b", ("a_to_b",), loss)
        return Game({"a_to_b": setup.player("a_to_b")}, [Phase([(move,)])])


SETTINGS = {"size": 16, "split": "all"}


@pytest.fixture(scope="module", autouse=True)
def registered():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(parts.GAMES, "recoloured", Recoloured)
        patch.setitem(parts.FAMILIES, TranslatorSettings, {"recolour": Recolour})
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("two")
    data = {
        name: str(picture_folder(place / name, count, (16, 16)))
        for name, count in {"a": 24, "b": 12}.items()
    }
    recipe = Recipe(
        name="recoloured",
        networks={"a_to_b": Recolour()},
        game=Recoloured(),
        sources={"a": Data("a", channels=1, **SETTINGS), "b": Data("b", **SETTINGS)},
        images=16,
        batch=8,
        half_life=100,
        device="cpu",
        threads=1,
    )
    return ganvas.train(recipe, data=data, out=place / "runs")


@torch.no_grad()
def test_it_translates_its_own_items(run: Run) -> None:
    whole = run.sampler
    assert isinstance(whole, Translator) and whole.network is run.networks["a_to_b"]
    assert (whole.takes.shape, whole.domain.shape) == ((1, 16, 16), (3, 16, 16))
    items = run.load_source("a")
    samples = run.sample(40, seed=3)
    assert samples.shape == (40, 16, 16, 3) and samples.dtype == torch.uint8
    every = whole.finish(whole(items.domain.to_network(items.pixels)))
    known = {item.numpy().tobytes() for item in every}
    assert {sample.numpy().tobytes() for sample in samples} <= known
    assert torch.equal(samples[0], run.sample(seeds=[3])[0])
    assert torch.equal(samples, torch.cat([part for part, _ in run.stream(40, seed=3)]))


@torch.no_grad()
def test_it_translates_what_it_is_given(run: Run) -> None:
    given = torch.randint(0, 256, (5, 1, 16, 16), dtype=torch.uint8)
    dataset = load_dataset(given)
    whole = run.sampler
    every = whole.finish(whole(dataset.domain.to_network(dataset.pixels)))
    samples = run.sample(9, seed=1, data=given)
    assert all(any(torch.equal(sample, each) for each in every) for sample in samples)
    with pytest.raises(UsageError, match="translates items"):
        run.sample(2, truncation=0.5)
    assert run.sample_conditions(2) is None
    with pytest.raises(UsageError, match="this run has no generator: its networks are a_to_b "):
        _ = run.generator


def test_the_command_line_gives_it_items_too(run: Run, tmp_path: Path) -> None:
    place, out = picture_folder(tmp_path / "more", 8, (16, 16)), tmp_path / "made.npz"
    words = ["sample", str(run.path), "--count", "5", "--data", str(place), "--out", str(out)]
    assert main(words) == 0
    with np.load(out) as made:
        assert np.array_equal(made["images"], run.sample(5, data=str(place)).numpy())


def test_items_that_it_does_not_take_are_refused(run: Run) -> None:
    items = ItemSpace(domains.Image(1, 32, 32), torch.zeros(4, 1, 32, 32, dtype=torch.uint8))
    assert isinstance(run.sampler, Translator)
    with pytest.raises(DataError, match="translates images, 16x16 grey, not images, 32x32 grey"):
        run.sampler.of(items)


def test_a_change_of_its_items_is_noticed(run: Run) -> None:
    added = Path(run.recipe.sources["a"].source) / "z.png"
    Image.new("L", (16, 16)).save(added)
    try:
        with pytest.raises(DataError, match="not what this run was trained on as `data_a`"):
            Run(run.path).sample(1)
    finally:
        added.unlink()


def test_its_pictures_show_what_went_in_above_what_came_out(run: Run) -> None:
    pictures = sorted((run.path / "samples").glob("*.png"))
    with Image.open(pictures[-1]) as shown:
        assert shown.size == (8 * 18 + 2, 16 * 18 + 2)
        pixels = torch.from_numpy(np.array(shown))
    given = pixels[2:18, 2:18]
    assert (given == given[..., :1]).all()  # grey
    made = run.sample(1, seed=run.recipe.seed)[0]
    assert torch.equal(pixels[20:36, 2:18], made)
