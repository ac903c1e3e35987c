"""The status of a run: what it says, when it is written, and when its process counts as lost."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ganvas import disk
from ganvas.store import process
from ganvas.store.status import FILE, OLD, Status, StatusFile, read_status

TRAINING = Status("training", 370, 1000, 1234.5, 12.0, left=200.0)


def written(path: Path, status: Status = TRAINING) -> Status:
    StatusFile(path, 0).write(status)
    found = read_status(path)
    assert found is not None
    return found


def test_what_is_written_is_read_and_later_fields_are_passed_over(tmp_path) -> None:
    file = StatusFile(tmp_path, 0)
    file.note("sample", 320, tmp_path / "samples" / "000000320.png")
    file.write(TRAINING)
    found = read_status(tmp_path)
    assert found is not None and (found.images, found.left) == (370, 200.0)
    assert (found.newest["sample"].images, found.pid) == (320, os.getpid())
    assert found.newest["sample"].path == "samples/000000320.png"
    assert abs(time.time() - found.epoch) < 60 and found.beat.endswith("+00:00")
    text = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text(text.replace("{", '{"mood": "good",', 1))
    assert read_status(tmp_path) == found


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"newest": {}}', '{"newest": {"sample": 3}}']
)
def test_none_is_read_where_it_is_damaged(tmp_path, content: str) -> None:
    assert read_status(tmp_path) is None
    (tmp_path / FILE).write_text(content)
    assert read_status(tmp_path) is None


def test_none_is_read_where_a_value_is_of_another_kind(tmp_path) -> None:
    written(tmp_path)
    text = (tmp_path / FILE).read_text()
    for known, other in [('"images": 370', '"images": "370"'), ('"left": 200.0', '"left": []')]:
        assert known in text
        (tmp_path / FILE).write_text(text.replace(known, other))
        assert read_status(tmp_path) is None


def test_newest_things_are_kept_over_sessions_unless_they_were_cut_off(tmp_path) -> None:
    file = StatusFile(tmp_path, 0)
    for what, images in [("sample", 96), ("checkpoint", 112), ("evaluation", 160)]:
        file.note(what, images)
    file.write(TRAINING)
    again = StatusFile(tmp_path, 112)
    again.write(TRAINING)
    found = read_status(tmp_path)
    assert found is not None and sorted(found.newest) == ["checkpoint", "sample"]


def test_a_run_whose_process_is_gone_is_lost_once_its_beat_is_old(tmp_path) -> None:
    found = written(tmp_path)
    late = found.epoch + OLD + 1
    assert found.state_now(late) == "training"  # this process lives
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    theirs = replace(found, pid=child.pid, born=process.born(child.pid))
    assert theirs.state_now(late) == "training"
    child.kill()
    child.communicate()
    assert theirs.state_now(found.epoch + 1) == "training"
    assert theirs.state_now(late) == "lost"
    assert replace(theirs, host="elsewhere").state_now(late) == "training"
    for state in ("ended", "stopped", "failed"):
        assert replace(theirs, state=state).state_now(late) == state
    assert replace(theirs, epoch=0.0).words() == "lost at 37%: its process was killed"
    assert not replace(theirs, epoch=0.0).is_live() and found.is_live()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc of Linux")
def test_a_later_process_of_the_same_number_and_one_that_nobody_waits_for_are_gone(tmp_path):
    found = written(tmp_path)
    late = found.epoch + OLD + 1
    assert replace(found, born="1").state_now(late) == "lost"
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    theirs = replace(found, pid=child.pid, born=process.born(child.pid))
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table
    assert theirs.state_now(late) == "lost"
    child.communicate()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "training: 37%, 1,234 images/s, 3 min 20 s left"),
        ({"state": "preparing", "speed": 0.0, "left": None, "images": 0}, "preparing: 0%"),
        ({"state": "stopped", "why": "SIGINT"}, "stopped at 37% by SIGINT"),
        ({"state": "stopped", "why": "request"}, "stopped at 37% on request"),
        ({"state": "stopped", "why": "minutes"}, "stopped at 37% as its minutes were over"),
        ({"state": "failed", "why": "the disk is full"}, "failed at 37%: the disk is full"),
        ({"state": "ended"}, "ended"),
    ],
)
def test_words(changed: dict, words: str) -> None:
    assert replace(TRAINING, **changed).words() == words


def test_a_status_that_cannot_be_written_is_one_warning(tmp_path, monkeypatch) -> None:
    file = StatusFile(tmp_path, 0)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ganvas.store.status.replace_file", full)
    with pytest.warns(RuntimeWarning, match="status.json was not written, training goes on: No sp"):
        file.write(TRAINING)
    file.write(TRAINING)
    monkeypatch.undo()
    file.write(TRAINING)
    assert read_status(tmp_path) is not None


def test_only_disk_errors_are_tolerated(tmp_path) -> None:
    with pytest.raises(ValueError, match="a mistake"), disk.Tolerant(tmp_path):
        raise ValueError("a mistake")
