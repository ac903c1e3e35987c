"""Runs on points from end to end: one learns, and every command takes it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import ganvas
from ganvas.bench.plain import LOADED, Items
from ganvas.cli.main import main
from ganvas.data import load_dataset, make_dataset
from ganvas.data.builtin.clouds import ring
from ganvas.domains import Points
from ganvas.domains.ground import DRAWN, REAL
from ganvas.errors import UsageError
from ganvas.store import evaluation_records

from ..playing import assert_same_run

ROUNDS = 600
SHORT = {
    "batch": 128,
    "images": 128 * ROUNDS,
    "every.log": 128 * 100,
    "every.samples": 128 * 300,
    "every.checkpoint": 128 * 300,
    "evaluation.every": 128 * 300,
    "evaluation.count": 1_000,
    "generator.within": 0.1,  # soonest, if not most evenly
}


def shortened(images: int) -> dict[str, object]:
    """The schedules of the recipe, brought to a shorter run."""

    def falling(start: float, end: float) -> dict[str, object]:
        return {"kind": "geometric", "start": start, "end": end, "until": images}

    return {
        **SHORT,
        "generator_optimiser.lr": falling(5e-3, 1e-4),
        "discriminator_optimiser.lr": falling(1e-2, 2e-4),
        "game.penalties": [{"kind": r, "weight": falling(0.1, 1e-3)} for r in ("r1", "r2")],
        "half_life": 0.03 * images,
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory, seed: int) -> ganvas.Run:
    out = tmp_path_factory.mktemp("points")
    overrides = {**shortened(128 * ROUNDS), "seed": seed}
    return ganvas.train("playground-ring", out=out, overrides=overrides)


def test_it_learns_the_ring(run, within) -> None:
    found = ganvas.evaluate(run, count=4_000)
    assert found["modes"].value == 8
    within(1 - found["near"].value, 0.2)
    within(found["reverse-kl"].value, 0.1)
    assert found.words().startswith("8 of 8 modes, ")
    logged = [record for record in run.log if "metric/modes" in record]
    assert logged[0]["metric/near"] < 0.3 and logged[-1]["metric/near"] > 0.5


def test_the_floor_is_a_perfect_sampler(run) -> None:
    found = ganvas.evaluate(run, count=4_000)
    floors = {figure.name: floor.value for figure, floor in found.figures if floor is not None}
    assert floors["modes"] == 8 and floors["near"] == pytest.approx(0.989, abs=0.006)
    assert floors["spread-least"] == pytest.approx(1, abs=0.12)


def test_points_of_ones_own_are_learned_and_measured_by_nobody(tmp_path) -> None:
    points = torch.rand(64, 2, 1, 1, generator=torch.Generator().manual_seed(0)) - 0.5
    data = make_dataset(Points(), points, name="square")
    told: list[str] = []
    more: dict[str, Any] = {"overrides": {"batch": 32, "threads": 1, "compile": False}}
    more["listeners"] = [lambda event: told.append(event.text)]
    own = ganvas.train("playground-ring", data=data, out=tmp_path, images=64, **more)
    assert own.recipe.evaluation is not None and own.sample(3).shape == (3, 2)
    assert any("no feature network here reads points" in text for text in told)
    with pytest.raises(UsageError, match="points in memory: say `data=SRC`"):
        ganvas.evaluate(own)
    with pytest.raises(UsageError, match="trained on points in memory: in Python, give them again"):
        ganvas.resume(own.path, images=96)
    with pytest.raises(UsageError, match="no feature network here reads points"):
        ganvas.evaluate(own, data=data)


def test_samples_are_points_and_the_same_in_every_call(run) -> None:
    points = run.sample(5, seed=3)
    assert points.shape == (5, 2) and points.dtype == torch.float32
    # Products of other sizes may be summed in another order.
    torch.testing.assert_close(points[:2], run.sample(2, seed=3))
    torch.testing.assert_close(run.sample(seeds=[7, 3])[1], points[0])


def test_the_folder_holds_pictures_and_a_time_lapse(run) -> None:
    names = sorted(path.name for path in (run.path / "samples").glob("*.png"))
    assert len(names) == 3
    for name in ("samples.png", "reals.png", f"samples/{names[0]}"):
        with Image.open(run.path / name) as picture:
            assert picture.size == (480, 480)
    with Image.open(run.path / "timelapse.gif") as clip:
        assert clip.n_frames == 3  # pyright: ignore
    report = (run.path / "report.html").read_text(encoding="utf-8")
    assert "spread-least" in report and "points in the plane" not in report
    assert "points to learn: ring" in report and "training images" not in report
    assert "000 points of ring" in report
    for colour, meaning in ((REAL, "red: the discriminator takes"), (DRAWN, "blue: for drawn")):
        assert f'background:rgb{colour}"></i>{meaning}' in report


@pytest.mark.filterwarnings("always:no .*pairs.png")
def test_every_command_takes_it(run, tmp_path, capsys) -> None:
    path = str(run.path)
    before = len(evaluation_records.read(run.path))
    pairs = str(tmp_path / "pairs.png")
    assert main(["evaluate", path, "--count", "500", "--neighbours", pairs]) == 0
    out, err = capsys.readouterr()
    assert f"no {pairs}" in err
    assert "8 of 8 modes" in out and "spread-least" in out and "features:" not in out
    assert len(evaluation_records.read(run.path)) == before + 5
    assert main(["show", path]) == 0
    assert "points of ring" in capsys.readouterr().out
    assert main(["sample", path, "--out", str(tmp_path / "p.npz"), "--count", "20"]) == 0
    with np.load(tmp_path / "p.npz") as file:
        assert file["points"].shape == (20, 2) and file["points"].dtype == np.float32
    assert main(["sample", path, "--out", str(tmp_path / "p.png"), "--count", "20"]) == 0
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.size == (480, 480) and len(picture.getcolors(1 << 20) or []) > 2
    capsys.readouterr()
    assert main(["sample", path, "--out", str(tmp_path / "p.gif")]) == 2
    assert "draws points" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ring", "grid", "spiral"])
def test_data_tells_what_is_in_a_source(name, tmp_path, capsys) -> None:
    sheet = tmp_path / "sheet.png"
    assert main(["data", name, "--out", str(sheet)]) == 0
    assert f"{name}: 110,000 points" in capsys.readouterr().out
    assert sheet.is_file()


@pytest.mark.parametrize(
    "options",
    [{"metrics": ["kid"]}, {"features": "pixels"}, {"data": "mnist"}, {"reference": "training"}],
)
def test_what_points_cannot_be_asked(run, options) -> None:
    with pytest.raises(UsageError, match="points"):
        ganvas.evaluate(run, **options)


def test_a_resumed_run_is_the_uninterrupted_run(tmp_path) -> None:
    tiny = {
        "batch": 16, "every.log": 48, "every.samples": 64, "every.checkpoint": 80,
        "evaluation.every": 96, "evaluation.count": 50,
    }  # fmt: skip
    whole = ganvas.train("playground-ring", out=tmp_path / "a", images=320, overrides=tiny)
    short = ganvas.train("playground-ring", out=tmp_path / "b", images=160, overrides=tiny)
    assert_same_run(ganvas.resume(short.path, images=320).path, whole.path)


@pytest.mark.parametrize("condition", ["class"])
def test_a_conditional_run_draws_the_mode_it_is_told(tmp_path: Path, condition) -> None:
    tiny = {
        "batch": 16, "images": 64, "condition.kind": condition, "generator.codes": 1,
        "evaluation.count": 50,
    }  # fmt: skip
    run = ganvas.train("playground-ring", out=tmp_path, overrides=tiny)
    assert run.sample(4, label="90°").shape == (4, 2)
    report = (run.path / "report.html").read_text(encoding="utf-8")
    assert "drawn points" in report and "the discriminator takes" not in report
    assert ring().names[2] == "90°"


def test_points_that_are_scored_in_pairs_leave_a_picture_too(tmp_path) -> None:
    tiny = {"batch": 16, "images": 64, "game.pack": 2, "evaluation.count": 50}
    run = ganvas.train("playground-ring", out=tmp_path, overrides=tiny)
    assert (run.path / "samples.png").exists()


def test_the_plain_loop_of_a_bench_is_shown_points_as_they_are() -> None:
    images = load_dataset("ring", limit=4)
    load = LOADED.get(images.domain.name, Items)
    assert torch.equal(load(images, False)[2], images.pixels[2])
