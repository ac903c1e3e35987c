"""A game with two sources, from its data to a run that goes on."""

import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor

import ganvas
from ganvas.cli.main import main
from ganvas.data.dataset import make_dataset
from ganvas.domains import Image
from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.errors import DataError, UsageError
from ganvas.games.roles import Role, generator
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.recipes import parts
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, from_plain
from ganvas.training.resolve import resolve
from tests.playing import assert_same_run, log_of, picture_folder


@dataclass(frozen=True)
class Between(GameSettings):
    """A generator whose mean colour is to lie between those of two sources."""

    players: ClassVar = {"generator": None}
    sources = ("a", "b")

    @property
    def roles(self) -> dict[str, Role]:
        return {"generator": generator("b")}

    def build(self, setup: GameSetup) -> Game:
        def colour(images: Tensor) -> Tensor:
            return images.mean((0, 2, 3))

        def loss(turn: Turn) -> Result:
            latents = turn.draw.normal("latent", setup.latent)
            made = turn.networks["generator"](latents, *setup.conditions(turn))
            assert torch.equal(setup.items(turn), turn.batch("a")["image"])
            real = [colour(turn.batch(source)["image"]) for source in self.sources]
            apart = colour(made) - sum(real) / 2
            return Result(apart.square().sum().expand(len(made)), {"first": real[0].mean()})

        move = Move("generator", ("generator",), loss)
        return Game({"generator": setup.player("generator")}, [Phase([(move,)])])


@pytest.fixture(autouse=True)
def registered(monkeypatch) -> None:
    monkeypatch.setitem(parts.GAMES, "between", Between)


def recipe() -> Recipe:
    every = {"log": 16, "samples": 16, "checkpoint": 16}
    network = {"kind": "dcgan", "latent": 4, "width": 4}
    plain = {"name": "two", "game": "between", "generator": network, "images": 32, "batch": 8}
    more = {"device": "cpu", "threads": 1, "precision": "fp32", "every": every}
    read = {"size": 32, "split": "all"}
    return from_plain({**plain, **more, "data_a": read, "data_b": read})


@pytest.fixture
def places(tmp_path) -> dict[str, Path]:
    pictures = {"a": 24, "b": 12}
    return {
        name: picture_folder(tmp_path / name, count, (32, 32)) for name, count in pictures.items()
    }


def test_data_is_named_by_source(places) -> None:
    found = resolve(recipe(), {name: str(place) for name, place in places.items()})
    assert {name: data.source for name, data in found.sources.items()} == {
        name: str(place) for name, place in places.items()
    }
    assert found.sources["a"].size == 32
    assert resolve(recipe(), {"a": str(places["a"]), "b": None}).sources["b"].source == ""
    with pytest.raises(UsageError, match="unknown setting 'data': did you mean data_"):
        resolve(recipe(), str(places["a"]))
    with pytest.raises(UsageError, match="unknown setting 'data_b'"):
        resolve("mnist", {"b": str(places["b"])})


def test_the_command_line_names_them(places, capsys, tmp_path) -> None:
    from ganvas.recipes import flat, yaml

    file = tmp_path / "two.yaml"
    file.write_text(yaml.write(flat.to_plain(recipe())))
    words = ["--data-a", str(places["a"]), f"--data_b={places['b']}", "--data_b.limit", "9"]
    assert main(["train", str(file), *words, "--dry-run"]) == 0
    plain = yaml.read(capsys.readouterr().out)
    assert (plain["data_a"]["source"], plain["data_a"]["size"]) == (str(places["a"]), 32)
    assert (plain["data_b"]["source"], plain["data_b"]["limit"]) == (str(places["b"]), 9)
    assert main(["train", str(file), "--data-a"]) == 2
    assert "--data-a needs a value" in capsys.readouterr().err


def test_a_run_trains_on_both_and_goes_on_to_the_bit(places, tmp_path, capsys) -> None:
    data = {name: str(place) for name, place in places.items()}
    whole = ganvas.train(recipe(), data=data, out=tmp_path / "runs")
    part = ganvas.train(recipe(), data=data, out=tmp_path / "runs", images=16)
    ganvas.resume(part.path, images=32)
    assert_same_run(whole.path, part.path, log_of)
    assert {path.name for path in whole.path.glob("reals*.png")} == {"reals.png", "reals-b.png"}
    plain = json.loads((whole.path / "run.json").read_text())
    assert (plain["count"], plain["others"]["b"]["count"]) == (24, 12)
    assert whole.sample(2).shape == (2, 32, 32, 3)
    page = (whole.path / "report.html").read_text(encoding="utf-8")
    assert "24 images of a, 32x32 colour; 12 images of b, 32x32 colour" in page
    for source in "ab":
        assert f"<figcaption>training images: {source}</figcaption>" in page
    assert main(["show", str(whole.path)]) == 0
    shown = capsys.readouterr().out.splitlines()
    line = next(i for i, text in enumerate(shown) if text.startswith("  data "))
    assert shown[line] == "  data        24 images of a, 32x32 colour"
    assert shown[line + 1] == "              12 images of b, 32x32 colour"


def test_each_source_is_recognised(places, tmp_path) -> None:
    data = {name: str(place) for name, place in places.items()}
    run = ganvas.train(recipe(), data=data, out=tmp_path / "runs")
    moved = tmp_path / "moved"
    shutil.move(places["b"], moved)
    with pytest.raises(DataError, match=re.escape(f"{places['b']}, which")) as lost:
        ganvas.resume(run.path, images=40)
    assert "say `data_b` with" in str(lost.value)
    with pytest.raises(DataError, match="not what this run was trained on as `data_b`"):
        ganvas.resume(run.path, images=40, data={"b": str(places["a"])})
    with pytest.raises(UsageError, match="unknown setting 'data_c': did you mean data_"):
        ganvas.resume(run.path, images=40, data={"c": str(moved)})
    assert main(["resume", str(run.path), "--images", "40", "--data-b", str(moved)]) == 0
    again = ganvas.load(run.path)
    assert (again.images, again.recipe.sources["b"].source) == (40, str(moved))
    new = ganvas.resume(run.path, images=48, data={"b": str(places["a"])}, new_data=True)
    assert new.record.others["b"].count == 24


def test_the_smallest_source_bounds_a_batch(places, tmp_path) -> None:
    data = {name: str(place) for name, place in places.items()}
    with pytest.raises(UsageError, match="a batch of 16 is more than the 12 images of b"):
        ganvas.train(recipe(), data=data, out=tmp_path, overrides={"batch": 16})
    images = torch.zeros(24, 3, 32, 32, dtype=torch.uint8)
    run = ganvas.train(recipe(), data={"a": images, "b": images[:9]}, out=tmp_path, images=8)
    with pytest.raises(UsageError, match=r"again as data=\{'a': \.\.\.\}"):
        ganvas.resume(run.path, images=16)
    ganvas.resume(run.path, images=16, data={"a": images, "b": images[:9]})


def test_conditions_are_those_of_the_main_source(tmp_path) -> None:
    images = torch.randint(0, 256, (12, 3, 32, 32), dtype=torch.uint8)
    labelled = make_dataset(Image(3, 32, 32), images, torch.arange(12) % 3, ("x", "y", "z"), "a")
    generator = {"kind": "compact", "latent": 4, "width": 4}
    changes = {"generator": generator, "condition": "class", "images": 16}
    run = ganvas.train(change(recipe(), changes), data={"a": labelled, "b": images}, out=tmp_path)
    assert run.sample(2, label="y").shape == (2, 32, 32, 3)


def test_a_source_that_nobody_names_is_not_guessed(places, tmp_path) -> None:
    with pytest.raises(UsageError, match="trains on a and b: say `data_b` too"):
        ganvas.train(recipe(), data={"a": places["a"]}, out=tmp_path / "runs")


@dataclass(frozen=True)
class Careless(Between):
    """What it declares is not what it makes."""

    makes: str = "generator"
    more: str = "role"

    @property
    def roles(self) -> dict[str, Role]:
        return super().roles | ({"other": generator("b")} if self.more == "role" else {})

    def build(self, setup: GameSetup) -> Game:
        game = super().build(setup)
        return Game({self.makes: setup.player(self.makes, "generator")}, game.phases)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Careless(), "no player moves its other"),
        (Careless("generatr", ""), "makes a player 'generatr', and declares generator"),
    ],
    ids=["role", "player"],
)
def test_what_a_game_declares_it_must_have(settings, message, places, tmp_path, monkeypatch):
    monkeypatch.setitem(parts.GAMES, "careless", Careless)
    whole = recipe()
    networks = dict(whole.networks)
    if settings.more:
        networks["other"] = networks["generator"]
    careless = replace(whole, game=settings, networks=networks)
    with pytest.raises(UsageError, match=message):
        ganvas.train(careless, data=places, out=tmp_path / "runs")
    assert not list((tmp_path / "runs").glob("*"))
