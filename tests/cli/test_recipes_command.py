"""``ganvas recipes``: recipes and parts, a user's own among them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ganvas.cli.main import main
from ganvas.recipes import catalogue
from ganvas.recipes.recipe_table import find
from tests.registering import forgotten_afterwards

PLUGIN = '''
from dataclasses import dataclass, replace
from ganvas.extend import register
from ganvas.recipes.named.mnist import mnist
import ganvas

@register(kind="my-net")
@dataclass(frozen=True)
class MyNet:
    """A network of mine.

    latent: numbers in a latent.
    """

    latent: int = 4
    widths: tuple[int, ...] = (8, 4)

    def build(self, shape):
        raise AssertionError

register(replace(mnist(), name="mine", batch=8))

@register(family=ganvas.Recipe)
def quick():
    """Digits, quickly. And more."""
    return replace(mnist(), name="quick", images=100)
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("own") / "plugin.py"
    file.write_text(PLUGIN)
    with forgotten_afterwards():
        yield str(file)


def lines(capsys) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_one_s_own_are_listed_first_with_their_file(plugin, capsys) -> None:
    assert main(["recipes", "--plugin", plugin]) == 0
    said = lines(capsys)
    assert said[:3] == [
        "your recipe file what it is",
        "mine plugin.py",
        "quick plugin.py Digits, quickly",
    ]
    assert "generator my-net plugin.py: A network of mine" in said
    assert "latent=4, widths=[8, 4]" in said
    assert said.index("latent=4, widths=[8, 4]") < said.index(
        "recipe time task (size), and what to expect"
    )


def test_a_recipe_of_one_s_own_is_one_like_any(plugin, tmp_path, capsys) -> None:
    assert main(["recipes", "quick", "--plugin", plugin]) == 0
    assert lines(capsys)[:3] == ["Digits, quickly. And more.", "", "name: quick"]
    for name, word in (("mine", "batch: 8"), ("quick", "images: 100")):
        file = Path(tmp_path / "own.yaml")
        file.write_text(f"base: {name}\ngenerator: my-net\n")
        for recipe in (name, str(file)):
            assert main(["train", recipe, "--dry-run", "--plugin", plugin, "--seed", "3"]) == 0
            said = lines(capsys)
            assert word in said and "seed: 3" in said
    assert find("mine").batch == 8
    assert main(["train", "mime", "--dry-run", "--plugin", plugin]) == 2
    assert "unknown recipe 'mime': did you mean mine" in capsys.readouterr().err


def test_kinds_are_listed_with_settings_and_defaults(plugin, capsys) -> None:
    assert main(["recipes", "--kinds", "generator", "--plugin", plugin]) == 0
    said = lines(capsys)
    assert said[1] == "generator my-net plugin.py: A network of mine"
    assert "latent=100, width=128, init=torch" in said
    assert not any(line.startswith("loss") for line in said)
    assert main(["recipes", "--kinds"]) == 0
    said = lines(capsys)
    firsts = [line.split()[0] for line in said if line]
    assert {what.split()[0] for what in catalogue.TABLES} - {"translator"} <= set(firsts)
    assert main(["recipes", "--kinds", "generatr"]) == 2
    assert "did you mean generator" in capsys.readouterr().err
    assert main(["recipes", "mnist", "--kinds"]) == 2


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("augment", "augmentation"), ("losses", "loss"), ("loss", "loss"), ("game.loss", "loss"),
        ("penalties", "penalty"), ("terms", "term"), ("generator_optimiser", "optimiser"),
        ("generators", "generator"), ("features", "feature network"), ("metrics", "metric"),
        ("generator_loss", "loss"), ("evaluation.metrics", "metric"), ("", None), ("width", None),
    ],
)  # fmt: skip
def test_the_name_of_a_setting_means_its_sort_of_parts(name: str, sort: str | None) -> None:
    assert catalogue.sort_of(name, catalogue.TABLES) == sort


def test_kinds_of_a_setting_are_listed(capsys) -> None:
    assert main(["recipes", "--kinds", "augment"]) == 0
    assert [line.split()[1] for line in lines(capsys) if line.startswith("augmentation")] == [
        "diffaugment", "ada",
    ]  # fmt: skip


def test_every_part_of_ganvas_says_what_it_is() -> None:
    silent = {entry.what for entry in catalogue.catalogue() if not entry.summary and not entry.own}
    assert silent <= {"loss"}  # these are named after their papers' words
