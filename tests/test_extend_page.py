"""docs/extend.md: each of its files is written and each of its commands is run, in their order."""

import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import ganvas
from ganvas.cli.main import main
from ganvas.recipes.own_parts import known

from .registering import forgotten_afterwards
from .test_readme import ROOT, commands

TEXT = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|yaml|console)\n(.*?)```", TEXT, re.S)
QUICK: dict[str, Any] = {
    "every.log": 32, "images": 64, "batch": 16, "threads": 1, "precision": "fp32",
    "evaluation": None,
}  # fmt: skip
SORTS = {
    "loss", "penalty", "term", "generator", "discriminator", "game", "recipe", "optimiser",
    "augmentation", "domain", "data source", "condition", "metric", "feature network", "logger",
    "listener",
}  # fmt: skip
"""What there is a section about."""


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Path:
    """The folder in which all of the page was played."""
    place = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch, forgotten_afterwards():
        patch.chdir(place)
        patch.syspath_prepend(str(place))
        patch.setattr(ganvas, "train", shortened(ganvas.train), raising=False)
        patch.setattr(ganvas, "evaluate", counted(ganvas.evaluate), raising=False)
        modules = set(sys.modules)
        for language, text in BLOCKS:
            play(language, text)
        (place / "sorts").write_text("\n".join({part.what for part in known()}))
        for name in set(sys.modules) - modules:
            if getattr(sys.modules[name], "__file__", None) in map(str, place.glob("*.py")):
                del sys.modules[name]
    return place


def play(language: str, text: str) -> None:
    """Write a file, and run it where it is a script; or run commands."""
    if language == "console":
        for words in commands(f"```console\n{text}```"):
            assert main(quick(words)) == 0, words
        return
    name = text.splitlines()[0].removeprefix("# ")
    assert re.fullmatch(r"\w+\.(py|yaml)", name), f"a block that is no file: {text}"
    Path(name).write_text(text)
    if name.endswith(".py") and "import ganvas\n" in text:
        runpy.run_path(name, run_name="__main__")


def quick(words: list[str]) -> list[str]:
    """A command over few images, with narrow networks, all else as printed."""
    if words[0] == "evaluate":
        usual = [] if "--metrics" in words else ["--metrics", "kid", "--features", "pixels"]
        return [*words, "--count", "40", *usual]
    if words[0] == "resume":
        return [*words[:-1], "96"]
    if words[0] != "train":
        return words
    own = {"--generator", "--first", "study.yaml", "replay-study", "sine-waves"} & set(words)
    settings = QUICK if own else {**QUICK, "generator.width": 4, "discriminator.width": 4}
    short = [w for key, each in settings.items() for w in (f"--{key}", str(each))]
    if "--evaluation.metrics" in words:
        short = ["--evaluation.count" if w == "--evaluation" else w for w in short]
        return [*words, *("40" if w == "None" else w for w in short)]
    return [*words, *("null" if w == "None" else w for w in short)]


def shortened(train: Callable) -> Callable:
    def call(*args: Any, minutes: Any = None, images: Any = None, **more: Any) -> Any:
        overrides = {**more.pop("overrides", {}), **QUICK}
        overrides |= {key: 4 for key in overrides if key.endswith(".width")}
        return train(*args, overrides=overrides, **more)

    return call


def counted(evaluate: Callable) -> Callable:
    return lambda run, **more: evaluate(run, count=40, metrics=["kid"], **more)


def test_all_of_the_page_runs(played: Path) -> None:
    names = [path.name for path in sorted((played / "runs").iterdir())]
    assert names[:5] == [f"{number:04}-mnist" for number in range(1, 6)]
    assert (played / "grid.png").is_file() and (played / "waves.png").is_file()
    assert ganvas.load(played / "runs" / "0001-mnist").images == 96


def test_there_is_a_section_for_each_sort_of_part(played: Path) -> None:
    assert set((played / "sorts").read_text().splitlines()) == SORTS


def test_the_parts_did_something(played: Path) -> None:
    def logged(number: int) -> str:
        (path,) = (played / "runs").glob(f"{number:04}-*")
        return (path / "log.jsonl").read_text()

    assert "penalty/one-sided" in logged(2)
    assert "term/sharp/g" in logged(3)
    assert "replayed" in logged(5) and "loss/critics" in logged(6) and "replayed" in logged(7)
    text = "".join(path.read_text() for path in (played / "runs").glob("*/evaluations.jsonl"))
    assert '"contrast"' in text
    assert list((played / "runs").glob("*/losses.csv"))
    assert (played / "generator.pt").is_file()


def test_the_whole_of_it_needs_few_names_of_ganvas() -> None:
    """Its files import the two modules that are stable, and no other."""
    imported = re.findall(r"^(?:from|import) (ganvas[\w.]*)", TEXT, re.M)
    assert set(imported) == {"ganvas", "ganvas.extend"}


def test_elsewhere_the_generator_is_the_same(played: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, forgotten_afterwards():
        patch.chdir(played)
        run = ganvas.load(played / "runs" / "0004-mnist", plugin="tiny.py")
        state = torch.load(played / "generator.pt", weights_only=True)
        assert all(torch.equal(state[k], v) for k, v in run.generator.state_dict().items())
