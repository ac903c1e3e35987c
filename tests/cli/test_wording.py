"""What texts name by a setting's path, the command line names by its option."""

import ast
import re
from pathlib import Path

import pytest

import ganvas
from ganvas.cli.parser import build_parser
from ganvas.cli.wording import ARGUMENTS, GIVEN, QUOTED, SWITCHES, worded
from ganvas.games.gan import GAN
from ganvas.recipes.flat import types

TEXTS = {
    "set `data.white=4095` here": "set --data.white 4095 here",
    "`game.kind=began` or ebgan": "--game.kind began or ebgan",
    "`generator_optimiser.lr=2e-3`": "--generator_optimiser.lr 2e-3",
    "say `batch=8 accumulate=1`, or": "say --batch 8 --accumulate 1, or",
    "`clip_gradient=1`": "--clip-gradient 1",
    "`evaluation.every=N`": "--evaluation.every N",
    "`strength=1`": "--strength 1",
    "`new_data=True`": "--new-data",
    "`compile=True`, not `compile=False`": "--compile, not --no-compile",
    "`game.restart=true`": "--game.restart true",
    "`augment=null`": "--augment null",
    "`start=runs/0001-mnist`": "--from runs/0001-mnist",
    "`start=my runs/0001 data=SRC`": "--from 'my runs/0001' --data SRC",
    "`features=inception=FILE`": "--features inception=FILE",
    "`game.terms=[{kind: classifier}]`": "--game.terms '[{kind: classifier}]'",
    "`data.fit` and `half_life`": "--data.fit and --half-life",
    "say `label` or `attributes`": "say --label or --attr",
    "`labels.csv` and `red`": "`labels.csv` and `red`",
    "see `ganvas runs list`": "see `ganvas runs list`",
    "`ganvas.train('mnist', images=96)` does": "`ganvas train mnist --images 96` does",
    "`ganvas.train(start='my runs/1', data=SRC, overrides={'data.size': 64})`": (
        "`ganvas train --from 'my runs/1' --data SRC --data.size 64`"
    ),
    "``data=photos/\n    data.size=64`` of documentation": (
        "``--data photos/\n    --data.size 64`` of documentation"
    ),
    "``ganvas train`` and ``mnist``": "``ganvas train`` and ``mnist``",
    "nothing in backticks: a=1, data.fit": "nothing in backticks: a=1, data.fit",
    "`ganvas.train(a.b)` `ganvas.x(1)+y(2)` `ganvas.x(')`": (
        "`ganvas.train(a.b)` `ganvas.x(1)+y(2)` `ganvas.x(')`"
    ),
    "`ganvas.evaluate('runs/1', save=True, plugin=['a.py', 'b.py'])`": (
        "`ganvas evaluate runs/1 --plugin a.py --plugin b.py`"
    ),
    "an odd ` alone": "an odd ` alone",
    "": "",
}


@pytest.mark.parametrize(("text", "said"), TEXTS.items())
def test_a_text_is_worded_and_worded_again_stays(text: str, said: str) -> None:
    assert worded(text) == said
    assert worded(said) == said


def test_arguments_and_switches_are_options_of_some_command() -> None:
    verbs = next(a for a in build_parser()[0]._actions if a.dest == "command").choices
    assert isinstance(verbs, dict)
    options = {name for verb in verbs.values() for name in verb._option_string_actions}
    assert {worded(f"`{name}`") for name in ARGUMENTS} <= options
    assert {worded(f"`{name}=True`") for name in SWITCHES} <= options


ROOMS = Path(ganvas.__file__).parent
FILES = [path for path in ROOMS.rglob("*.py") if ROOMS / "cli" not in path.parents]


def strings(path: Path) -> list[str]:
    """Every string and docstring of a file; what is put into one stands as V."""
    parts: set[ast.AST] = set()
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts.update(node.values)
            values = (part.value if isinstance(part, ast.Constant) else "V" for part in node.values)
            found.append("".join(map(str, values)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            found.append(node.value)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOMS).as_posix())
def test_settings_named_in_backticks_exist(path: Path) -> None:
    known = ARGUMENTS | types(GAN()).keys()
    printed = "named" in path.parts  # docstrings of recipes are shown too
    for marks, inside in (span for text in strings(path) for span in QUOTED.findall(text)):
        if GIVEN.match(inside) and (printed or marks == "`"):
            for name, value in GIVEN.findall(inside):
                assert name.partition(".")[0] in known, inside
                assert " or " not in value, f"only the first stands in backticks: {inside}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOMS).as_posix())
def test_only_the_command_line_names_its_options(path: Path) -> None:
    found = [text for text in strings(path) if re.search(r"--[a-z]", text)]
    assert not found


@pytest.mark.parametrize("room", ["engine", "games", "losses", "recipes/check"])
def test_names_of_moves_and_parts_are_quoted_not_taken_for_settings(room: str) -> None:
    texts = [text for path in sorted((ROOMS / room).rglob("*.py")) for text in strings(path)]
    assert not [text for text in texts if re.search(r"(?<!`)`V`", text)]
    assert worded("the loss of move 'discriminator' returned []").endswith(
        "'discriminator' returned []"
    )
