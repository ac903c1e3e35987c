"""README and docs say what is so: commands and Python run, links lead somewhere."""

import re
import shlex
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import ganvas
from ganvas.cli.main import main
from ganvas.recipes.about import ABOUT
from ganvas.recipes.recipe_table import RECIPES

from .playing import picture_folder

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = ("src", "tests", "benchmarks", "tools")
QUICK = ["--images", "64", "--batch", "16", "--threads", "1"]
UNSCORED = ["--evaluation", "null"]
TINY = ["--generator.width", "4", "--discriminator.width", "4"]


def commands(text: str) -> list[list[str]]:
    """The ``ganvas`` lines of its console blocks and inline code, without comments."""
    lines = [
        line
        for block in re.findall(r"```console\n(.*?)```", text, re.S)
        for line in block.splitlines()
    ]
    lines += re.findall(r"`(ganvas [^`\n]+)`", text)
    found = [shlex.split(line, comments=True) for line in lines if line.startswith("ganvas ")]
    return [words[1:] for words in found]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with pictures, and runs by the names the README uses."""
    monkeypatch.chdir(tmp_path)
    picture_folder(tmp_path / "my_photos", count=20, size=(48, 32))
    return tmp_path


def shortened(words: list[str]) -> list[str]:
    """The command with a short length and narrow networks, all else as printed."""
    if words[0] == "evaluate":
        return [*words, "--count", "20", "--metrics", "kid", "--features", "pixels"]
    if words[0] != "train":
        return words
    if {"cifar10", "fashion-mnist"} & set(words):
        return [*words, "--dry-run"]  # their data would have to be fetched
    without = [w for i, w in enumerate(words) if "--minutes" not in (w, words[i - 1])]
    sized = [] if any("generator" in w for w in words) else TINY
    offline = ["--data", "my_photos"] if any("cifar10" in w for w in words) else []
    return [*without, *QUICK, *UNSCORED, *sized, *offline]


def test_the_readmes_commands_run(place, capsys) -> None:
    played = [
        words
        for words in commands(README)
        if not any(mark in word for word in words for mark in "[]|…<>")
        and not {"RUN", "SRC", "NAME"} & set(words)
    ]
    assert [words[0] for words in played][:4] == ["train", "data", "train", "sample"]
    for words in played:
        assert main(shortened(renamed(words, place))) == 0, (words, capsys.readouterr().err)
    assert (place / "grid.png").is_file() and (place / "contact-sheet.png").is_file()


def renamed(words: list[str], place: Path) -> list[str]:
    """``runs/0001-folder`` in the text is whichever number the folder run got here."""
    found = {path.name.split("-", 1)[1]: path for path in sorted((place / "runs").glob("*-*"))}
    return [
        str(found[m[1]]) + m[2] if (m := re.fullmatch(r"runs/\d{4}-([\w-]+)(.*)", w)) else w
        for w in words
    ]


def test_the_readmes_python_runs(place) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    small = {
        "batch": 16, "threads": 1, "generator.width": 4, "discriminator.width": 4,
        "every.log": 32, "evaluation": None,
    }  # fmt: skip

    class Shortened:
        @staticmethod
        def train(*args, **more):
            more.pop("minutes")
            return ganvas.train(*args, **more, images=64, overrides=small)

        @staticmethod
        def resume(path, images):
            assert images > 64
            return ganvas.resume(path, images=96)

        @staticmethod
        def evaluate(run):
            return ganvas.evaluate(run, count=20, metrics=["kid"])

    names: dict[str, object] = {"ganvas": Shortened}
    exec(code.replace("import ganvas\n", ""), names)
    assert names["images"].shape == (64, 28, 28, 1)  # pyright: ignore
    assert names["run"].images == 96  # pyright: ignore


def test_every_recipe_has_its_row_and_is_told_about() -> None:
    families = (ROOT / "docs" / "families.md").read_text(encoding="utf-8")
    firsts = [
        row.split("|")[1] for row in (README + families).splitlines() if row.startswith("| `")
    ]
    named = {name for first in firsts for name in re.findall(r"`([\w-]+)`", first)}
    assert set(RECIPES) <= named
    assert list(ABOUT) == list(RECIPES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_tests_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        if "://" not in target:
            assert (page.parent / target).exists(), target
    tests = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in tests, name
    for file in re.findall(r"`((?:tests|benchmarks|src)/[\w/.-]+\.\w+)`", text):
        assert (ROOT / file).exists(), file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_and_files_named_are_there(page: Path) -> None:
    """A file may be named from the project's root, from the package, or, near its room, alone."""
    text = page.read_text(encoding="utf-8")
    files = [f.as_posix() for folder in CODE for f in (ROOT / folder).rglob("*.py")]
    files += [f"/{name}" for name in re.findall(r"```python\n# (\w+\.py)\n", text)]  # its own
    for name in re.findall(r"`([a-z_][\w/]*\.py)`", text):
        assert any(file.endswith(f"/{name}") for file in files), name
    for name in re.findall(r"`(ganvas(?:\.\w+)+)`", text):
        assert exists(name), name


def exists(name: str) -> bool:
    """Whether a dotted name is that of a module, or of something in one."""
    module, _, last = name.rpartition(".")
    return find_spec(name) is not None or hasattr(import_module(module), last)


def test_the_example_of_contributing_is_in_the_code() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.S)
    code = (ROOT / "src/ganvas/games/parts/mode_seeking.py").read_text(encoding="utf-8")
    assert all(line.strip() in code for line in block.splitlines())


def test_no_text_was_left_open() -> None:
    names = {"GANVAS_CACHE", "NOISE_DIM", "NUM_TRAIN", "NUM_VAL"}  # the last three: a tutorial's
    for page in PAGES:
        assert not set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", page.read_text())) - names, page
