"""Runs that are watched and asked for something by others while they train."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.cli.main import main
from ganvas.errors import UsageError
from ganvas.store import status
from ganvas.store.control import ask
from ganvas.store.event import Event
from ganvas.store.event_log import read_events
from ganvas.store.status import read_status
from ganvas.training.evaluator import Evaluator
from ganvas.training.session import Stopped

from ..playing import SMALL, assert_same_run, log_of
from .test_killed import start, train_words, wait_for_log

TINY: dict[str, Any] = {**SMALL, "precision": "fp32", "data.limit": 64}
EVALUATED: dict[str, Any] = {
    **TINY,
    "evaluation": {
        "every": 160, "count": 64, "features": "pixels", "metrics": ["kid"], "best": "kid"
    },
}  # fmt: skip


class Dead(BaseException):
    """What a listener raises to end a run; any other error of its own would not."""


def kinds(path: Path) -> list[str]:
    return [event["kind"] for event in read_events(path).records]


def asking(out: Path, requests: dict[int, str]) -> Callable[[Event], None]:
    """A listener that asks as another process would, at these clocks of log lines."""

    def listen(event: Event) -> None:
        if event.kind == "progress" and event.images in requests:
            ask(next(out.iterdir()), requests[event.images])

    return listen


@pytest.fixture
def beating(monkeypatch) -> None:
    """A beat after every round."""
    monkeypatch.setattr(status, "BEAT", 0.0)


def test_a_run_says_what_it_does_from_begin_to_end(tmp_path, beating, monkeypatch) -> None:
    states: set[tuple[str, int, str]] = set()
    evaluate = Evaluator.evaluate

    def note(what: str, images: int) -> None:
        found = read_status(next(tmp_path.iterdir(), tmp_path))
        if found is not None:  # not before the session has begun
            states.add((what, images, found.state))

    def listen(event: Event) -> None:
        note(event.kind, event.images)

    def evaluating(self: Evaluator, network: Any, images: int, run: str) -> Any:
        note("inside", images)
        return evaluate(self, network, images, run)

    monkeypatch.setattr(Evaluator, "evaluate", evaluating)
    run = ganvas.train("mnist", out=tmp_path, overrides=EVALUATED, listeners=[listen])
    for expected in [
        ("sampled", 0, "preparing"), ("inside", 0, "evaluating"), ("saved", 0, "preparing"),
        ("progress", 48, "training"), ("inside", 160, "evaluating"), ("saved", 224, "training"),
    ]:  # fmt: skip
        assert expected in states
    found = run.status
    assert found is not None and (found.state, found.images, found.total) == ("ended", 320, 320)
    assert found.speed > 0 and found.seconds > 0 and found.left is None
    newest = {what: (each.images, each.path) for what, each in found.newest.items()}
    assert newest == {
        "sample": (288, "samples/000000288.png"),
        "checkpoint": (320, "checkpoints/000000320"),
        "evaluation": (320, ""),
    }
    assert "kernel" in found.newest["evaluation"].text


def test_events_are_kept_over_sessions(tmp_path, blobs) -> None:
    def kill(event: Event) -> None:
        if event.images >= 200:
            raise Dead("dead")

    more = {"data": blobs, "out": tmp_path, "overrides": SMALL}
    with pytest.raises(Dead):
        ganvas.train("tutorial-cifar10", **more, listeners=[kill])
    (path,) = tmp_path.iterdir()
    failed = read_status(path)
    assert failed is not None and failed.state == "failed"
    assert failed.why.startswith("Dead: dead (test_watching.py, line ")
    before = read_events(path)
    assert kinds(path)[0] == "began" and kinds(path)[-1] == "failed"
    assert kinds(path).count("sampled") == 3 and "progress" not in kinds(path)
    texts = [event["text"] for event in before.records if event["kind"] == "chosen"]
    assert any("64 images" in text for text in texts)  # told before there was a folder
    ganvas.resume(path, data=blobs)
    after = read_events(path, before.place)
    assert not after.anew and after.records[0]["kind"] == "resumed"
    assert after.records[0]["images"] == 224 and after.records[-1]["kind"] == "ended"
    assert read_events(path).records == before.records + after.records


def test_what_is_asked_for_changes_nothing_that_a_run_becomes(tmp_path, beating) -> None:
    whole = ganvas.train("mnist", out=tmp_path / "whole", overrides=EVALUATED)
    told: list[tuple[str, int, str]] = []

    def listen(event: Event) -> None:
        if event.kind in ("sampled", "evaluated", "asked"):
            told.append((event.kind, event.images, event.text[:3]))

    requests = {48: "sample", 96: "evaluate", 144: "save", 192: "evaluate", 240: "sample"}
    listeners = [asking(tmp_path / "asked", requests), listen]
    run = ganvas.train("mnist", out=tmp_path / "asked", overrides=EVALUATED, listeners=listeners)
    assert_same_run(run.path, whole.path)
    for name in ("recipe.yaml", "samples.png", "timelapse.gif"):
        assert (run.path / name).read_bytes() == (whole.path / name).read_bytes()
    names = [sorted(p.name for p in (r.path / "checkpoints").iterdir()) for r in (run, whole)]
    assert names[0] == names[1]
    for images, do in requests.items():
        assert ("asked", images, do[:3]) in told
    assert [t for t in told if t[1] in (96, 192) and t[0] == "evaluated"] == [
        ("evaluated", 96, "ker"), ("evaluated", 192, "ker"),
    ]  # fmt: skip
    assert ("sampled", 48, "") in told and ("sampled", 240, "") in told
    assert [r for r in log_of(run.path) if "metric/kid" in r] == [
        r for r in log_of(whole.path) if "metric/kid" in r
    ]


def test_a_checkpoint_that_was_asked_for_is_gone_on_from(tmp_path, beating) -> None:
    whole = ganvas.train("mnist", out=tmp_path / "whole", overrides=TINY)

    def kill(event: Event) -> None:
        if event.images >= 192 and event.kind == "progress":
            raise Dead("dead")

    listeners = [asking(tmp_path / "cut", {144: "save"}), kill]
    with pytest.raises(Dead):
        ganvas.train("mnist", out=tmp_path / "cut", overrides=TINY, listeners=listeners)
    (path,) = (tmp_path / "cut").iterdir()
    assert ganvas.load(path).images == 144
    ganvas.resume(path)
    assert_same_run(path, whole.path)


def test_stopped_on_request_and_resumed_is_the_uninterrupted_run(tmp_path, beating) -> None:
    whole = ganvas.train("mnist", out=tmp_path / "whole", overrides=TINY)
    with pytest.raises(Stopped) as stopped:
        ganvas.train(
            "mnist", out=tmp_path / "cut", overrides=TINY,
            listeners=[asking(tmp_path / "cut", {144: "stop"})],
        )  # fmt: skip
    path = stopped.value.run.path
    assert stopped.value.signal == "request" and stopped.value.run.images == 144
    found = read_status(path)
    assert found is not None and (found.state, found.why, found.left) == (
        "stopped",
        "request",
        None,
    )
    assert kinds(path)[-1] == "stopped" and (path / "report.html").is_file()
    (path / "control.json").write_text('{"do": "stop"}')  # left over: nobody is asked by it
    ganvas.resume(path)
    assert_same_run(path, whole.path)


def test_requests_that_make_no_sense_are_warnings(tmp_path, beating) -> None:
    told: list[str] = []

    def listen(event: Event) -> None:
        path = next(tmp_path.iterdir(), tmp_path)
        if event.kind == "warning":
            told.append(event.text)
        if event.kind == "progress" and event.images == 48:
            (path / "control.json").write_text("{")
        if event.kind == "progress" and event.images == 96:
            (path / "control.json").write_text('{"do": "dance"}')
        if event.kind == "progress" and event.images == 144:
            ask(path, "evaluate")

    run = ganvas.train("mnist", out=tmp_path, overrides=TINY, listeners=[listen])
    assert run.images == 320 and not (run.path / "control.json").exists()
    assert ["damaged" in told[0], "'dance'" in told[1], "not evaluated" in told[2]] == [True] * 3
    written = [e["text"] for e in read_events(run.path).records if e["kind"] == "warning"]
    assert written == told


def test_an_evaluation_that_fails_is_over(tmp_path, beating, monkeypatch) -> None:
    evaluate, states = Evaluator.evaluate, []

    def evaluating(self: Evaluator, network: Any, images: int, run: str) -> Any:
        if images == 96:
            raise UsageError("no figure")
        return evaluate(self, network, images, run)

    def listen(event: Event) -> None:
        if event.kind == "warning" or event.images == 144:
            found = read_status(next(tmp_path.iterdir()))
            states.append(None if found is None else found.state)

    monkeypatch.setattr(Evaluator, "evaluate", evaluating)
    listeners = [asking(tmp_path, {96: "evaluate"}), listen]
    run = ganvas.train("mnist", out=tmp_path, overrides=EVALUATED, listeners=listeners)
    assert run.images == 320 and states and set(states) == {"training"}


def test_a_disk_that_takes_no_events_costs_one_warning(tmp_path, blobs, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ganvas.store.event_log.append_lines", full)
    with pytest.warns(RuntimeWarning, match="events.jsonl was not written") as said:
        run = ganvas.train("tutorial-cifar10", data=blobs, out=tmp_path, overrides=SMALL)
    assert run.images == 320 and len(said) == 1


def test_beats_are_seconds_apart_while_rounds_are_played(tmp_path, blobs, monkeypatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(status, "BEAT", 3600.0)
    monkeypatch.setattr(status, "replace_file", lambda *_, **__: written.append(""))
    ganvas.train("tutorial-cifar10", data=blobs, out=tmp_path, overrides=SMALL)
    lines = 320 // SMALL["every.log"]
    assert len(written) == lines + 3  # it prepares, trains, has ended


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_another_process_watches_asks_and_finds_a_run_lost(tmp_path, capsys, monkeypatch) -> None:
    process = start(train_words("tutorial-mnist", None, tmp_path / "stopped"))
    path = wait_for_log(tmp_path / "stopped", 1, process)
    number = ask(path, "stop")
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130 and "stopped and saved" in said
    (asked,) = [event for event in read_events(path).records if event["kind"] == "asked"]
    assert (asked["text"], asked["request"]) == ("stop", number)
    process = start([*train_words("tutorial-mnist", None, tmp_path / "stopped")])
    monkeypatch.setattr(status, "OLD", 0.0)
    while len(list((tmp_path / "stopped").iterdir())) < 2:
        time.sleep(0.01)
    lost = tmp_path / "stopped" / "0002-tutorial-mnist"
    while (found := read_status(lost)) is None or found.state != "training":
        assert process.poll() is None
        time.sleep(0.01)
    assert main(["show", str(lost)]) == 0
    assert "state       training: 0%" in capsys.readouterr().out
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert main(["show", str(lost)]) == 0
    assert "state       lost at 0%: its process was killed" in capsys.readouterr().out
    assert main(["runs", "list", "--out", str(tmp_path / "stopped")]) == 0
    listed = capsys.readouterr().out
    assert f"{path} " in listed and "stopped at 0% on request" in listed
    assert f"{lost} " in listed and "lost at 0%: its process was killed" in listed
