"""Loggers and listeners of a plug-in, by name: they hear what there is, and stop no run."""

import csv
import warnings
from pathlib import Path

import pytest

import ganvas
from ganvas.cli.main import main
from ganvas.errors import UsageError
from ganvas.extend import Event
from ganvas.store.own import plugins

from ..playing import SMALL

pytestmark = pytest.mark.usefixtures("registering")

PLUGIN = """
from pathlib import Path
from ganvas.extend import Event, Listener, Logger, Record, register


@register
class Csv:
    def __init__(self, run: Path) -> None:
        self.path = run / "losses.csv"

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    def write(self, record: Record) -> None:
        with self.path.open("a") as file:
            print(record["images"], record.get("loss/generator"), sep=",", file=file)

    def image(self, images: int, path: Path) -> None:
        with self.path.open("a") as file:
            print(images, path.name, sep=",", file=file)

    def close(self) -> None: ...


@register(family=Logger)
def nothing(run: Path) -> Logger:
    raise ImportError("no such service")


@register(family=Listener)
def note(event: Event) -> None:
    if event.path is not None:
        with (Path(__file__).parent / "heard.txt").open("a") as file:
            print(event.kind, event.images, file=file)


@register(family=Listener)
def fails(event: Event) -> None:
    raise OSError("nobody there")
"""


class Killed(BaseException):
    pass


def kill(event: Event) -> None:
    if event.kind == "progress" and event.images == 240:
        raise Killed


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(plugins, "_loaded", {})  # each test has forgotten what the last one loaded
    path = tmp_path / "watchers.py"
    path.write_text(PLUGIN)
    return path


def test_a_logger_by_its_name_is_cut_back_where_a_run_goes_on(tmp_path, blobs, plugin) -> None:
    more = {"plugin": plugin, "loggers": ["csv"]}
    with pytest.raises(Killed):
        ganvas.train(
            "tutorial-cifar10", data=blobs, out=tmp_path / "runs", overrides=SMALL,
            listeners=[kill], **more,
        )  # fmt: skip
    (path,) = (tmp_path / "runs").iterdir()
    run = ganvas.resume(path, data=blobs, **more)
    rows = list(csv.reader((path / "losses.csv").read_text().splitlines()))
    losses = [[str(r["images"]), str(r["loss/generator"])] for r in run.log]
    assert [row for row in rows if not row[1].endswith(".png")] == losses
    grids = sorted(grid.name for grid in (path / "samples").glob("*.png"))
    assert [row[1] for row in rows if row[1].endswith(".png")] == grids


def test_the_command_line_knows_them_and_no_failure_ends_a_run(tmp_path, plugin, capsys) -> None:
    out = tmp_path / "runs"
    words = ["--out", str(out), "--threads", "1", "--precision", "fp32", "--batch", "16"]
    words += ["--generator.width", "4", "--discriminator.width", "4", "--every.samples", "32"]
    watching = ["--plugin", str(plugin), "--logger", "csv", "--logger", "nothing"]
    watching += ["--listener", "note", "--listener", "fails"]
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["train", "tutorial-mnist", "--images", "32", *words, *watching]) == 0
        (path,) = out.iterdir()
        assert (path / "losses.csv").read_text() == "0,000000000.png\n32,000000032.png\n"
        assert main(["resume", str(path), "--images", "64", *watching]) == 0
    assert "64,000000064.png" in (path / "losses.csv").read_text()
    heard = (plugin.parent / "heard.txt").read_text().splitlines()
    assert heard[0] == "sampled 0" and "saved 64" in heard
    said = capsys.readouterr().err
    assert said.count("no nothing in this run: ImportError: no such service (watchers.py") == 2
    assert said.count("fails stopped listening, training goes on: OSError: nobody there") == 2


def test_a_name_that_nobody_registered_is_said(tmp_path, blobs, plugin) -> None:
    with pytest.raises(UsageError, match=r"no logger 'csv'.*plugin=FILE.py"):
        ganvas.train("tutorial-mnist", data=blobs, out=tmp_path / "runs", loggers=["csv"])
    with pytest.raises(UsageError, match="unknown listener 'notes': did you mean note"):
        ganvas.train("mnist", out=tmp_path / "runs", plugin=plugin, listeners=["notes"])
    assert not (tmp_path / "runs").exists()
