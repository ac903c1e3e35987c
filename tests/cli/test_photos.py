"""Somebody's own pictures, from the first look to the second run, as typed in their folder."""

import json
import shlex

import pytest
from PIL import Image

import ganvas
from ganvas.cli.main import main
from ganvas.recipes import yaml

from ..playing import picture_folder

SMALL = [
    "--generator", "{kind: dcgan, latent: 8, width: 4}",
    "--discriminator", "{kind: dcgan, width: 4}",
    "--batch", "8", "--images", "32", "--threads", "1", "--data.size", "16", "--precision", "fp32",
    "--every.log", "16", "--every.samples", "16", "--every.checkpoint", "16",
]  # fmt: skip


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of pictures, which one has gone into."""
    monkeypatch.chdir(picture_folder(tmp_path / "photos", 24, (20, 20)))
    return tmp_path / "photos"


def test_runs_and_sheets_among_the_pictures_are_never_learned_from(photos, capsys) -> None:
    assert main(["data", "."]) == main(["data", "."]) == 0
    assert capsys.readouterr().out.count("photos: 24 images") == 2
    assert main(["train", "--data", ".", *SMALL]) == 0
    first = ganvas.load("runs/0001-folder")
    assert main(["sample", "runs/0001-folder", "--count", "4", "--out", "grid.png"]) == 0
    assert main(["sample", "runs/0001-folder", "--count", "4", "--out", "drawn/"]) == 0
    assert main(["resume", "runs/0001-folder", "--images", "48"]) == 0
    evaluation = ["evaluate", "runs/0001-folder", "--features", "pixels", "--count", "24"]
    assert main([*evaluation, "--metrics", "kid"]) == 0
    assert main(["train", "--data", ".", *SMALL]) == 0
    second = ganvas.load("runs/0002-folder")
    assert first.record.count == second.record.count == 24
    assert first.record.fingerprint == second.record.fingerprint
    assert main(["data", "."]) == 0
    assert "photos: 24 images" in capsys.readouterr().out


def test_two_pictures_and_thirteen_files(tmp_path, capsys) -> None:
    """What is used and what is not is said on one line, and stays with the run; the batch fits."""
    source = picture_folder(tmp_path / "few", 2, (20, 20))
    for name in ("notes.txt", "more.doc", "cut.png"):
        (source / name).write_bytes(b"words")
    without_batch = [word for word in SMALL if word not in ("--batch", "8")]
    out = str(tmp_path / "runs")
    assert main(["train", "--data", str(source), "--out", out, *without_batch]) == 0
    lines = capsys.readouterr().out.splitlines()
    (used,) = [line for line in lines if line.startswith("few: 2 images, 16x16 colour")]
    assert "2 of 5 files used; 1 unreadable file skipped: cut.png" in used
    assert "2 other files ignored" in used
    assert "batch 2 instead of 32: there are 2 images" in lines
    run = ganvas.load(tmp_path / "runs" / "0001-folder")
    assert run.recipe.batch == 2 and run.record.notes[0] == "2 of 5 files used"
    report = (run.path / "report.html").read_text(encoding="utf-8")
    assert "2 of 5 files used; 1 unreadable file skipped" in report
    assert main(["show", str(run.path)]) == 0
    assert "2 other files ignored" in capsys.readouterr().out


def test_moved_data_are_the_same_data(tmp_path, capsys) -> None:
    """Split and all, wherever they lie; where they were found is where they are sought."""
    first = picture_folder(tmp_path / "first", 24, (20, 20))
    train = ["train", "--data", str(first), "--out", str(tmp_path / "runs"), *SMALL]
    assert main([*train, "--data.split", "0:16", "--images", "16"]) == 0
    run = tmp_path / "runs" / "0001-folder"
    there = first.rename(tmp_path / "second")
    capsys.readouterr()
    assert main(["resume", str(run)]) == 1
    assert "is not there: say --data with where it lies now" in capsys.readouterr().err
    about = ["--features", "pixels", "--count", "8", "--metrics", "kid", "--json"]
    assert main(["evaluate", str(run), *about]) == 1
    capsys.readouterr()
    assert main(["evaluate", str(run), "--data", str(there), *about]) == 0
    (record, *_) = json.loads(capsys.readouterr().out)
    assert record["reference"]["part"] == "held-out" and record["reference"]["images"] == 8
    assert main(["resume", str(run), "--data", str(there), "--images", "24"]) == 0
    assert ganvas.load(run).recipe.data.source == str(there)
    assert main(["resume", str(run), "--images", "32"]) == 0
    assert main(["evaluate", str(run), *about]) == 0


def test_a_run_in_three_equal_channels_goes_on_in_them(tmp_path) -> None:
    """As older versions began with grey pictures that are stored in colour."""
    grey = picture_folder(tmp_path / "grey", 16, (20, 20))
    for path in grey.iterdir():
        Image.open(path).convert("L").convert("RGB").save(path)
    train = ["train", "--data", str(grey), "--out", str(tmp_path / "runs"), *SMALL]
    assert main([*train, "--channels", "3", "--images", "16"]) == 0
    run = ganvas.load(tmp_path / "runs" / "0001-folder")
    recipe = yaml.read((run.path / "recipe.yaml").read_text(encoding="utf-8"), "recipe")
    recipe["data"]["channels"] = None
    (run.path / "recipe.yaml").write_text(yaml.write(recipe), encoding="utf-8")
    assert main(["resume", str(run.path), "--images", "32"]) == 0
    assert ganvas.load(run.path).images == 32


def test_a_look_says_what_training_would_make_of_it(photos, capsys) -> None:
    assert main(["data", "."]) == 0
    out = capsys.readouterr().out
    expected = "would see 64x64: resized, in colour, 24 enlarged, in batches of 24"
    assert f"ganvas train --data . {expected}" in out and "condition" not in out
    (photos / "labels.csv").write_text("image,label\n000.png,a\n001.png,b\n", encoding="utf-8")
    assert main(["data", ".", "--size", "20", "--channels", "1"]) == 0
    out = capsys.readouterr().out
    command = "ganvas train --data . --data.size 20 --data.channels 1 would see 20x20: as they are"
    assert f"{command}, grey, in batches of 2; --condition.kind class" in out


def test_the_command_that_a_look_gives_is_read_back_as_it_was_meant(photos, capsys) -> None:
    place = photos.rename(photos.with_name("my photos, at sea"))
    assert main(["data", str(place), "--split", "0:9", "--fit", "pad"]) == 0
    command, _, said = capsys.readouterr().out.splitlines()[-1].partition(" would see ")
    words = shlex.split(command)[1:]
    given = [str(place), "--data.split", "0:9", "--data.fit", "pad"]
    assert words == ["train", "--data", *given] and "in batches of 9" in said
    assert main([*words, "--dry-run"]) == 0


def test_a_table_in_the_folder_above_is_seen(photos, capsys) -> None:
    (photos.parent / "attributes.csv").write_text(
        "image,Smiling\n000.png,1\n001.png,0\n", encoding="utf-8"
    )
    assert main(["data", "."]) == 0
    text = "attributes.csv in the folder above is not read: give that folder to use it"
    assert text in capsys.readouterr().out
    assert main(["train", "--data", ".", *SMALL, "--condition.kind", "attributes"]) == 1
    assert text in capsys.readouterr().err
    assert main(["data", ".."]) == 0
    assert "Smiling" in capsys.readouterr().out
