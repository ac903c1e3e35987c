"""Somebody's own pictures, from the first look to the second run, as typed in their folder."""

import pytest

import ganvas
from ganvas.cli.main import main

from ..runs.playing import picture_folder

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
