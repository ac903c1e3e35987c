"""Runs beside each other: what differs, what was measured, what must not be compared."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.errors import UsageError
from ganvas.report.compare.compared_runs import differing, named_runs
from ganvas.report.compare.comparison_page import MOST_LINES
from ganvas.store import evaluation_records

from ..playing import SMALL

WIDTHS = (4, 6, 8)


def record(metric: str, value: float, **more: Any) -> dict[str, Any]:
    """A figure as an evaluation leaves it."""
    return {
        "metric": metric, "value": value, "low": value - 0.125, "high": value + 0.125,
        "better": "lower", "floor": 0.25, "note": "", "samples": 200, "images_seen": 96,
        "features": {"name": "digits", "version": "1", "hash": "sha256:0", "resize": None},
        "reference": {"fingerprint": "f", "images": 200, "part": "held-out"},
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def sweep(tmp_path_factory) -> list[Path]:
    """Three runs of one width each; the last was never evaluated."""
    out = tmp_path_factory.mktemp("runs")
    paths = []
    for width in WIDTHS:
        generator = {**SMALL["generator"], "width": width}
        overrides = {**SMALL, "images": 96, "every.log": 32, "generator": generator}
        run = ganvas.train("tutorial-mnist", out=out, name=f"width-{width}", overrides=overrides)
        paths.append(run.path)
    for index, path in enumerate(paths[:2]):
        evaluation_records.append([record("kid", index + 0.5), record("frechet", 2.0)], path)
    return paths


def test_a_comparison_says_what_differs_and_what_was_measured(sweep) -> None:
    found = ganvas.compare([sweep[0], ganvas.load(sweep[1]), str(sweep[2])])
    names = [path.name for path in sweep]
    assert list(found.paths) == names
    assert found.settings == {"generator.width": dict(zip(names, WIDTHS, strict=True))}
    assert {n: list(known) for n, known in found.figures.items()} == {
        names[0]: ["kid", "frechet"], names[1]: ["kid", "frechet"], names[2]: [],
    }  # fmt: skip
    assert found.warnings == [
        f"{names[2]} has no figures yet: `ganvas.evaluate({str(sweep[2])!r}, save=True)`"
    ]
    assert found.curves["loss/generator"].keys() == set(names)


def test_its_text_is_a_table_that_fits_the_screen(sweep, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    lines = str(ganvas.compare(sweep)).splitlines()
    assert lines[0].split() == [*[path.name for path in sweep], "floor"]
    assert lines[1].split() == ["generator.width", "4", "6", "8"]
    assert lines[2].split() == ["images", "seen", "96", "96", "96"]
    kid = "kid ↓  0.5 (0.375 to 0.625)  1.5 (1.375 to 1.625)"
    assert lines[4].split() == [*kid.split(), "0.25"]
    assert lines[-1].startswith("warning: 0003-width-8 has no figures yet")
    monkeypatch.setenv("COLUMNS", "60")
    table = str(ganvas.compare(sweep)).partition("\n\n↓")[0].splitlines()
    assert max(map(len, table)) <= 60 and sum("width-" in line for line in table) == 2
    assert [line.split()[-1] for line in table if "width-" in line] == ["0001-width-4", "floor"]


def test_its_table_is_read_back_as_it_was_written(sweep, tmp_path) -> None:
    file = ganvas.compare(sweep).to_csv(tmp_path / "table.csv")
    with open(file, newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = [(r["run"], r["metric"], r["value"], r["low"], r["generator.width"]) for r in rows]
    assert found == [
        ("0001-width-4", "kid", "0.5", "0.375", "4"),
        ("0001-width-4", "frechet", "2.0", "1.875", "4"),
        ("0002-width-6", "kid", "1.5", "1.375", "6"),
        ("0002-width-6", "frechet", "2.0", "1.875", "6"),
        ("0003-width-8", "", "", "", "8"),
    ]
    measured = {(r["samples"], r["features"], r["images_seen"], r["better"]) for r in rows[:4]}
    assert measured == {("200", "digits", "96", "lower")}
    assert rows[4]["images_seen"] == "96" and rows[0]["path"] == str(sweep[0])


def test_its_page_lays_the_curves_of_all_runs_over_each_other(sweep, tmp_path) -> None:
    found = ganvas.compare(sweep)
    html = found.save(tmp_path / "page.html").read_text(encoding="utf-8")
    losses = html.partition("<figcaption>loss/generator")[2].partition("</figure>")[0]
    assert losses.count("<polyline") == 3 and all(path.name in losses for path in sweep)
    assert "<td>generator.width</td><td>4</td><td>6</td><td>8</td>" in html
    assert "Not drawn" not in html and "http" not in html
    assert "has no figures yet: <code>ganvas.evaluate(" in html
    notebook = found._repr_html_()
    assert "<td>generator.width</td>" in notebook and "0.5 (0.375 to 0.625)" in notebook


def test_of_many_runs_some_are_drawn_and_all_are_listed(sweep, tmp_path) -> None:
    paths = [shutil.copytree(sweep[0], tmp_path / f"{n:04d}-copy") for n in range(MOST_LINES + 2)]
    found = ganvas.compare(paths)
    html = found.save(tmp_path / "page.html").read_text(encoding="utf-8")
    losses = html.partition("<figcaption>loss/generator")[2].partition("</figure>")[0]
    assert losses.count("<polyline") == MOST_LINES and "Not drawn: 2 further runs." in html
    assert str(found).startswith("no setting differs")
    assert all(path.name in str(found) for path in paths)


def test_runs_of_one_plug_in_that_was_changed_between_them_differ_in_its_code(
    sweep, tmp_path
) -> None:
    changed = {
        "plugins": {"/here/mine.py": f"sha256:{'a' * 64}"},
        "modules": {"far.py": "sha256:1"},
    }
    part = {"what": "loss", "kind": "mine", "made_by": "mine", "source": "plugins/loss-mine.py"}
    for index, more in enumerate([{}, changed, {**changed, "own_parts": [part]}]):
        path = shutil.copytree(sweep[0], tmp_path / f"{index}")
        plain = json.loads((path / "run.json").read_bytes())
        (path / "run.json").write_text(json.dumps({**plain, **more}))
    (tmp_path / "2/plugins").mkdir()
    (tmp_path / "2/plugins/loss-mine.py").write_bytes(b"")
    digest = "e3b0c44298fc"  # of nothing
    assert ganvas.compare([tmp_path / name for name in "012"]).settings == {
        "code of mine.py": {"1": "a" * 12, "2": "a" * 12},
        "code of far.py": {"1": "1", "2": "1"},
        "code of loss mine": {"2": digest},
    }


def test_figures_of_another_clock_or_measured_otherwise_are_told(sweep, tmp_path) -> None:
    one, two = (shutil.copytree(path, tmp_path / path.name) for path in sweep[:2])
    evaluation_records.append([record("kid", 1.0, samples=300, images_seen=48)], two)
    assert ganvas.compare([one, two]).warnings == [
        "not comparable, measured with another number of samples: kid",
        "0002-width-6 has figures of 48 images seen; now it has seen 96",
    ]


def test_settings_differ_by_value_or_because_only_some_runs_have_them() -> None:
    plain = {
        "a": {"name": "a", "game": {"kind": "gan", "terms": []}, "augment": None, "seed": 0},
        "b": {"name": "b", "game": {"kind": "gan", "terms": [1]}, "augment": {"kind": "x"},
              "seed": 0},
    }  # fmt: skip
    assert differing(plain) == {
        "game.terms": {"a": [], "b": [1]},
        "augment": {"a": None},
        "augment.kind": {"b": "x"},
    }


def test_names_are_as_short_as_they_tell_runs_apart(sweep, tmp_path) -> None:
    copies = [tmp_path / place / "0001-run" for place in ("one", "two")]
    for copy in copies:
        shutil.copytree(sweep[0], copy)
    named = named_runs([*copies, sweep[0], tmp_path / "one" / ".." / "one" / "0001-run"])
    assert named == {"one/0001-run": copies[0], "two/0001-run": copies[1], sweep[0].name: sweep[0]}
    with pytest.raises(UsageError, match="at least two different runs"):
        ganvas.compare([sweep[0], ganvas.load(sweep[0])])
