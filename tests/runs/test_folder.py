"""RELIABILITY 13, 14, 36, 41: names, numbers, locks."""

import os
import subprocess
import sys

import pytest

from ganvas.errors import RunBusy, UsageError, UserError
from ganvas.runs import folder


def make_run(out, name: str = "x"):
    path = folder.create(out, name)
    (path / "recipe.yaml").write_text("{}")
    (path / "run.json").write_text("{}")
    return path


def test_folders_are_numbered_and_never_overwritten(tmp_path) -> None:
    names = [make_run(tmp_path, name).name for name in ("mnist", "mnist", "other")]
    assert names == ["0001-mnist", "0002-mnist", "0003-other"]
    (tmp_path / "0007-by-hand").mkdir()
    assert make_run(tmp_path).name == "0008-x"


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/x", "a\0b", "x" * 300, "", ".hidden", "a/b", "a b", "-x", "ü"]
)
def test_names_that_could_leave_the_folder_are_refused(tmp_path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a run"):
        folder.create(tmp_path / "runs", name)
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(os.name == "nt", reason="a file in the way is enough elsewhere")
def test_an_unwritable_place_fails_with_what_to_do(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="Choose another place with --out"):
        folder.create(tmp_path / "file" / "runs", "x")


def test_a_run_in_use_is_refused_to_a_second_process(tmp_path) -> None:
    path = make_run(tmp_path)
    code = (
        "import sys; from pathlib import Path; from ganvas.runs.folder import Lock\n"
        "from ganvas.errors import RunBusy\n"
        "try:\n"
        "    with Lock(Path(sys.argv[1])): print('got it')\n"
        "except RunBusy: print('busy')\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    with folder.Lock(path):
        held = subprocess.run(command, capture_output=True, text=True, check=True)
        with pytest.raises(RunBusy, match="in use by another process"):
            folder.delete(path)
    free = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (held.stdout.strip(), free.stdout.strip()) == ("busy", "got it")


def test_deleting_removes_a_run_and_only_it(tmp_path) -> None:
    first, second = make_run(tmp_path), make_run(tmp_path)
    folder.delete(first)
    assert folder.all_runs(tmp_path) == [second]


def test_what_is_no_run_is_said_to_be_none(tmp_path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        folder.find(tmp_path / "missing")
    with pytest.raises(UsageError, match="is not a run"):
        folder.find(tmp_path)
    path = make_run(tmp_path)
    with pytest.raises(UsageError, match=f"holds some: {path.name}"):
        folder.find(tmp_path)
    assert folder.find(path) == path
