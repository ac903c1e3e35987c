"""Run folders: names, numbers, locks, and file systems that cannot do everything."""

import errno
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ganvas
from ganvas import disk
from ganvas.errors import RunBusy, UsageError, UserError
from ganvas.store import checkpoint, run_folder

from ..playing import SMALL


def make_run(out, name: str = "x"):
    path = run_folder.create(out, name)
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
        run_folder.create(tmp_path / "runs", name)
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(os.name == "nt", reason="a file in the way is enough elsewhere")
def test_an_unwritable_place_fails_with_what_to_do(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="Choose another place with `out`"):
        run_folder.create(tmp_path / "file" / "runs", "x")


def test_a_run_in_use_is_refused_to_a_second_process(tmp_path) -> None:
    path = make_run(tmp_path)
    code = (
        "import sys; from pathlib import Path; from ganvas.store.run_folder import Lock\n"
        "from ganvas.errors import RunBusy\n"
        "try:\n"
        "    with Lock(Path(sys.argv[1])): print('got it')\n"
        "except RunBusy: print('busy')\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    with run_folder.Lock(path):
        held = subprocess.run(command, capture_output=True, text=True, check=True)
        with pytest.raises(RunBusy, match="in use by another process"):
            run_folder.delete(path)
    free = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (held.stdout.strip(), free.stdout.strip()) == ("busy", "got it")


def test_deleting_removes_a_run_and_only_it(tmp_path) -> None:
    first, second = make_run(tmp_path), make_run(tmp_path)
    run_folder.delete(first)
    assert run_folder.all_runs(tmp_path) == [second]


def test_what_is_no_run_is_said_to_be_none(tmp_path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        run_folder.find(tmp_path / "missing")
    with pytest.raises(UsageError, match="is not a run"):
        run_folder.find(tmp_path)
    path = make_run(tmp_path)
    with pytest.raises(UsageError, match=f"holds some: {path.name}"):
        run_folder.find(tmp_path)
    assert run_folder.find(path) == path


def failing(number: int):
    """A system call that fails with this error."""

    def call(*_args, **_options):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_costs_a_warning(tmp_path, monkeypatch, number: int) -> None:
    path = make_run(tmp_path)
    monkeypatch.setattr("fcntl.flock", failing(number))
    with pytest.warns(RuntimeWarning, match=f"{path}.*no second process"), run_folder.Lock(path):
        assert os.listdir(path)
    monkeypatch.undo()
    with run_folder.Lock(path):  # nothing was left that would lock it for good
        pass


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES])
def test_only_a_lock_that_is_held_is_busy(tmp_path, monkeypatch, number: int) -> None:
    path = make_run(tmp_path)
    monkeypatch.setattr("fcntl.flock", failing(number))
    with pytest.raises(RunBusy, match="in use by another process"), run_folder.Lock(path):
        pass


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be flushed there")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_folder_that_cannot_be_flushed_is_no_matter(tmp_path, monkeypatch, number: int) -> None:
    flush = os.fsync

    def only_files(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            failing(number)()
        flush(handle)

    monkeypatch.setattr("os.fsync", only_files)
    disk.replace_file(tmp_path / "a.txt", b"whole")
    saved = checkpoint.save(tmp_path, 16, {"w": torch.zeros(3)}, {})
    assert checkpoint.load(saved)[0]["w"].shape == (3,)
    assert (tmp_path / "a.txt").read_bytes() == b"whole"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_an_error_of_the_disk_names_its_file_and_leaves_nothing(
    tmp_path, monkeypatch, number: int
) -> None:
    monkeypatch.setattr("os.fsync", failing(number))  # it does not know which file it is of
    with pytest.raises(OSError, match=re.escape(str(tmp_path))) as caught:
        disk.replace_file(tmp_path / "a.txt", b"whole")
    assert caught.value.errno == number and list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match=re.escape(str(tmp_path / "000000016"))):
        checkpoint.save(tmp_path, 16, {"w": torch.zeros(3)}, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["create", "run.json", "reals.png", "checkpoint", "log.jsonl"])
def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path, monkeypatch, place: str) -> None:
    """The disk is full at one of the first things that are written."""
    full = failing(errno.ENOSPC)
    if place == "create":
        make = Path.mkdir
        monkeypatch.setattr(
            Path, "mkdir", lambda p, *a, **k: full() if p.name == "samples" else make(p, *a, **k)
        )
    else:
        where = {
            "run.json": "ganvas.store.record.replace_file",
            "reals.png": "ganvas.training.train.save_png",
            "checkpoint": "ganvas.store.checkpoint.write_file",
            "log.jsonl": "ganvas.training.writer.JsonLines",
        }
        monkeypatch.setattr(where[place], full)
    with pytest.raises((OSError, UserError)):
        ganvas.train(
            "mnist", out=tmp_path / "runs", overrides={**SMALL, "images": 32, "precision": "fp32"}
        )
    assert list((tmp_path / "runs").iterdir()) == []
