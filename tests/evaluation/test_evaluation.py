"""Evaluations: figures with floors and provenance, and what becomes of bad input."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import ganvas
from ganvas.data import load_dataset
from ganvas.errors import DataError, NonFinite, UsageError, UserError
from ganvas.evaluation import feature_cache, real_items
from ganvas.evaluation.feature_cache import cached_reading
from ganvas.evaluation.in_words import in_words
from ganvas.features import load_features
from ganvas.report.evaluate import evaluate

from ..playing import SMALL, picture_folder

QUICK = {"metrics": ["frechet", "modes"], "count": 400}


@pytest.fixture(scope="module")
def mnist():
    return load_dataset("mnist", split="test")


def npz(path: Path, images: torch.Tensor) -> Path:
    np.savez(path, images=images.permute(0, 2, 3, 1).numpy())
    return path


@pytest.fixture
def run(tmp_path, blobs) -> ganvas.Run:
    overrides = {k: v for k, v in SMALL.items() if k != "images"}
    return ganvas.train(
        "tutorial-cifar10", data=blobs, out=tmp_path, images=64, overrides=overrides
    )


def test_held_out_reals_score_as_the_floor(tmp_path, mnist) -> None:
    found = evaluate(npz(tmp_path / "s.npz", mnist.pixels), data="mnist", **QUICK)
    floors = {figure.name: floor for figure, floor in found.figures}
    assert floors["frechet"] is not None
    assert found["frechet"].value == pytest.approx(0, abs=1e-9), "the very same images"
    assert floors["frechet"].value > 0.1, "other images: never quite zero"
    assert "frechet-infinite" in found
    assert found.words().startswith("10 of 10 digits, no farther from real digits than ")


def test_every_record_is_complete_in_itself(tmp_path, mnist) -> None:
    record = evaluate(npz(tmp_path / "s.npz", mnist.pixels), data="mnist", **QUICK).records()[1]
    assert record["metric"] == "frechet-infinite" and record["low"] < record["high"]
    assert record["floor_low"] < record["floor"] < record["floor_high"]
    assert record["samples"] == 400
    reference = record["reference"]
    assert (reference["data"], reference["part"], reference["images"]) == ("mnist", "held-out", 400)
    assert reference["fingerprint"] == mnist.fingerprint
    features = record["features"]
    assert (features["name"], features["size"]) == ("digits", (28, 28))
    assert features["hash"].startswith("sha256:") and "antialiased" in features["resize"]
    assert record["versions"]["torch"] == torch.__version__
    assert record["ema"] is None and record["images_seen"] is None


def test_a_runs_figures_repeat_to_the_last_bit(run, blobs) -> None:
    asked = {"data": blobs, "features": "pixels", "metrics": ["kid", "duplicates"], "count": 32}
    first, second = (evaluate(run, **asked) for _ in range(2))
    assert [f.value for f, _ in first.figures] == [f.value for f, _ in second.figures]
    other = evaluate(run, **asked, seed=1)
    assert other["kid"].value != first["kid"].value
    assert first.provenance["images_seen"] == run.images == 64
    assert first.provenance["subject"] == str(run.path)


def test_without_held_out_images_the_floor_is_between_halves(run, blobs) -> None:
    found = evaluate(run, data=blobs, features="pixels", metrics=["kid", "authenticity"], count=64)
    assert "half" in found.provenance["reference"]["floor"]
    floors = {figure.name: floor for figure, floor in found.figures}
    assert floors["kid"] is not None
    assert floors["authenticity"] is None, "nobody else's images to compare copying with"


def test_the_floor_is_of_as_many_reals_as_there_are_samples(tmp_path, mnist) -> None:
    others = load_dataset("mnist").pixels[30_000:30_300]
    found = evaluate(npz(tmp_path / "s.npz", others), data="mnist", metrics=["frechet"])
    floor = found.figures[0][1]
    assert found.provenance["samples"] == 300 and floor is not None
    assert 0.5 < found["frechet"].value / floor.value < 2, "reals are about as far as the floor"


def test_a_floor_of_halves_is_no_yardstick(mnist) -> None:
    found = evaluate(mnist.pixels[:300], data=mnist.pixels[1000:1800], features="digits", count=800)
    assert "each other" not in found.words()
    assert found.provenance["reference"]["part"] == "given"


def test_a_run_whose_images_changed_is_told(tmp_path) -> None:
    data = picture_folder(tmp_path / "pictures")
    run = ganvas.train(
        "tutorial-cifar10", data=data, out=tmp_path, overrides={**SMALL, "images": 16}
    )
    (data / "000.png").unlink()
    with pytest.raises(DataError, match="not what this run was trained on"):
        evaluate(ganvas.load(run.path), features="pixels", metrics=["kid"], count=8)


def test_a_positional_split_holds_out_the_rest(tmp_path) -> None:
    path = picture_folder(tmp_path / "pictures", count=24)
    real = real_items.load_real_items(path, split="0:20")
    assert real.held_out is not None
    assert (len(real.training), len(real.held_out)) == (20, 4)
    everything = load_dataset(path).pixels
    assert torch.equal(real.held_out.pixels, everything[20:])
    assert real_items.load_real_items(path).held_out is None
    assert real_items.load_real_items(path, split="0:24").held_out is None
    assert real_items.load_real_items("mnist", split="all").held_out is None


def test_training_images_can_be_the_reference(tmp_path, mnist) -> None:
    path = npz(tmp_path / "s.npz", load_dataset("mnist").pixels[:400])
    found = evaluate(path, data="mnist", reference="training", **QUICK)
    assert found.provenance["reference"]["part"] == "training"
    assert found.provenance["reference"]["fingerprint"] == load_dataset("mnist").fingerprint


def test_too_few_samples_give_kid_and_say_how_many_are_needed(tmp_path, mnist) -> None:
    path = npz(tmp_path / "s.npz", mnist.pixels[:50])
    found = evaluate(path, data="mnist", metrics=["frechet"])
    assert [figure.name for figure, _ in found.figures] == ["kid"]
    assert "at least 192 images" in found.skipped["frechet"]


def test_nan_is_told(tmp_path, mnist) -> None:
    images = mnist.pixels[:20].permute(0, 2, 3, 1).float().div(255).numpy()
    images[3, 4, 5] = np.nan
    np.savez(tmp_path / "s.npz", images=images)
    with pytest.raises(DataError, match="without NaN"):
        evaluate(tmp_path / "s.npz", data="mnist")


def test_a_generator_of_nan_is_told(run, blobs) -> None:
    with torch.no_grad():
        next(run.generator.parameters()).fill_(float("nan"))
    with pytest.raises(NonFinite, match="`at`"):
        evaluate(run, data=blobs, features="pixels", count=8)


def test_other_sizes_and_channels_are_told_and_mended_on_request(tmp_path) -> None:
    small = npz(tmp_path / "s.npz", torch.randint(0, 255, (40, 3, 16, 16), dtype=torch.uint8))
    asked = {"data": "mnist", "features": "pixels", "metrics": ["kid"], "count": 40}
    with pytest.raises(DataError, match="16x16 colour, mnist of 28x28 grey: say `fit=crop`"):
        evaluate(small, **asked)
    assert "kid" in evaluate(small, fit="crop", **asked)
    with pytest.raises(UsageError, match="reads grey images"):
        evaluate(small, fit="crop", **{**asked, "features": "digits"})


def test_an_empty_reference_is_told(tmp_path, mnist) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError, match="no image"):
        evaluate(npz(tmp_path / "s.npz", mnist.pixels[:20]), data=tmp_path / "nothing")


def test_what_is_not_held_out_cannot_be_asked_for(run, blobs) -> None:
    with pytest.raises(UsageError, match="no held-out images"):
        evaluate(run, data=blobs, features="pixels", reference="held-out")


def test_images_in_memory_must_be_given_again(run) -> None:
    with pytest.raises(UsageError, match="in memory: say `data=SRC`"):
        evaluate(run, features="pixels")


def test_path_length_needs_a_smooth_network(run, blobs) -> None:
    asked = {"data": blobs, "features": "pixels", "metrics": ["path-length"], "count": 500}
    found = evaluate(run, **asked)["path-length"]
    assert found.value > 0 and found.interval is not None
    assert found.interval[0] < found.value < found.interval[1]


def test_features_of_reals_are_cached_by_what_they_are(tmp_path, monkeypatch, mnist) -> None:
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    network, pixels = load_features("digits"), mnist.pixels[:40]
    first = cached_reading("a", network, pixels, None)
    (file,) = (tmp_path / "features").iterdir()
    monkeypatch.setattr(feature_cache, "extract", None)  # it would fail if it were called again
    again = cached_reading("a", network, pixels, None)
    assert torch.equal(first.features, again.features)
    with pytest.raises(TypeError):
        cached_reading("b", network, pixels, None)
    network.origin = replace(network.origin, hash="sha256:other")
    with pytest.raises(TypeError):
        cached_reading("a", network, pixels, None)
    assert file.is_file()


def test_a_damaged_cache_is_read_anew(tmp_path, monkeypatch, mnist) -> None:
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    network, pixels = load_features("digits"), mnist.pixels[:40]
    first = cached_reading("a", network, pixels, None)
    (file,) = (tmp_path / "features").iterdir()
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    assert torch.equal(cached_reading("a", network, pixels, None).features, first.features)
    file.write_bytes(content[:100])
    assert torch.equal(cached_reading("a", network, pixels, None).features, first.features)


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path, monkeypatch, mnist) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file"))
    with pytest.warns(RuntimeWarning, match="GANVAS_CACHE"):
        found = cached_reading("a", load_features("digits"), mnist.pixels[:8], None)
    assert found.features.shape == (8, 96)


def test_progress_counts_to_the_end(tmp_path, mnist) -> None:
    told: dict[str, tuple[int, int]] = {}

    def tell(what: str, done: int, total: int) -> None:
        told[what.split(":")[0]] = (done, total)

    path = npz(tmp_path / "s.npz", mnist.pixels[:300])
    evaluate(path, data="mnist", progress=tell, metrics=["frechet"], count=260, seed=5)
    assert told["reading samples"] == told["reading held-out images"] == (260, 260)
    assert told["measuring"] == (1, 1)


def test_a_network_that_is_not_installed_is_an_error_not_a_guess(monkeypatch, tmp_path) -> None:
    from ganvas.evaluation import feature_choice

    monkeypatch.setattr(feature_choice, "find_spec", lambda name: None)
    path = picture_folder(tmp_path / "pictures")
    with pytest.raises(UserError, match=r"ganvas\[imagenet\]"):
        evaluate(path, data=path)


def test_copies_of_the_training_images_are_found_and_shown(tmp_path) -> None:
    from ganvas.report.neighbours import save_neighbours

    training = load_dataset("mnist").pixels
    found = evaluate(
        npz(tmp_path / "s.npz", training[::600]), data="mnist", metrics=["authenticity"]
    )
    floor = found.figures[0][1]
    assert found["authenticity"].value == 0 and floor is not None and floor.value > 0.4
    assert save_neighbours(found, tmp_path / "pairs.png")
    kept = found["authenticity"].kept
    assert found.copy_candidates is not None and found.samples is not None
    assert torch.equal(found.copy_candidates.items[kept.position], found.samples.items)


def test_a_run_folder_keeps_what_can_be_read(tmp_path, run, blobs) -> None:
    from ganvas.store import evaluation_records

    found = evaluate(run, data=blobs, features="pixels", metrics=["kid"], count=16)
    path = shutil.copytree(run.path, tmp_path / "0009-copy")
    evaluation_records.append(found.records(), path)
    with open(path / "evaluations.jsonl", "a") as file:
        file.write('{"metric": "ki')
    evaluation_records.append(found.records(), path)
    assert len(evaluation_records.read(path)) == 2, "the torn line alone is lost"


def record(metric: str, value: float, floor: float | None = None, **more) -> dict:
    plain = {"metric": metric, "value": value, "floor": floor, "samples": 10_000, "note": ""}
    return {**plain, "details": {}, "comparable": True, "features": {"name": "digits"}, **more}


POINT_VALUES = {"modes": 7, "near": 0.9713, "spread-least": 0.98, "spread-most": 1.104}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            [
                record("frechet", 0.405, 0.05),
                record("modes", 10, details={"drawn": 9, "kinds": 10}),
            ],
            "9 of 10 digits, 8.1 times as far from real digits as real digits are from each other "
            "(0.405 against 0.05, 10,000 samples)",
        ),
        (
            [record("frechet", 0.05, 0.05)],
            "no farther from real digits than real digits are from each other (0.05 against 0.05, "
            "10,000 samples)",
        ),
        (
            [record("frechet", 57.0, 0.05, features={"name": "pixels"})],
            "1,140 times as far from real images as real images are from each other (57 against "
            "0.05, 10,000 samples)",
        ),
        ([record("kid", 0.01234), record("frechet", 3.0, None)], "kernel distance 0.0123"),
        ([record("kid", 0.01), record("frechet", 3.0, 0.1, comparable=False)], "kernel distance"),
        ([record("recall", 0.5)], ""),
        (
            [
                record(name, value, features={"name": "points"}, note="of 8")
                for name, value in POINT_VALUES.items()
            ],
            "7 of 8 modes, 97.1% of points within 3 sigma of one, drawn 0.98 to 1.10 times as wide",
        ),
        ([], ""),
    ],
)
def test_an_evaluation_in_words(found, sentence) -> None:
    said = in_words({each["metric"]: each for each in found})
    assert said.startswith(sentence) and bool(said) == bool(sentence)
