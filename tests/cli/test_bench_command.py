"""``ganvas bench`` as a user types it."""

import json

import pytest

from ganvas.cli.main import main

QUICK = [
    "--seconds", "0.2", "--batch", "8", "--device", "cpu", "--threads", "1",
    "--generator.width", "4", "--discriminator.width", "4", "--discriminator.hidden", "16",
    "--game.penalties", "[{kind: r1, every: 2}]",
]  # fmt: skip


@pytest.fixture(autouse=True)
def small_products(monkeypatch) -> None:
    monkeypatch.setattr("ganvas.bench.rate.SIZE", 64)
    monkeypatch.setattr("ganvas.bench.rate.IMAGES", 1)


def test_it_prints_tables_and_one_sentence_and_draws(tmp_path, capsys) -> None:
    assert main(["bench", *QUICK, "--out", str(tmp_path / "bench.html")]) == 0
    out = capsys.readouterr().out
    for words in ("mnist: batch 8; mnist", "images/s", "plain loop", "matrix rate", "penalty.r1",
                  "Conv2d 1 to 4", "elsewhere", "loop overhead"):  # fmt: skip
        assert words in out
    assert "x the plain loop; " in out.splitlines()[-2]
    assert "<svg" in (tmp_path / "bench.html").read_text(encoding="utf-8")


def test_json_is_all_that_is_printed(tmp_path, capsys) -> None:
    out = ["--json", "--no-plain", "--precision", "fp32", "--out", str(tmp_path / "bench.png")]
    assert main(["bench", "mnist", *QUICK, *out]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["plain"] is None and record["ratio"] is None
    assert record["batch"] == 8 and record["choices"]["precision"] == "fp32"
    assert "plain loop" not in record["words"]
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mnst"], "did you mean mnist"),
        (["missing.yaml"], "no recipe file"),
        (["--generator.widht", "3"], "did you mean generator.width"),
        (["--seconds", "0"], "--seconds must be more than 0"),
        (["--seconds", "soon"], "invalid float value"),
        (["--out", "bench.gif"], "end it with .png or .html"),
        (["--out", "nowhere/bench.png"], "no such folder"),
        (["--batch", "1"], "at least 2 images"),
        (["--device", "abacus"], "device"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, message, capsys) -> None:
    assert main(["bench", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err and err.startswith("ganvas: ") and err.count("\n") == 1


def test_data_that_is_not_there(capsys) -> None:
    assert main(["bench", "--data", "nowhere"]) == 1
    assert "no source 'nowhere'" in capsys.readouterr().err
