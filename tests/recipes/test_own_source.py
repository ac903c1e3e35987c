"""The source of a part, as it is found when the part is registered."""

import linecache
from types import FrameType
from typing import Any

import pytest

from ganvas.recipes.own_source import OwnSource, find
from ganvas.store.own.source_code import code_of_part, compared

IMPORTS = "import sys\nfrom functools import partial\n"
CLASS = '''class Bent:
    """Settings."""

    def build(self, shape):
        return SLOPE * shape
'''
HOLDER = """class Holder:
    def __init__(self, *functions):
        self.functions = dict(enumerate(functions))
        vars(self).update(zip("ab", functions))
"""


def found(*cells: str) -> OwnSource:
    """What is found where the last of these cells of a notebook calls ``register``."""
    sources: list[Any] = []

    def register(part: object, kind: str = "") -> object:
        sources.append(find(part, frame()))
        return part

    def frame() -> FrameType:
        import sys

        return sys._getframe(2)

    names: dict[str, Any] = {"__name__": "__main__", "register": register}
    for text in cells:
        run_cell(text, names)
    assert len(sources) == 1
    return sources[0]


def run_cell(text: str, names: dict[str, Any]) -> None:
    file = f"/tmp/ipykernel_1/{abs(hash(text))}.py"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)


@pytest.mark.parametrize(
    ("cells", "roots", "kept"),
    [
        ((f"SLOPE = 2\n@register\n{CLASS}",), ("Bent",), [0]),
        (("SLOPE = 2", CLASS, "register(Bent)"), ("Bent",), [1]),
        (("@register\nclass Plain:\n    width: int = 3",), ("Plain",), [0]),
        (
            (HOLDER, "register(Holder(lambda: 2), kind='x')"),
            ("Holder(lambda: 2)", "Holder"),
            [0, 1],
        ),
        (
            (HOLDER, "def f(): ...", "part = Holder(f)\nregister(part, 'x')"),
            ("Holder(f)", "Holder", "f"),
            [0, 1, 2],
        ),
        (
            (HOLDER + IMPORTS + "def f(t): ...\nregister(\n    Holder(partial(f, t=2)),\n)",),
            ("Holder(partial(f, t=2))", "Holder", "f"),
            [0],
        ),
    ],
)
def test_of_a_notebook_it_is_the_cells(cells, roots, kept) -> None:
    source = found(*cells)
    assert source.roots == roots and source.file is None
    assert sorted(source.text.decode().split("\n\n")) == sorted(
        "\n\n".join(cells[index] for index in kept).split("\n\n")
    )


def test_of_a_file_it_is_the_file_as_it_was(tmp_path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"{CLASS}\nregister(Bent)\n")
    sources: list[Any] = []

    def register(part: object) -> None:
        import sys

        sources.append(find(part, sys._getframe(1)))

    exec(compile(file.read_bytes(), file, "exec"), {"__name__": "x", "register": register})
    text = file.read_bytes()
    file.write_text("")
    assert sources == [OwnSource(text, ("Bent",), file)]


SOURCE = b'''
import os, sys
from math import pi as PI
BASE = 2
SLOPE = BASE * PI
OTHER = 7
if True:
    LATE = os.sep
@dataclass
@register(kind="x")
class Bent:
    """Settings."""
    def build(self, shape):
        OTHER = 3
        return helper(shape, OTHER, LATE)
    class Empty:
        """Nothing."""
def helper(shape, *rest):
    return [SLOPE * each for each in shape]
def unused():
    return sys
train(Bent())
'''


def test_the_code_of_a_part_is_what_it_uses_and_no_more() -> None:
    code = code_of_part(SOURCE, ["Bent"])
    assert set(code) == {"Bent", "helper", "SLOPE", "BASE", "PI", "LATE", "os"}
    assert code["PI"] == "from math import pi as PI" and code["LATE"] == "LATE = os.sep"
    assert code["Bent"].startswith("@dataclass\nclass Bent:\n\n    def build")
    assert code_of_part(SOURCE, ["Holder(helper)"])["Holder(helper)"] == "Holder(helper)"
    assert code_of_part(b"not (", ["Bent"]) == {"Bent": "not ("}


def test_what_only_one_of_two_sources_has_at_its_top_is_not_compared() -> None:
    whole = code_of_part(SOURCE, ["Bent"])
    cell = {"Bent": whole["Bent"], "helper": whole["helper"]}
    old, new = compared(cell, whole, ["Bent"])
    assert old == new
    old, new = compared({**cell, "SLOPE": "SLOPE = 3"}, whole, ["Bent"])
    assert "SLOPE = 3" in old and "SLOPE = BASE * PI" in new
