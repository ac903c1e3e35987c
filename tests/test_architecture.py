"""The house is what docs/architecture.md says: rooms, drawing, spine, sizes and words."""

import re
from itertools import pairwise

from import_graph import PACKAGE, module_graph, room_graph

ROOT = PACKAGE.parents[1]
PAGE = ROOT / "docs" / "architecture.md"
MODULES = module_graph()
FILES = sorted(PACKAGE.rglob("*.py"))
SOURCES = {file.relative_to(PACKAGE).as_posix(): file.read_text("utf-8") for file in FILES}


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
    text = (PACKAGE / "cli" / "main.py").read_text("utf-8")
    assert names[1].rpartition(".")[2] in text  # `main` imports the module of a command by its name
    for name, following in pairwise(names[1:]):
        assert following in MODULES[name], f"{name} does not import {following}"
