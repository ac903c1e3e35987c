"""The house is what docs/architecture.md says: rooms, drawing, spine, sizes and words."""

import ast
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from draw_rooms import PICTURE, picture
from import_graph import PACKAGE, heights, module_graph, reach, room_graph, without_detours

ROOT = PACKAGE.parents[1]
PAGE = ROOT / "docs" / "architecture.md"
MODULES = module_graph()
FILES = sorted(PACKAGE.rglob("*.py"))
SOURCES = {file.relative_to(PACKAGE).as_posix(): file.read_text("utf-8") for file in FILES}
TREES = {name: ast.parse(text) for name, text in SOURCES.items()}
GONE = re.compile(
    r"\bclass (Cast|Seat|Told|Made|Seen|Judge|Judged|Scene|Subject)\b|\bmisread|\.sight\b|\bverdict"
    r"|\bErrors:"
)
ASKS_WHAT_AN_ITEM_IS = re.compile(
    r"are_points|draws_points|shape_words|clouds\.SHAPE"
    r"|domain\.(name|noun|field)\s*(==|!=|in [(\[{])"
    r"|isinstance\([^()]*(?<!\.)\b(Image|Points|Tokens|Clip|Vector)\b(?!\.)"
    r"|(pixels|images|items|samples)\.is_floating_point"
    r"|shape\s*==\s*\(?(2, 1, 1|Points)"
)
FAMILY = (
    "networks/",
    "features/",
    "losses/",
    "games/",
    "data/readers/",
    "data/builtin/",
    "recipes/named/",
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(node: ast.AST, whole: int) -> int:
    """Lines without those of the docstrings inside."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [ast.get_docstring(n, clean=False) for n in ast.walk(node) if isinstance(n, documented)]
    return whole - sum(text.count("\n") + 1 for text in texts if text)


def functions() -> dict[str, int]:
    """Every function by its place, with its lines without docstrings."""
    return {
        f"{name}:{node.lineno} {node.name}": lines_of(node, node.end_lineno - node.lineno + 1)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, Function) and node.end_lineno
    }


def test_the_drawing_shows_the_imports() -> None:
    assert PICTURE.read_text("utf-8") == picture(MODULES), "run python tools/draw_rooms.py"


def test_an_import_that_a_longer_way_implies_is_left_out_of_the_drawing() -> None:
    graph = {"cli": {"run", "disk"}, "run": {"disk"}, "disk": set()}
    assert without_detours(graph) == {"cli": {"run"}, "run": {"disk"}, "disk": set()}
    assert heights(graph) == {"disk": 0, "run": 1, "cli": 2}


def test_imports_inside_functions_and_for_type_checkers_count(tmp_path) -> None:
    package = tmp_path / "house"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "one.py").write_text("def f():\n    from house.two import g\n")
    (package / "two.py").write_text("if TYPE_CHECKING:\n    from house import one\n")
    graph = module_graph(package)
    assert graph == {"house": set(), "house.one": {"house.two"}, "house.two": {"house.one"}}
    assert reach(graph, "house.one") == {"house.one", "house.two"}


def test_no_module_is_in_a_circle_of_imports() -> None:
    assert [name for name in MODULES if name in reach(MODULES, name)] == []


def test_the_table_of_rooms_says_who_imports_whom() -> None:
    """Each room has its line, lowest first, and imports what its line allows."""
    lines = re.findall(r"^\| `(\w+)/` \| .* \| (.*) \|$", PAGE.read_text("utf-8"), re.M)
    allowed: dict[str, set[str]] = {}
    for room, words in lines:
        everything_lower = "lower" in words or words == "all"
        allowed[room] = set(allowed) if everything_lower else set(re.findall(r"`(\w+)`", words))
    imports = room_graph(MODULES)
    assert imports.keys() == allowed.keys()
    assert {room: more for room in imports if (more := imports[room] - allowed[room])} == {}
    places = list(allowed)
    for room, imported in imports.items():
        assert all(places.index(other) < places.index(room) for other in imported), room


def test_the_spine_leads_from_the_command_to_a_round() -> None:
    page = PAGE.read_text("utf-8")
    spine = page.partition("## The spine")[2].partition("\n## ")[0]
    files = re.findall(r"^\d+\. `src/(ganvas/[\w/]+)\.py`", spine, re.M)
    names = [file.replace("/", ".") for file in files]
    assert 2 < len(names) <= 10
    assert names[0] == "ganvas.cli.main" and names[-1] == "ganvas.engine.engine"
    # A command's module is imported by its name, so that `ganvas --help` imports nothing slow.
    assert names[1].startswith("ganvas.cli.verbs.")
    assert 'import_module(f"ganvas.cli.verbs.' in SOURCES["cli/main.py"]
    for name, following in pairwise(names[1:]):
        assert following in MODULES[name], f"{name} does not import {following}"


def test_no_file_is_over_300_lines_without_docstrings() -> None:
    sizes = {name: lines_of(TREES[name], text.count("\n")) for name, text in SOURCES.items()}
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_functions_are_short() -> None:
    """None over 40 lines without docstrings; nine of ten under 20."""
    found = functions()
    assert {name: size for name, size in found.items() if size > 40} == {}
    assert sorted(found.values())[int(0.9 * len(found))] < 20


def test_words_that_a_reader_of_the_field_does_not_know_are_gone() -> None:
    found = {name: GONE.findall(text) for name, text in SOURCES.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_two_files_are_called_alike() -> None:
    """Shared names are for what belongs together: the network, loss, game, reader and recipe of one
    family; a command and what it calls; what ``recipes/build`` makes and how it makes it."""
    places: dict[str, set[str]] = {}
    for name in SOURCES:
        if not name.endswith("__init__.py") and not name.startswith(("cli/", "recipes/build/")):
            kind = "family" if name.startswith(FAMILY) else name
            places.setdefault(Path(name).stem, set()).add(kind)
    assert {stem: found for stem, found in places.items() if len(found) > 1} == {}


def test_no_folder_holds_more_files_than_a_reader_overlooks() -> None:
    files = Counter(Path(name).parent.as_posix() for name in SOURCES if "__init__" not in name)
    assert {folder: count for folder, count in files.items() if count > 15} == {}


def test_nobody_outside_the_domains_asks_what_an_item_is() -> None:
    """A kind of item is a file of ``domains/``, and no branch elsewhere; tables by its name are
    none. (An array of somebody's own may hold bytes or floats: the reader asks that of it.)"""
    own_kinds = "if dataset.domain.name == 'image'", "isinstance(domain, Points)"
    assert all(ASKS_WHAT_AN_ITEM_IS.search(text) for text in own_kinds)
    found = {
        name: [match.group() for match in ASKS_WHAT_AN_ITEM_IS.finditer(text)]
        for name, text in SOURCES.items()
        if not name.startswith("domains/")
    }
    assert {name: asked for name, asked in found.items() if asked} == {}
