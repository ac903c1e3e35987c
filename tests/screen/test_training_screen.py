"""What a user of Python sees of a session: in a terminal, in a notebook, and where nobody looks."""

import base64
import io
import signal
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

import ganvas
from ganvas.screen import bars
from ganvas.screen.surroundings import in_notebook, is_wanted
from ganvas.screen.training_screen import TrainingScreen
from ganvas.store.event import Event
from ganvas.training.session import Stopped

from ..playing import SMALL


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal_of(monkeypatch) -> Terminal:
    """stdout is a terminal from here on, and pytest does not show. (No fixture: pytest sets both
    anew before a test's body.)"""
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    return stream


@pytest.fixture
def notebook(monkeypatch) -> list[dict[str, str]]:
    """The process is a kernel; what it displays is listed, with what replaces it."""
    displayed: list[dict[str, str]] = []

    class Handle:
        def update(self, bundle: dict[str, str], *, raw: bool) -> None:
            assert raw
            displayed[-1] = bundle

    def display(bundle: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw and display_id
        displayed.append(bundle)
        return Handle()

    package: Any = types.ModuleType("IPython")
    package.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    package.display = types.ModuleType("IPython.display")
    package.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", package.display)
    return displayed


def train(out: Path, blobs: Tensor, **more: Any) -> ganvas.Run:
    return ganvas.train("tutorial-cifar10", data=blobs, out=out, overrides=SMALL, **more)


def test_a_terminal_shows_a_bar_and_how_to_go_on_in_python(tmp_path, blobs, monkeypatch) -> None:
    terminal = terminal_of(monkeypatch)
    run = train(tmp_path, blobs)
    said = terminal.getvalue()
    assert "288 of 320 images" in said and "images/s" in said and "losses: " in said
    assert f"run folder: {run.path}" in said and "finished: 320 images in " in said
    assert f"draw more   ganvas.load({str(run.path)!r}).sample(64)" in said
    assert "--" not in said.replace("---", "")


def test_nothing_is_said_in_a_file_under_pytest_or_where_it_is_unwanted(
    tmp_path, blobs, monkeypatch
) -> None:
    terminal = terminal_of(monkeypatch)
    train(tmp_path, blobs, show=False)
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "this one")
    assert not is_wanted(None) and is_wanted(True)
    train(tmp_path, blobs)
    assert terminal.getvalue() == ""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert is_wanted(None)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not is_wanted(None)
    monkeypatch.setattr(sys, "stdout", None)
    assert not is_wanted(None)


def test_lines_where_there_is_no_terminal(tmp_path, blobs, capsys) -> None:
    run = train(tmp_path, blobs, show=True)
    lines = capsys.readouterr().out.splitlines()
    assert sum("images/s" in line for line in lines) == 1  # the first; 15 s on there is another
    assert f"  samples     {run.path / 'samples.png'}" in lines
    again = ganvas.resume(run.path, data=blobs, images=336, show=True)
    assert "finished: 336 images in " in capsys.readouterr().out and again.images == 336


def test_a_notebook_shows_one_display_that_moves(
    tmp_path, blobs, notebook, capsys, monkeypatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert in_notebook()
    run = train(tmp_path, blobs)
    training = notebook[-1]
    assert training["text/plain"].startswith("288 of 320 images")
    assert '<progress value="288" max="320"' in training["text/html"]
    assert len(notebook) == 1
    said = capsys.readouterr().out
    assert f"report      {run.path / 'report.html'}" in said and "\x1b" not in said


def test_a_run_that_is_stopped_says_where_it_is_and_how_it_goes_on(
    tmp_path, blobs, monkeypatch
) -> None:
    def stop(event: Event) -> None:
        if event.kind == "progress" and event.images == 144:
            signal.raise_signal(signal.SIGINT)

    terminal = terminal_of(monkeypatch)
    with pytest.raises(Stopped, match=r"stopped by SIGINT at 144 images and saved in ") as stopped:
        train(tmp_path, blobs, listeners=[stop])
    go_on = f"ganvas.resume({str(stopped.value.run.path)!r})"
    assert f"go on with `{go_on}`" in str(stopped.value)
    assert "stopped and saved: 144 images in " in terminal.getvalue()
    assert f"  go on with  {go_on}" in terminal.getvalue()


def test_a_screen_that_fails_is_a_warning_and_the_run_goes_on(tmp_path, blobs, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no such device")

    monkeypatch.setattr(bars.PlainLines, "show", fail)
    with pytest.warns(RuntimeWarning, match="training goes on: RuntimeError: no such") as warned:
        assert train(tmp_path, blobs, show=True).images == 320
    assert len(warned) == 1


def test_a_run_shows_its_newest_samples_in_a_notebook(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs)
    html = run._repr_html_()
    sheet = base64.b64encode((run.path / "samples.png").read_bytes()).decode()
    assert f'src="data:image/png;base64,{sheet}"' in html
    assert f"{run.path}: recipe tutorial-cifar10, 320 of 320 images seen in " in html
    for picture in run.path.rglob("*.png"):
        picture.unlink()
    assert "<img" not in ganvas.load(run.path)._repr_html_()


def test_hints_name_the_plugin_of_a_run(tmp_path, blobs, capsys) -> None:
    file = tmp_path / "own [parts].py"
    file.write_text("")
    run = train(tmp_path, blobs, plugin=file, show=True)
    call = f"ganvas.load({str(run.path)!r}, plugin={str(file)!r}).sample(64)"
    assert f"draw more   {call}" in capsys.readouterr().out
    screen = TrainingScreen()
    screen.listen(Event("concluded", 320, 640, path=run.path, text="SIGINT"))
    call = f"ganvas.resume({str(run.path)!r}, plugin={str(file)!r})"
    assert f"go on with  {call}" in capsys.readouterr().out
