"""How a user's own files are executed, what is recorded of them, and what their errors say."""

import sys
from pathlib import Path

import pytest

from ganvas.errors import UsageError
from ganvas.store.own import plugins


@pytest.fixture(autouse=True)
def process(monkeypatch):
    """What is loaded here is unknown to every other test."""
    monkeypatch.setattr(plugins, "_loaded", {})
    for name in ("helpers", "deeper", "beside"):
        sys.modules.pop(name, None)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def value_in(plugin: plugins.Plugin) -> object:
    return sys.modules[f"ganvas_plugin_{plugin.path.stem}"].VALUE  # pyright: ignore[reportAttributeAccessIssue]


def test_a_file_is_executed_anew_only_once_it_has_changed(tmp_path) -> None:
    count = written(tmp_path / "count.txt", "")
    text = (
        f"from pathlib import Path\ncount = Path({str(count)!r})\n"
        "count.write_text(count.read_text() + 'x')\nVALUE = 1\n"
    )
    file = written(tmp_path / "mine.py", text)
    for _ in range(3):
        (plugin,) = plugins.load(file)
    assert value_in(plugin) == 1 and count.read_text() == "x"
    # Of the same length and within the same second: a cache of Python's would not see it.
    written(file, text.replace("VALUE = 1", "VALUE = 2"))
    (plugin,) = plugins.load([file])
    assert value_in(plugin) == 2 and count.read_text() == "xx"


def test_modules_beside_it_are_found_and_recorded_with_what_they_import(tmp_path) -> None:
    file = written(
        tmp_path / "mine.py", "import torch, json\nfrom helpers import VALUE\nimport pack.inner\n"
    )
    written(tmp_path / "helpers.py", "import deeper\nVALUE = deeper.VALUE\n")
    written(tmp_path / "deeper.py", "VALUE = 3\n")
    written(tmp_path / "unused.py", "")
    written(tmp_path / "pack/__init__.py", "")
    written(tmp_path / "pack/inner.py", "from . import most\n")
    written(tmp_path / "pack/most.py", "")
    before = sys.path[:]
    (plugin,) = plugins.load(file)
    assert sys.path == before and not list(tmp_path.rglob("__pycache__"))
    assert value_in(plugin) == 3
    assert set(plugin.sources) == {
        "mine.py", "helpers.py", "deeper.py", "pack/__init__.py", "pack/inner.py", "pack/most.py",
    }  # fmt: skip
    written(tmp_path / "deeper.py", "VALUE = 4\n")
    (plugin,) = plugins.load(file)
    assert value_in(plugin) == 4


def test_a_module_of_the_same_name_beside_another_plugin_is_another(tmp_path) -> None:
    for index in (1, 2):
        folder = tmp_path / str(index)
        written(folder / f"mine{index}.py", "from beside import VALUE\n")
        written(folder / "beside.py", f"VALUE = {index}\n")
        (plugin,) = plugins.load(folder / f"mine{index}.py")
        assert value_in(plugin) == index
    with pytest.raises(UsageError, match=r"two different files of your own are called beside\.py"):
        plugins.load([tmp_path / "1/mine1.py", tmp_path / "2/mine2.py"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x = 1\ndef make():\n    return y\nmake()\n",
            r"the plug-in mine\.py failed: NameError: name 'y' is not defined "
            r"\(mine\.py, line 3: return y\)",
        ),
        ("import json\njson.loads('[')\n", r"JSONDecodeError: .*\(mine\.py, line 2: json\.loads"),
        ("x = 1\nfor x in\n", r"SyntaxError: invalid syntax \(mine\.py, line 2: for x in\)"),
        ("import missing_module\n", r"ModuleNotFoundError: .*line 1: import missing_module\)"),
        ("import sys\nsys.exit(3)\n", r"SystemExit: 3 \(mine\.py, line 2: sys\.exit\(3\)\)"),
        ("import broken\n", r"ZeroDivisionError: division by zero \(broken\.py, line 2: 1 / 0\)"),
        ("import torn\n", r"SyntaxError: .*\(torn\.py, line 1: \(\)"),
        ("import ganvas\nganvas.register(3)\n", r"failed: 3 is .*\(mine\.py, line 2: ganvas\.reg"),
    ],
)
def test_a_broken_file_names_the_line_and_the_error(text, message, tmp_path) -> None:
    written(tmp_path / "broken.py", "x = 0\n1 / 0\n")
    written(tmp_path / "torn.py", "(")
    file = written(tmp_path / "mine.py", text)
    with pytest.raises(UsageError, match=message):
        plugins.load(file)
    assert "ganvas_plugin_mine" not in sys.modules and not plugins.loaded()
    written(file, "VALUE = 1\n")
    assert value_in(plugins.load(file)[0]) == 1


def test_what_is_no_python_file_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match="there is no plug-in file"):
        plugins.load(tmp_path / "missing.py")
    with pytest.raises(UsageError, match="is not a Python file"):
        plugins.load(written(tmp_path / "mine.txt", ""))
    assert plugins.load(None) == []
