"""Runs that go on: after their end, at rest, elsewhere; and what time alone makes them save."""

import json
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.errors import DataError, UsageError
from ganvas.store import checkpoint
from ganvas.store.event import Event
from ganvas.store.log import read_log
from ganvas.training import stopwatch
from ganvas.training.loop import SAFE

from ..playing import SMALL, assert_same_run

TINY: dict[str, Any] = {**SMALL, "precision": "fp32", "data.limit": 64}


def play(out: Path, **more: Any) -> Path:
    return ganvas.train("mnist", out=out, overrides={**TINY, **more}).path


def clocks(path: Path) -> list[int]:
    return [int(each.name) for each in checkpoint.complete(path / "checkpoints")]


class Clock:
    """A clock on the wall that a test moves on; every look at it takes so many seconds."""

    def __init__(self, step: float) -> None:
        self.step, self.at = step, 0.0

    def __call__(self) -> float:
        self.at += self.step
        return self.at


def test_time_alone_saves_a_checkpoint_that_changes_nothing_else(tmp_path, monkeypatch) -> None:
    """A recipe that saves at its end alone; once on a slow machine, once on one that is not."""
    rare = {"every.checkpoint": 10_000, "every.log": 48}
    plain = play(tmp_path / "quick", **rare)
    told: list[tuple[str, int]] = []
    seen: list[list[int]] = []

    def listen(event: Event) -> None:
        if event.kind != "chosen":
            told.append((event.kind, event.images))
        if event.kind == "progress":
            seen.append(clocks(next((tmp_path / "slow").iterdir())))

    monkeypatch.setattr(stopwatch, "now", Clock(SAFE / 3))
    overrides = {**TINY, **rare}
    slow = ganvas.train("mnist", out=tmp_path / "slow", overrides=overrides, listeners=[listen])
    assert_same_run(slow.path, plain)
    assert clocks(slow.path) == clocks(plain) == [0, 320]
    assert max(len(each) for each in seen) == 2  # the start, and the newest that time saved
    assert any(each[-1] > 0 for each in seen)
    saved = [images for kind, images in told if kind == "saved"]
    assert saved == [0, 320]


def test_what_time_saved_displaces_none_and_a_resume_from_it_is_exact(
    tmp_path, monkeypatch
) -> None:
    whole = play(tmp_path / "whole", **{"every.checkpoint": 64})
    assert clocks(whole) == [192, 256, 320]

    class Killed(BaseException):
        pass

    def kill(event: Event) -> None:
        if event.kind == "progress" and event.images > 280:
            raise Killed

    monkeypatch.setattr(stopwatch, "now", Clock(SAFE))
    overrides = {**TINY, "every.checkpoint": 64}
    with pytest.raises(Killed):
        ganvas.train("mnist", out=tmp_path / "cut", overrides=overrides, listeners=[kill])
    (cut,) = (tmp_path / "cut").iterdir()
    assert clocks(cut) == [128, 192, 256, 272]
    monkeypatch.undo()
    ganvas.resume(cut)
    assert clocks(cut) == [192, 256, 320]
    assert_same_run(cut, whole)


def test_a_passing_checkpoint_at_the_end_counts(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(stopwatch, "now", Clock(SAFE))
    path = play(tmp_path, **{"every.checkpoint": 10_000})
    assert clocks(path) == [0, 320]
    monkeypatch.undo()
    ganvas.resume(path, images=352)
    assert clocks(path) == [0, 320, 352]


@pytest.mark.parametrize("images", [304, 320])
@pytest.mark.parametrize("again", [None, "the same"])
def test_a_resume_at_the_end_is_a_no_op(tmp_path, images: int, again: str | None) -> None:
    """Whether or not its images divide by its batch of 32."""
    evaluated = {"evaluation": {"every": 1_000, "count": 200, "features": "pixels"}}
    evaluated["evaluation"] |= {"metrics": ["kid"], "best": "kid"}
    path = play(tmp_path, batch=32, images=images, **evaluated)
    names = ("recipe.yaml", "run.json", "log.jsonl", "evaluations.jsonl", "samples.png")
    before = {name: (path / name).read_bytes() for name in names}
    found = ganvas.resume(path, images=None if again is None else images)
    assert found.images == 320 and clocks(path)[-1] == 320
    assert {name: (path / name).read_bytes() for name in names} == before


def test_fewer_images_than_were_asked_for_are_still_refused(tmp_path) -> None:
    path = play(tmp_path)
    with pytest.raises(UsageError, match="has seen 320 images: `images` must be more"):
        ganvas.resume(path, images=160)


def test_new_data_of_too_few_images_get_advice_that_can_be_followed(tmp_path, blobs) -> None:
    few = blobs[:8].repeat(1, 1, 2, 2)[..., :28, :28]
    path = play(tmp_path / "first")
    with pytest.raises(DataError, match="'batch': 4") as caught:
        ganvas.resume(path, data=few, new_data=True, images=352)
    assert f"`ganvas.train(start='{path}', data='SRC'" in str(caught.value)
    settings = {"batch": 4, "images": 16, "precision": "fp32", "data.limit": None}
    found = ganvas.train(data=few, start=path, out=tmp_path / "second", overrides=settings)
    assert found.images == 16


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_going_on_after_the_rates_have_ended_says_so(tmp_path, kind: str) -> None:
    rate = {"kind": kind, "start": 2e-4, "end": 0.0, "until": 320}
    lr = {"generator_optimiser.lr": rate, "discriminator_optimiser.lr": rate}
    path = play(tmp_path, **lr)
    said: list[str] = []

    def listen(event: Event) -> None:
        if event.kind == "warning":
            said.append(event.text)

    ganvas.resume(path, listeners=[listen])
    assert not said  # there is nothing to go on to
    ganvas.resume(path, images=352, listeners=[listen])
    assert len(said) == 1 and f"`ganvas.train(start='{path}', images=32)`" in said[0]


def began_on_cuda(path: Path) -> None:
    """Make a run's record that of one on a GPU which this machine does not have."""
    record = json.loads((path / "run.json").read_text())
    record["choices"] |= {"device": "cuda", "precision": "bf16", "graph": True}
    record["machine"] = "NVIDIA H100"
    (path / "run.json").write_text(json.dumps(record))


def test_a_run_of_a_gpu_goes_on_where_there_is_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    path = play(tmp_path)
    began_on_cuda(path)
    with pytest.raises(UsageError, match="no cuda device: use `device=auto` or cpu"):
        ganvas.resume(path, images=352)
    said: list[str] = []

    def listen(event: Event) -> None:
        said.append(event.text) if event.kind == "warning" else None

    found = ganvas.resume(path, images=352, device="cpu", listeners=[listen])
    assert found.images == 352
    assert [text for text in said if "NVIDIA H100, now" in text]
    choices = found.record.choices
    assert (choices.device, choices.precision, choices.graph) == ("cpu", "fp32", False)
    said.clear()
    ganvas.resume(path, images=384, listeners=[listen])  # from now on it is at home here
    assert not said and len(read_log(path / "log.jsonl"))


def test_the_device_it_has_changes_nothing(tmp_path) -> None:
    whole = play(tmp_path / "whole", images=352)
    path = play(tmp_path / "part")
    before = (path / "run.json").read_bytes()
    ganvas.resume(path, images=352, device="cpu")
    assert_same_run(path, whole)
    assert (path / "run.json").read_bytes() == before
