"""The check for a GPU plays on a CPU too, small; and it says what a machine lacks."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

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
