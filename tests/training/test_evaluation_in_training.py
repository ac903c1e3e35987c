"""Evaluations during training: where they fall, what they keep, and that a resume repeats them."""

from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.cli.main import main
from ganvas.errors import UsageError
from ganvas.store import checkpoint, evaluation_records

from ..playing import SMALL, assert_same_run
from .test_training import Killed, killed_at

MEASURED: dict[str, Any] = {
    **SMALL,
    "evaluation": {
        "every": 96, "features": "pixels", "metrics": ["kid", "duplicates"], "count": 64,
        "best": "kid",
    },
    "keep": 1,
}  # fmt: skip


def train(out: Path, data: Any, **more: Any) -> ganvas.Run:
    overrides = {**MEASURED, **more.pop("overrides", {})}
    return ganvas.train("tutorial-cifar10", data=data, out=out, overrides=overrides, **more)


def kernel_distances(run: ganvas.Run) -> dict[int, float]:
    """The kernel distance in the log, by clock."""
    return {r["images"]: r["metric/kid"] for r in run.log if "metric/kid" in r}


def test_figures_stand_in_the_log_at_the_recipes_clocks(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs)
    assert list(kernel_distances(run)) == [0, 96, 192, 288]
    assert [r["images"] for r in run.log if "loss/generator" in r] == [48, 96, 144, 192, 240, 288]
    assert {"metric/duplicates", "metric/kid/low", "floor/kid"} <= run.log[0].keys()
    newest = evaluation_records.newest(run.path)
    assert newest["kid"]["images_seen"] == 320, "the end is measured too, wherever it falls"
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "Metrics" in page and "kid" in page


def test_the_best_checkpoint_outlives_pruning_and_can_be_opened(tmp_path, blobs, capsys) -> None:
    run = train(tmp_path, blobs)
    course = kernel_distances(run)
    least = min(course, key=lambda clock: course[clock])
    assert run.best == {"metric": "kid", "value": course[least], "images": least}
    assert main(["show", str(run.path)]) == 0
    shown = f"  best        {least:09d}: kid {course[least]:.4g}"
    assert shown in capsys.readouterr().out.splitlines()
    kept = {path.name for path in checkpoint.complete(run.path / "checkpoints")}
    assert kept == {f"{least:09d}", "000000320"}
    best = ganvas.load(run.path, at="best")
    assert best.images == least
    asked = {"data": blobs, "features": "pixels", "metrics": ["kid"], "count": 64}
    assert ganvas.evaluate(best, **asked)["kid"].value == course[least], "the very same figure"


@pytest.mark.parametrize("images", [60, 100, 200])
def test_a_killed_run_measures_again_what_it_had_measured(tmp_path, blobs, images) -> None:
    whole = train(tmp_path / "whole", blobs)
    with pytest.raises(Killed):
        train(tmp_path / "cut", blobs, listeners=[killed_at(images)])
    (path,) = (tmp_path / "cut").iterdir()
    again = ganvas.resume(path, data=blobs)
    assert_same_run(path, whole.path)
    assert again.best == whole.best


def test_a_longer_run_is_the_same_as_if_it_had_not_ended_before(tmp_path, blobs) -> None:
    whole = train(tmp_path / "whole", blobs)
    short = train(tmp_path / "short", blobs, images=160)
    ganvas.resume(short.path, data=blobs, images=320)
    assert_same_run(short.path, whole.path)


def test_evaluations_never_eat_the_whole_of_the_time(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, minutes=1e-6)
    assert run.images == 16, "one round at least"
    assert evaluation_records.newest(run.path)["kid"]["images_seen"] == 16


def test_without_evaluations_there_is_no_best(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, overrides={"evaluation": None})
    assert run.best is None and evaluation_records.read(run.path) == []
    with pytest.raises(UsageError, match=r"`evaluation\.every=N`"):
        ganvas.load(run.path, at="best")
    assert "Metrics" not in (run.path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"metrics": ["fid"]}, "unknown metric 'fid': here it is frechet"),
        ({"metrics": []}, "is empty: choose some of frechet"),
        ({"features": "os:getcwd"}, "choose one of auto, digits"),
        ({"every": 0}, "evaluation.every must be"),
        ({"metrics": ["kid"], "best": "frechet"}, "no figure 'frechet'"),
        ({"metrics": ["frechet"], "best": "frechet"}, "at least 512 images"),
    ],
)
def test_evaluations_that_cannot_be_are_refused(tmp_path, blobs, settings, said) -> None:
    wanted = {**MEASURED["evaluation"], **settings}
    with pytest.raises(UsageError, match=said):
        train(tmp_path, blobs, overrides={"evaluation": wanted})


def test_images_that_no_network_knows_train_unmeasured_with_a_word(tmp_path, blobs, capsys) -> None:
    overrides = {"evaluation": {"every": 96}}
    said: list[str] = []
    run = train(
        tmp_path, blobs, overrides=overrides, images=32, listeners=[lambda e: said.append(e.text)]
    )
    assert any("no feature network knows these images" in text for text in said)
    assert run.best is None and run.images == 32


def test_any_recipe_is_measured_by_naming_one_setting(tmp_path, capsys) -> None:
    words = [
        "train", "tutorial-mnist", "--batch", "16", "--images", "32", "--threads", "1",
        "--generator.width", "4", "--discriminator.width", "4", "--evaluation.count", "200",
        "--out", str(tmp_path),
    ]  # fmt: skip
    assert main(words) == 0
    assert " of 10 digits, " in capsys.readouterr().out
