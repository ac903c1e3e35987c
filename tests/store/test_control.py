"""Requests to a run: who may ask, what is taken, and what is damaged."""

import json
from pathlib import Path

import pytest

from ganvas.errors import UsageError, UserError
from ganvas.store import control, run_folder
from ganvas.store.control import FILE, ask, take
from ganvas.store.status import Status, StatusFile


@pytest.fixture
def path(tmp_path) -> Path:
    """The folder of a run that this process trains."""
    path = run_folder.create(tmp_path, "x")
    (path / "recipe.yaml").write_text("{}")
    (path / "run.json").write_text("{}")
    StatusFile(path, 0).write(Status("training", 16, 320, 0.0, 0.0, None))
    return path


@pytest.mark.parametrize("do", control.REQUESTS)
def test_a_request_is_taken_once(path, do: str) -> None:
    assert take(path) is None
    number = ask(path, do)
    assert take(path) == control.Request(do, number)
    assert take(path) is None and not list(path.glob("*control*")) + list(path.glob(".tmp*"))


def test_what_waits_is_replaced_by_a_request_to_stop_alone(path) -> None:
    ask(path, "save")
    with pytest.raises(UsageError, match="waits to be obeyed"):
        ask(path, "sample")
    number = ask(path, "stop")
    assert take(path) == control.Request("stop", number)


def test_nobody_is_asked_who_cannot_answer(path) -> None:
    with pytest.raises(UsageError, match="say one of stop, save, sample, evaluate"):
        ask(path, "dance")
    for state in ("ended", "stopped", "failed"):
        StatusFile(path, 0).write(Status(state, 16, 320, 0.0, 0.0, None))
        with pytest.raises(UsageError, match="is not being trained now"):
            ask(path, "stop")
    (path / "status.json").unlink()
    with pytest.raises(UsageError, match="is not being trained now"):
        ask(path, "stop")
    assert not (path / FILE).exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "was damaged"),
        (b"[]", "was damaged"),
        (b"\xff", "was damaged"),
        (json.dumps({"do": "save", "id": "x" * 5000}).encode(), "was damaged"),
        (b'{"do": "dance"}', "asked for 'dance', which nobody knows"),
        (b'{"do": ["stop"]}', "which nobody knows"),
    ],
)
def test_what_is_damaged_or_unknown_is_removed_with_a_reason(path, content, problem) -> None:
    (path / FILE).write_bytes(content)
    with pytest.raises(UserError, match=problem):
        take(path)
    assert take(path) is None and not list(path.glob(".tmp*"))


def test_a_request_without_a_number_will_do(path) -> None:
    (path / FILE).write_text('{"do": "stop"}')
    assert take(path) == control.Request("stop", "")
