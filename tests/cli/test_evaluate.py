"""``ganvas evaluate`` and ``ganvas compare`` as a user types them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ganvas.cli.main import main
from ganvas.data import load_dataset
from ganvas.store import evaluation_records

FEW = ["--count", "200", "--metrics", "frechet,modes,authenticity"]


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    """400 real digits that nobody trained on, as a samples file."""
    path = tmp_path_factory.mktemp("samples") / "samples.npz"
    pixels = load_dataset("mnist", split="test").pixels[:400]
    np.savez(path, images=pixels.permute(0, 2, 3, 1).numpy())
    return path


def test_a_run_is_measured_and_keeps_its_figures(run, tmp_path, capsys) -> None:
    path = shutil.copytree(run, tmp_path / "0001-mnist")
    before = len(evaluation_records.read(path))
    assert main(["evaluate", str(path), *FEW, "--features", "pixels", "--metrics", "kid"]) == 0
    out = capsys.readouterr().out
    assert "kid" in out and "floor" in out and str(path / "evaluations.jsonl") in out
    records = evaluation_records.read(path)
    assert len(records) == before + 1
    assert (records[-1]["metric"], records[-1]["features"]["name"]) == ("kid", "pixels")
    assert "Metrics" in (path / "report.html").read_text(encoding="utf-8")


def test_samples_are_scored_in_plain_words(digits, capsys, tmp_path) -> None:
    pairs = tmp_path / "pairs.png"
    words = ["evaluate", str(digits), "--data", "mnist", *FEW, "--neighbours", str(pairs)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "10 of 10 digits, " in out and ", 200 samples)" in out
    assert pairs.is_file() and str(pairs) in out


def test_json_is_records_and_nothing_else(digits, capsys) -> None:
    words = ["evaluate", str(digits), "--data", "mnist", "--count", "400", "--json"]
    assert main([*words, "--metrics", "frechet"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["metric"] for record in records] == ["frechet", "frechet-infinite"]
    low, high = records[1]["low"], records[1]["high"]
    assert low < records[1]["value"] < high and records[0]["samples"] == 400


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--data", "mnist", "--metrics", "fid"], 2, "unknown metric 'fid': here it is frechet"),
        (["--data", "mnist", "--features", "digit"], 2, "did you mean digits?"),
        (["--data", "mnist", "--count", "1"], 2, "--count must be at least 2"),
        (["--data", "mnist", "--metrics", "path-length"], 2, "path-length needs a run"),
        (["--data", "mnist", "--metrics", "frechet-per-class"], 2, "needs labels on both sides"),
        (["--data", "nowhere"], 1, "no source 'nowhere'"),
        ([], 2, "--data SRC"),
    ],
)
def test_mistakes_are_told_in_one_line(digits, capsys, words, code, said) -> None:
    assert main(["evaluate", str(digits), *words]) == code
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_runs_are_compared_in_a_table_and_a_page(run, tmp_path, capsys) -> None:
    one = shutil.copytree(run, tmp_path / "0001-one")
    two = shutil.copytree(run, tmp_path / "0002-two")
    page = tmp_path / "compare.html"
    assert main(["compare", str(one), str(two), "--out", str(page)]) == 0
    out = capsys.readouterr().out
    assert "0001-one" in out and "0002-two" in out and "reverse-kl" in out
    assert "not comparable" not in out
    html = page.read_text(encoding="utf-8")
    assert html.count("<svg") >= 4 and "http" not in html.replace("http://www.w3.org", "")


def test_figures_measured_otherwise_are_not_compared_silently(run, tmp_path, capsys) -> None:
    one = shutil.copytree(run, tmp_path / "0001-one")
    two = shutil.copytree(run, tmp_path / "0002-two")
    assert main(["evaluate", str(two), "--count", "250", "--metrics", "frechet"]) == 0
    capsys.readouterr()
    assert main(["compare", str(one), str(two), "--out", str(tmp_path / "c.html")]) == 0
    assert "measured with another number of samples: frechet" in capsys.readouterr().out


def test_what_was_never_measured_says_so(run, tmp_path, capsys) -> None:
    bare = shutil.copytree(run, tmp_path / "0001-bare")
    (bare / "evaluations.jsonl").unlink()
    assert main(["compare", str(run), str(bare), "--out", str(tmp_path / "page.html")]) == 0
    said = capsys.readouterr().out
    assert f"0001-bare has no figures yet: `ganvas evaluate {bare}`" in said and "frechet" in said
    assert main(["compare", str(run)]) == 2
    assert main(["compare", str(run), str(run)]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--truncation", "-1"], "must be more than 0"),
        (["--fit", "crop"], "--fit and --channels are for samples in files"),
        (["--metrics", "path-length", "--count", "10"], "needs --count 500 or more"),
        (["--neighbours", "no/such/folder.png"], "no such folder"),
    ],
)
def test_what_a_run_cannot_be_asked(run, capsys, words, said) -> None:
    before = (run / "evaluations.jsonl").read_bytes()
    assert main(["evaluate", str(run), "--count", "8", *words]) == 2
    assert said in capsys.readouterr().err
    assert (run / "evaluations.jsonl").read_bytes() == before


def test_what_samples_cannot_be_asked(digits, capsys) -> None:
    assert main(["evaluate", str(digits), "--data", "mnist", "--at", "best"]) == 2
    assert "are for runs" in capsys.readouterr().err


def stored(folder: Path, ending: str, size: int = 28) -> Path:
    """The same 40 digits as files."""
    from PIL import Image

    folder.mkdir()
    for index, pixels in enumerate(load_dataset("mnist", split="test", size=size).pixels[:40, 0]):
        Image.fromarray(pixels.numpy()).save(folder / f"{index}.{ending}")
    return folder


@pytest.mark.parametrize(
    ("samples", "reals", "said"),
    [
        ("png", "jpg", "100% of the real images were stored as JPEG, 0% of the samples"),
        ("jpg", "png", "0% of the real images were stored as JPEG, 100% of the samples"),
        ("jpg", "jpeg", ""),
        ("png", "bmp", ""),
    ],
)
def test_sides_stored_in_other_ways_are_told(tmp_path, capsys, samples, reals, said) -> None:
    ours, theirs = stored(tmp_path / "a", samples), stored(tmp_path / "b", reals)
    words = ["--data", str(theirs), "--features", "pixels", "--metrics", "kid"]
    assert main(["evaluate", str(ours), *words]) == 0
    out = capsys.readouterr().out
    assert said in out and ("stored as JPEG" in out) == bool(said)


def test_what_jpeg_left_out_is_gone_where_images_were_much_larger(tmp_path) -> None:
    large = stored(tmp_path / "large", "jpg", size=64)
    assert load_dataset(large, size=28).lossy == 0.0
    assert load_dataset(large, size=40).lossy == 1.0
    (large / "0.jpg").unlink()
    stored(tmp_path / "more", "png", size=64).rename(large / "more")
    assert load_dataset(large, size=64).lossy == pytest.approx(39 / 79)
