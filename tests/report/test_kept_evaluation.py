"""``ganvas.evaluate(run, save=True)`` keeps and shows what the command line does."""

from pathlib import Path
from typing import Any

import pytest
import torch

import ganvas
from ganvas.errors import UsageError
from ganvas.report import kept_evaluation
from ganvas.report.kept_evaluation import NotKept
from ganvas.store import evaluation_records
from ganvas.store.run_folder import Lock

from ..playing import SMALL

FEW: dict[str, Any] = {"features": "pixels", "count": 40, "metrics": ["kid", "authenticity"]}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> ganvas.Run:
    """A small run that was never evaluated."""
    out = tmp_path_factory.mktemp("runs")
    return ganvas.train("tutorial-mnist", out=out, overrides={**SMALL, "images": 32})


def test_figures_are_kept_in_the_run_only_where_that_is_asked_for(run, capsys) -> None:
    found = ganvas.evaluate(run, **FEW)
    assert found.written == [] and evaluation_records.read(run.path) == []
    assert capsys.readouterr().out == ""
    found = ganvas.evaluate(run.path, save=True, show=True, **FEW)
    assert found.written == [
        run.path / name for name in ("evaluations.jsonl", "neighbours.png", "report.html")
    ]
    assert all(path.is_file() for path in found.written)
    kept = {record["metric"]: record["value"] for record in evaluation_records.read(run.path)}
    assert kept == {figure.name: figure.value for figure, _ in found.figures}
    assert "kid" in (run.path / "report.html").read_text(encoding="utf-8")
    said = capsys.readouterr().out
    assert "drawing samples: 40" in said and "kid ↓" in said and "floor" in said
    assert repr(found).startswith("Evaluation(kid=")


def test_a_screen_that_fails_takes_no_figure_away(run, monkeypatch) -> None:
    def closed(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("ganvas.report.evaluate.show_evaluation", closed)
    before = len(evaluation_records.read(run.path))
    with pytest.warns(RuntimeWarning, match="nothing more is shown, the figures are there"):
        ganvas.evaluate(run.path, save=True, show=True, **FEW)
    assert len(evaluation_records.read(run.path)) > before


def test_what_cannot_be_kept_is_refused_before_the_work(run, tmp_path) -> None:
    samples = torch.zeros(40, 28, 28, 1, dtype=torch.uint8)
    with pytest.raises(UsageError, match="keeps figures in a run; these samples are of none"):
        ganvas.evaluate(samples, data="mnist", save=True)
    with pytest.raises(UsageError, match="no such folder"):
        ganvas.evaluate(run, neighbours=tmp_path / "no" / "pairs.png")
    with pytest.raises(UsageError, match="add it to `metrics`"):
        ganvas.evaluate(run, neighbours=tmp_path / "pairs.png", metrics=["kid"])


def test_figures_survive_a_full_disk(run, monkeypatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device", "evaluations.jsonl")

    monkeypatch.setattr(kept_evaluation.evaluation_records, "append", full)
    with pytest.raises(NotKept, match="the disk is full") as raised:
        ganvas.evaluate(run, save=True, **FEW)
    assert "kid" in raised.value.evaluation


def test_a_run_in_use_has_its_report_when_it_ends(run) -> None:
    with Lock(run.path), pytest.warns(UserWarning, match="its report is written when it ends"):
        found = ganvas.evaluate(run, save=True, **FEW)
    assert [path.name for path in found.written] == ["evaluations.jsonl", "neighbours.png"]
