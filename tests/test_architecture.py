"""The house is what docs/architecture.md says: rooms, drawing, spine, sizes and words."""

import ast
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from draw_rooms import PICTURE, picture
from import_graph import PACKAGE, module_graph, reach, room_graph

ROOT = PACKAGE.parents[1]
PAGE = ROOT / "docs" / "architecture.md"
MODULES = module_graph()
FILES = sorted(PACKAGE.rglob("*.py"))
SOURCES = {file.relative_to(PACKAGE).as_posix(): file.read_text("utf-8") for file in FILES}
TREES = {name: ast.parse(text) for name, text in SOURCES.items()}
GONE = re.compile(
    r"\bclass (Cast|Seat|Told|Made|Judge|Scene|Subject)\b|\bmisread|\.sight\b|\bverdict"
)
FAMILY = ("networks/", "losses/", "games/", "recipes/named/")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(node: ast.AST, whole: int) -> int:
    """Lines without those of the docstrings inside."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [ast.get_docstring(n, clean=False) for n in ast.walk(node) if isinstance(n, documented)]
    return whole - sum(text.count("\n") + 1 for text in texts if text)


def functions() -> dict[str, int]:
    """Of every function its place, and its lines without docstrings."""
    return {
        f"{name}:{node.lineno} {node.name}": lines_of(node, node.end_lineno - node.lineno + 1)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, Function) and node.end_lineno
    }


def test_the_drawing_shows_the_imports() -> None:
    assert PICTURE.read_text("utf-8") == picture(MODULES), "run python tools/draw_rooms.py"


def test_no_module_is_in_a_circle_of_imports() -> None:
    assert [name for name in MODULES if name in reach(MODULES, name)] == []


def test_every_room_has_its_line_in_the_page() -> None:
    named = re.findall(r"^\| `(\w+)/?`", PAGE.read_text("utf-8"), re.M)
    assert set(room_graph(MODULES)) <= set(named)


def test_the_spine_leads_from_the_command_to_a_round() -> None:
    page = PAGE.read_text("utf-8")
    spine = page.partition("## The spine")[2].partition("\n## ")[0]
    files = re.findall(r"^\d+\. `src/(ganvas/[\w/]+)\.py`", spine, re.M)
    names = [file.replace("/", ".") for file in files]
    assert 2 < len(names) <= 10
    assert names[0] == "ganvas.cli.main" and names[-1] == "ganvas.engine.engine"
    text = (PACKAGE / "cli" / "main.py").read_text("utf-8")
    assert names[1].rpartition(".")[2] in text  # `main` imports the module of a command by its name
    for name, following in pairwise(names[1:]):
        assert following in MODULES[name], f"{name} does not import {following}"


def test_no_file_is_over_300_lines_without_docstrings() -> None:
    sizes = {name: lines_of(TREES[name], text.count("\n")) for name, text in SOURCES.items()}
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_functions_are_short() -> None:
    """None over 40 lines without docstrings, parsers of options aside; nine of ten under 20."""
    found = functions()
    long = {name: size for name, size in found.items() if size > 40 and "parser" not in name}
    assert long == {}
    assert sorted(found.values())[int(0.9 * len(found))] < 20


def test_words_that_a_reader_of_the_field_does_not_know_are_gone() -> None:
    found = {name: GONE.findall(text) for name, text in SOURCES.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_two_files_are_called_alike() -> None:
    """An architecture, a loss, its game and its recipe may share the name of their family, and a
    command the name of what it calls; nothing else."""
    places: dict[str, set[str]] = {}
    for name in SOURCES:
        if not name.endswith("__init__.py") and not name.startswith("cli/"):
            kind = "family" if name.startswith(FAMILY) else name
            places.setdefault(Path(name).stem, set()).add(kind)
    assert {stem: found for stem, found in places.items() if len(found) > 1} == {}


def test_no_folder_holds_more_files_than_a_reader_overlooks() -> None:
    files = Counter(Path(name).parent.as_posix() for name in SOURCES if "__init__" not in name)
    assert {folder: count for folder, count in files.items() if count > 15} == {}
