"""The check for a GPU plays on a CPU too, small; and it says what a machine lacks."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from ganvas.engine.engine import Engine
from ganvas.engine.graph import GraphRecorder

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


@pytest.fixture
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gpu_check", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gpu_check"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("parts", ["exactness,modes", "graphs,speed"])
def test_a_quick_check_finds_nothing_wrong(tmp_path, parts: str) -> None:
    words = [SCRIPT, "--quick", "--bound", "600", "--parts", parts, "--out", tmp_path]
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "gpu.json").read_text())
    assert [part["part"] for part in record["parts"]] == parts.split(",")
    assert all(part["ended"] == "exit 0" and part["found"] for part in record["parts"])
    found = {each["what"]: each for part in record["parts"] for each in part["found"]}
    rows = (tmp_path / "rows.md").read_text()
    assert all(f"| {what} |" in rows for what in found)
    if "exactness" in parts:
        assert found["mnist, single kernels"]["words"] == "equal to the bit"
    else:
        assert found["tutorial-mnist, model only"]["ratio"] > 0


def test_older_and_missing_packages_are_told(check, monkeypatch) -> None:
    known = importlib.metadata.version
    monkeypatch.setattr(
        check.importlib.metadata, "version", lambda name: "1.0" if name == "pillow" else known(name)
    )
    (problem,) = check.check_versions()
    assert problem.startswith("pillow 1.0 is older than")

    def lacks(name: str) -> str:
        if name == "pydantic":
            raise importlib.metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(check.importlib.metadata, "version", lacks)
    with pytest.raises(SystemExit, match=r"lacks pydantic: run `python benchmarks/gpu_kit.py`"):
        check.check_versions()


def test_a_part_that_hangs_keeps_what_it_found(check, tmp_path, monkeypatch, capsys) -> None:
    script = (
        "import sys, json, time; out = sys.argv[sys.argv.index('--out') + 1]\n"
        "open(f'{out}/modes.jsonl', 'w').write(json.dumps("
        "{'what': 'one', 'words': 'found', 'ok': False}) + chr(10))\n"
        "time.sleep(600)\n"
    )
    (tmp_path / "hang.py").write_text(script)
    monkeypatch.setattr(check, "__file__", str(tmp_path / "hang.py"))
    options = check.argparse.Namespace(out=tmp_path, quick=False, long=None, bound=3.0)
    report = check.play(check.PARTS[-1], options, {})
    assert report["found"] == [{"what": "one", "words": "found", "ok": False}]
    assert "stopped at its bound" in report["ended"]
    assert "| modes | one | **failed** found |" in check.rows([report], "here")
    assert "FAILED one: found" in capsys.readouterr().out


def is_free(path: Path) -> bool:
    """Whether nobody locks a file any more; the dead are given a moment."""
    fcntl = pytest.importorskip("fcntl")
    for _ in range(200):
        try:
            with path.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)
    return False


def test_what_a_part_began_ends_with_it(check, tmp_path, monkeypatch) -> None:
    """Else a run that trained on would slow whatever is timed afterwards."""
    lock, hang = tmp_path / "lock", tmp_path / "hang.py"
    hang.write_text(
        "import fcntl, subprocess, time\n"
        f"file = open({str(lock)!r}, 'w')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "subprocess.Popen(['sleep', '600'], pass_fds=[file.fileno()])\n"
        "time.sleep(600)\n"
    )
    monkeypatch.setattr(check, "__file__", str(hang))
    options = check.argparse.Namespace(out=tmp_path, quick=False, long=None, bound=3.0)
    assert "stopped at its bound" in check.play(check.PARTS[-1], options, {})["ended"]
    assert lock.exists() and is_free(lock)


@pytest.mark.parametrize(("here", "needed"), [("4.9.0", True), ("4.15.0", False), (None, True)])
def test_wheels_are_installed_where_there_is_none_or_an_older(
    check, monkeypatch, here: str | None, needed: bool
) -> None:
    def version(name: str) -> str:
        if here is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return here

    monkeypatch.setattr(check.importlib.metadata, "version", version)
    wheel = Path("typing_extensions-4.14.1-py3-none-any.whl")
    assert check.is_there(wheel) is not needed


def test_a_part_that_is_none_is_named(tmp_path) -> None:
    words = [sys.executable, SCRIPT, "--parts", "device,sped", "--out", tmp_path]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.returncode == 2 and "no part 'sped': there are device, exact" in done.stderr


def test_the_device_tests_are_told_one_by_one(tmp_path) -> None:
    """In a process of their own, which is killed by the last of them."""
    tests = tmp_path / "tests" / "device" / "test_some.py"
    tests.parent.mkdir(parents=True)
    tests.write_text(
        "import os, pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2, 'one is not two'\n"
        "@pytest.mark.skip(reason='no need')\n"
        "def test_left_out(): pass\n"
        "def test_the_end(): os._exit(9)\n"
    )
    (tmp_path / "pyproject.toml").touch()
    script = (
        "import sys, pathlib\n"
        f"sys.path.insert(0, {str(SCRIPT.parent)!r})\n"
        "from gpu_parts import device\n"
        f"device.ROOT = pathlib.Path({str(tmp_path)!r})\n"
        f"told = open({str(tmp_path / 'told')!r}, 'w', buffering=1)\n"
        "device.measure(lambda *found: print(*found, sep=': ', file=told), None)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL).returncode == 9
    good, bad, out = (tmp_path / "told").read_text().splitlines()
    assert good.startswith("good: ") and good.endswith(" s: True")
    assert bad.startswith("bad: ") and "one is not two" in bad and bad.endswith(": False")
    assert out == "left out: Skipped: no need: None"


@pytest.mark.parametrize(
    ("records", "reason", "replays", "words"),
    [
        (True, None, 7, ""),
        (True, None, 0, "betas or the like still move, which a graph would freeze"),
        (True, "it cannot be", 7, "it cannot be"),
        (False, None, 0, ""),
    ],
)
def test_speeds_of_single_kernels_are_not_told_as_those_of_graphs(
    monkeypatch, records: bool, reason: str | None, replays: int, words: str
) -> None:
    monkeypatch.syspath_prepend(SCRIPT.parent)
    playing = importlib.import_module("gpu_parts.playing")
    engine = Engine.__new__(Engine)
    engine.recorder = GraphRecorder() if records else None
    if engine.recorder is not None:
        engine.recorder.reason, engine.recorder.replays = reason, replays
    assert playing.unrecorded(engine) == words
