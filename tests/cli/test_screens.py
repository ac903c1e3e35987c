"""Screens that lack characters, close, or are full; names that are no text or look like markup."""

import io
import os
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from PIL import Image
from rich.table import Table

from ganvas.cli.main import main
from ganvas.cli.screen import Unfailing, screens
from ganvas.screen.console import WIDEST, console, show_table
from ganvas.store import evaluation_records

from .small import SMALL

PLAIN = [*SMALL, "--precision", "fp32"]
EVALUATE = ["--count", "200", "--metrics", "kid", "--features", "pixels"]


def ganvas(*words: object, **more: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **more}
    command = [sys.executable, "-m", "ganvas", *map(os.fspath, map(str, words))]
    return subprocess.run(command, env=environment, capture_output=True)


@pytest.mark.parametrize(
    "more",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
def test_figures_are_kept_and_shown_on_screens_that_lack_their_arrows(run, tmp_path, more) -> None:
    path = shutil.copytree(run, tmp_path / "0001-mnist")
    before = len(evaluation_records.read(path))
    found = ganvas("evaluate", path, *EVALUATE, **more)
    assert found.returncode == 0, found.stderr
    assert b"kid ?" in found.stdout or b"kid \x19" in found.stdout
    assert len(evaluation_records.read(path)) == before + 1


ODD = ["[red]run[/red]", "b[0]", "[/x]", "a:cat:b", "x" * 200]
"""Names that rich would take for markup or emoji, or break over lines."""


@pytest.mark.parametrize("name", [*ODD, "höß", os.fsdecode(b"caf\xe9")])
def test_paths_are_shown_as_they_are(run, tmp_path, name, capsys) -> None:
    out = tmp_path / name
    path = shutil.copytree(run, out / "0001-mnist")
    shutil.copytree(run, out / "0002-mnist")
    shown = str(out).encode("utf-8", "replace").decode()
    for words in (
        ["show", str(path)],
        ["runs", "--out", str(out)],
        ["sample", str(path), "--count", "4", "--out", str(out / "grid.png")],
        ["compare", str(path), str(out / "0002-mnist"), "--out", str(out / "compare.html")],
    ):
        assert main(words) == 0
        assert shown in capsys.readouterr().out


@pytest.mark.parametrize("name", ["my runs", "it's [x]", "$HOME & co"])
def test_commands_that_are_shown_can_be_typed(run, tmp_path, name, capsys, monkeypatch) -> None:
    def typed(text: str) -> list[str]:
        return shlex.split(text.split("ganvas ", 1)[1])

    monkeypatch.chdir(tmp_path)
    path, other = (str(shutil.copytree(run, f"{name}/{copy}")) for copy in ("0001-a", "0002-b"))
    assert main(["resume", path]) == 0  # at its end: nothing but the last lines
    (more,) = [line for line in capsys.readouterr().out.splitlines() if "draw more" in line]
    assert main(typed(more)) == 0 and (tmp_path / "grid.png").is_file()
    Path(path, evaluation_records.FILE).unlink(missing_ok=True)
    assert main(["compare", path, other]) == 0
    hint = capsys.readouterr().out.partition("`")[2].partition("`")[0]
    assert typed(hint) == ["evaluate", path]


@pytest.mark.skipif(os.name == "nt", reason="names of bytes")
def test_a_folder_whose_name_is_no_text_can_be_trained_on_and_resumed(tmp_path, capsys) -> None:
    data = tmp_path / os.fsdecode(b"caf\xe9 [x]")
    for index in range(32):
        kind = data / os.fsdecode(b"b\xf6se" if index % 2 else b"lieb")
        kind.mkdir(parents=True, exist_ok=True)
        Image.new("L", (28, 28), 8 * index).save(kind / f"{index}.png")
    out = tmp_path / os.fsdecode(b"runs\xff")
    words = ["--data", str(data), "--data.size", "28", "--out", str(out), "--evaluation", "null"]
    words += ["--generator", "{kind: compact, latent: 8, width: 4}", "--threads", "1"]
    words += ["--discriminator", "{kind: compact, width: 4}", "--precision", "fp32"]
    words += ["--batch", "16", "--images", "64", "--every.samples", "32"]
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # TensorBoard cannot write there: a line, and no more
        assert main(["train", "mnist-conditional", *words]) == 0
        (path,) = out.iterdir()
        assert "caf? [x]" in (path / "report.html").read_text(encoding="utf-8")
        assert main(["resume", str(path), "--images", "96"]) == 0
    assert capsys.readouterr().err.count("warning: no TensorBoard in this run") == 2
    assert main(["show", str(path)]) == 0
    assert main(["data", str(data), "--out", str(tmp_path / "sheet.png")]) == 0


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("read", [0, 2])
def test_a_reader_that_goes_away_ends_no_run(tmp_path, read: int) -> None:
    """As `ganvas train | head -2` does."""
    words = [sys.executable, "-m", "ganvas", "train", *PLAIN, "--out", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None and process.stderr is not None
    for _ in range(read):
        process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0, said
    assert said == b""
    assert (tmp_path / "0001-mnist" / "checkpoints" / "000000160").is_dir()
    assert (tmp_path / "0001-mnist" / "report.html").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_under_the_screen_is_told_and_costs_no_run(tmp_path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def code(*words: str) -> tuple[int, bytes]:
        command = [sys.executable, "-m", "ganvas", *words]
        with open("/dev/full", "w") as full:
            found = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE)
        return found.returncode, found.stderr

    assert code()[0] == 1
    number, said = code("recipes")
    assert number == 1 and b"No space left" in said and said.count(b"\n") == 1
    number, said = code("train", *PLAIN, "--out", str(tmp_path))
    assert number == 0 and b"No space left" in said
    assert (tmp_path / "0001-mnist" / "report.html").is_file()


@pytest.mark.skipif(os.name == "nt", reason="descriptors of POSIX")
def test_no_screen_at_all(tmp_path) -> None:
    """As `ganvas recipes >&- 2>&-` has none."""

    def close() -> None:
        os.close(1)
        os.close(2)

    command = [sys.executable, "-m", "ganvas", "recipes"]
    assert subprocess.run(command, preexec_fn=close).returncode == 0


class Broken(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error, self.calls = error, 0

    def write(self, text: str) -> int:
        self.calls += 1
        raise self.error


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "gone"), OSError(5, "hung up"), ValueError()]
)
def test_what_cannot_be_written_is_tried_once_and_remembered(error) -> None:
    stream = Broken(error)
    out = Unfailing(stream)
    for _ in range(3):
        assert out.write("text") == 4
        out.flush()
    assert out.lost is error and stream.calls == 1


def test_screens_are_put_back_as_they_were() -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(KeyError), screens():
        assert isinstance(sys.stdout, Unfailing)
        raise KeyError
    assert (sys.stdout, sys.stderr) == before


def test_a_wide_table_is_whole_and_a_sentence_is_wrapped(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    table = Table(box=None)
    table.add_column("path", no_wrap=True)
    table.add_column("note")
    table.add_row("p" * 120, "words " * 30)
    show_table(table)
    lines = capsys.readouterr().out.splitlines()
    assert "p" * 120 in lines[1] and len(lines) > 3
    console().print("x" * 100 + " [bold]b[/bold] :smile:")
    assert capsys.readouterr().out == "x" * 100 + " [bold]b[/bold] :smile:\n"
    assert WIDEST > 1_000
