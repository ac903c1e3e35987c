"""Runs with parts of a user's own: what they keep, and what is asked for when they are opened."""

import shutil
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.cli.main import main
from ganvas.cli.wording import worded
from ganvas.errors import CheckpointError, UsageError
from ganvas.recipes import own_parts
from ganvas.recipes.parts import GENERATORS
from ganvas.store.event_log import read_events
from ganvas.store.own import plugins
from ganvas.training.going_on import at_rest

from ..playing import assert_same_run
from ..registering import forgotten_afterwards

PLUGIN = '''
"""A generator."""
from __future__ import annotations
from dataclasses import dataclass
from torch import nn
import ganvas
from helpers import SLOPE

@ganvas.register
@dataclass(frozen=True)
class Bent:
    latent: int = 4
    width: int = 8

    def build(self, shape):
        c, h, w = shape
        return nn.Sequential(
            nn.Linear(self.latent, self.width), nn.LeakyReLU(SLOPE),
            nn.Linear(self.width, c * h * w), nn.Unflatten(1, shape),
        )
'''
HELPERS = "SLOPE = 0.2\n"

SHORT: dict[str, Any] = {
    "batch": 16, "threads": 1, "precision": "fp32", "evaluation": None, "every.log": 64,
    "every.samples": 640, "every.checkpoint": 64, "generator": {"kind": "bent"},
    "discriminator": {"kind": "mlp", "width": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a plug-in and a run of 128 images that was made with it."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "helpers.py").write_text(HELPERS)
    with pytest.MonkeyPatch.context() as patch, forgotten_afterwards():
        forget(patch)
        trained(folder, 128)
    return folder


@pytest.fixture
def place(made, registering, tmp_path, monkeypatch) -> Path:
    """A copy of that folder, in a new process that is there."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    forget(monkeypatch)
    return Path()


RUN = Path("runs/0001-playground-ring")


def forget(monkeypatch) -> None:
    """Know no part of anybody's own, as a new process does."""
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setattr(own_parts, "_known", {})
    monkeypatch.delitem(GENERATORS, "bent", raising=False)
    sys.modules.pop("helpers", None)


def trained(folder: Path, images: int) -> ganvas.Run:
    return ganvas.train(
        "playground-ring", out=folder / "runs", plugin=folder / "mine.py", images=images,
        overrides=SHORT,
    )  # fmt: skip


def edit(file: str, old: str, new: str) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_the_source_is_kept_with_what_it_imports(place) -> None:
    kept = {
        str(path.relative_to(RUN / "plugins")): path.read_text()
        for path in (RUN / "plugins").rglob("*")
    }
    assert kept == {"mine.py": PLUGIN, "helpers.py": HELPERS}
    run = ganvas.load(RUN)
    assert [Path(path).name for path in run.record.plugins] == ["mine.py"]
    assert list(run.record.modules) == ["helpers.py"]
    assert run.record.code.files() == list(run.record.plugins)  # not here: their whole paths
    report = (RUN / "report.html").read_text()
    for file, digest in {"mine.py": run.record.plugins, "helpers.py": run.record.modules}.items():
        [found] = [each for path, each in digest.items() if Path(path).name == file]
        assert f"<td>code of {file}</td><td>{found[7:19]}</td>" in report


def test_one_that_was_not_named_is_asked_for_and_its_copy_never_executed(place) -> None:
    run = ganvas.load(RUN)
    assert run.images == 128  # looking needs no part
    for call in (lambda: run.sample(1), lambda: ganvas.resume(RUN)):
        with pytest.raises(UsageError) as error:
            call()
        text = str(error.value)
        assert text.startswith("this run uses parts of mine.py: name it with `plugin=")
        assert text.endswith(f"(it will be run); as it was, it lies in {RUN}/plugins/mine.py")
    assert not plugins.loaded()
    assert len(ganvas.load(RUN, plugin=RUN / "plugins/mine.py").sample(2)) == 2


def test_several_are_asked_for_at_once(place, monkeypatch, capsys) -> None:
    Path("also.py").write_text("VALUE = 1\n")
    run = ganvas.train(
        "playground-ring", plugin=["mine.py", "also.py"], images=16, overrides=SHORT
    ).path
    forget(monkeypatch)
    assert main(["sample", str(run), "--out", "x.png"]) == 2
    kept = run.relative_to(Path.cwd()) if run.is_absolute() else run
    assert capsys.readouterr().err == (
        "ganvas: this run uses parts of mine.py, also.py: name them with --plugin mine.py --plugin "
        f"also.py (they will be run); as they were, they lie in {kept}/plugins/mine.py, "
        f"{kept}/plugins/also.py\n"
    )


def test_a_comment_changes_nothing_and_the_resume_is_exact(place, monkeypatch) -> None:
    Path("whole").mkdir()
    for file in ("mine.py", "helpers.py"):
        shutil.copy(file, "whole")
    whole = trained(Path("whole"), 192)
    forget(monkeypatch)
    edit("mine.py", '"""A generator."""', '"""Another text,\n\nand more of it."""\n# a comment')
    edit("mine.py", "    def build(", "    def build(  # here\n        ")
    edit("helpers.py", "SLOPE = 0.2", "# steep\nSLOPE = 0.2  # is enough")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(ganvas.load(RUN, plugin="mine.py").sample(1)) == 1
        resumed = ganvas.resume(RUN, plugin="mine.py", images=192)
    assert_same_run(resumed.path, whole.path)


@pytest.mark.parametrize("changed", ["mine.py", "helpers.py"])
def test_changed_code_is_a_warning_where_nothing_is_trained(changed, place) -> None:
    old, new = (
        ("width: int = 8", "width: int = 8\n    more: int = 1")
        if changed == "mine.py"
        else ("2", "3")
    )
    edit(changed, old, new)
    run = ganvas.load(RUN, plugin="mine.py")
    with pytest.warns(RuntimeWarning, match="what it builds now is used") as told:
        assert len(run.sample(2)) == 2
        assert run.recipe.latent == 4
    (text,) = [str(each.message) for each in told]
    assert text == (
        f"{changed} has changed since this run was trained (as it was, it lies in "
        f"{RUN}/plugins/{changed}): what it builds now is used"
    )


@pytest.mark.filterwarnings("ignore:mine.py has changed")
@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("nn.Linear(self.width, c", "nn.Linear(self.width, self.width), nn.Linear(self.width, c",
         CheckpointError),
        ("    width: int = 8\n", "    width = 8\n", UsageError),
    ],
)  # fmt: skip
def test_weights_or_settings_that_no_longer_fit_name_the_copy(old, new, kind, place) -> None:
    edit("mine.py", old, new)
    run = ganvas.load(RUN, plugin="mine.py")
    with pytest.raises(kind) as error:
        run.sample(1)
    text = str(error.value)
    assert "mine.py has changed since it was trained" in text
    assert text.endswith(f"`plugin={RUN}/plugins/mine.py`")
    assert len(ganvas.load(RUN, plugin=RUN / "plugins/mine.py").sample(1)) == 1


def test_a_resume_of_changed_code_is_refused_until_it_is_accepted(place, monkeypatch) -> None:
    edit("mine.py", "nn.LeakyReLU(SLOPE)", "nn.Tanh()")
    edit("mine.py", '"""A generator."""', "# new text\n" * 30)
    before = (RUN / "run.json").read_bytes()
    with pytest.raises(UsageError) as error:
        ganvas.resume(RUN, plugin="mine.py", images=192)
    said, *diff = str(error.value).splitlines()
    assert said.startswith("mine.py has changed since this run was trained (as it was")
    assert "`accept_changed_plugin=True`" in said
    assert diff[:2] == [f"--- {RUN}/plugins/mine.py", "+++ mine.py"]
    changed = [line for line in diff[2:] if line[:1] in "+-"]
    assert len(changed) == 2 and "nn.LeakyReLU(SLOPE)" in changed[0] and "Tanh" in changed[1]
    assert (RUN / "run.json").read_bytes() == before

    told: list[str] = []
    run = ganvas.resume(
        RUN, plugin="mine.py", images=192, accept_changed_plugin=True,
        listeners=[lambda event: told.append(event.text) if event.kind == "warning" else None],
    )  # fmt: skip
    assert any("the resume is not exact: mine.py has changed" in text for text in told)
    events = [each["text"] for each in read_events(RUN)[0] if each["kind"] == "warning"]
    assert events == told
    assert f"(as it was, it lies in {RUN}/plugins/000000128/mine.py)" in "".join(told)
    assert (RUN / "plugins/000000128/mine.py").read_text() == PLUGIN
    assert (RUN / "plugins/mine.py").read_bytes() == Path("mine.py").read_bytes()
    assert (RUN / "plugins/helpers.py").read_text() == HELPERS
    assert not (RUN / "plugins/000000128/helpers.py").exists()
    assert list(run.record.plugins.values()) == [plugins.loaded()[0].hash]
    forget(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ganvas.resume(RUN, plugin="mine.py", images=256)


def test_what_only_watches_or_names_a_recipe_is_not_asked_for(place) -> None:
    Path("watch.py").write_text(
        "import ganvas\nfrom ganvas.extend import Listener\n"
        "@ganvas.register(family=Listener)\ndef hear(event): ...\n"
    )
    Path("study.py").write_text(
        "import mine, ganvas\nfrom ganvas.recipes.recipe_table import change, find\n"
        "recipe = change(find('playground-ring'), {'name': 'study', 'generator': 'bent'})\n"
        "ganvas.register(recipe)\n"
    )
    run = ganvas.train(
        "study", plugin=["watch.py", "study.py"], listeners=["hear"], images=16, overrides=SHORT
    )
    assert run.record.code.files() == ["study.py"]
    assert set(run.record.modules) == {"mine.py", "helpers.py"}
    plain = {**SHORT, "generator": {"kind": "mlp", "width": 4}}
    run = ganvas.train(
        "playground-ring", plugin="watch.py", listeners=["hear"], images=16, overrides=plain
    )
    assert not run.record.plugins and not (run.path / "plugins").exists()


def test_what_lies_beside_the_copies_is_in_nobody_s_way(place) -> None:
    (RUN / "plugins/a.py").mkdir()
    (RUN / "plugins/b.py").symlink_to("/dev/zero")
    (RUN / "plugins/c.py").symlink_to("nowhere")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(ganvas.load(RUN, plugin="mine.py").sample(1)) == 1


def test_a_file_that_was_moved_is_known_by_its_content(place) -> None:
    Path("parts").mkdir()
    shutil.move("helpers.py", "parts/helpers.py")
    shutil.move("mine.py", "parts/renamed.py")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ganvas.resume(RUN, plugin="parts/renamed.py", images=144)


def test_older_runs_know_a_file_by_its_hash_alone(place) -> None:
    import json

    plain = json.loads((RUN / "run.json").read_text())
    del plain["modules"]
    (RUN / "run.json").write_text(json.dumps(plain | {"format": 5}))
    shutil.rmtree(RUN / "plugins")
    with pytest.raises(UsageError, match=r"name it with `plugin=[^`]*mine.py` \(it will be run\)$"):
        ganvas.load(RUN).sample(1)
    ganvas.resume(RUN, plugin="mine.py", images=144)
    edit("mine.py", "import ganvas\n", "import ganvas  # and a comment\n")
    with pytest.raises(UsageError, match=r"mine.py has changed since this run was trained\. A"):
        ganvas.resume(RUN, plugin="mine.py", images=160)
    with pytest.warns(RuntimeWarning, match="mine.py has changed"):
        ganvas.load(RUN, plugin="mine.py").sample(1)
    ganvas.resume(RUN, plugin="mine.py", images=160, accept_changed_plugin=True)
    assert (RUN / "plugins/mine.py").is_file() and not (RUN / "plugins/000000144").exists()


def test_the_command_line_takes_several_and_accepts_a_change(place, capsys) -> None:
    Path("also.py").write_text("VALUE = 1\n")
    edit("mine.py", "nn.LeakyReLU(SLOPE)", "nn.Tanh()")
    named = ["--plugin", "also.py", "--plugin", "mine.py"]
    assert main(["resume", str(RUN), "--images", "144", *named]) == 2
    said = capsys.readouterr().err
    assert "say --accept-changed-plugin\n" in said and "+            nn" not in said
    accepting = ["resume", str(RUN), "--images", "144", *named, "--accept-changed-plugin"]
    assert main(accepting) == 0
    assert "warning: the resume is not exact: mine.py has changed" in capsys.readouterr().out
    assert main(["show", str(RUN), *named]) == 0
    assert main(["sample", str(RUN), "--out", "x.png", *named]) == 0
    assert "warning" not in capsys.readouterr().err
    assert main(["sample", str(RUN), "--out", "x.png", "--plugin", "also.py"]) == 0


@pytest.mark.filterwarnings("default")
def test_an_evaluation_warns_once(place, capsys) -> None:
    edit("mine.py", "nn.LeakyReLU(SLOPE)", "nn.Tanh()")
    assert main(["evaluate", str(RUN), "--count", "64", "--plugin", "mine.py"]) == 0
    assert capsys.readouterr().err.count("mine.py has changed since this run was trained") == 1


def test_a_call_that_is_suggested_names_it(place) -> None:
    run = ganvas.load(RUN, plugin="mine.py")
    still = {name: replace(each, lr=0.0) for name, each in run.recipe.optimisers.items()}
    (text,) = at_rest(replace(run.recipe, optimisers=still), 64, RUN)
    (file,) = run.record.plugins
    command = f"`ganvas train --from {RUN} --images 64 --plugin {file}`"
    assert command in worded(text)


def test_a_new_run_that_begins_with_its_weights_asks_for_it_too(place) -> None:
    with pytest.raises(UsageError, match=r"this run uses parts of mine\.py"):
        ganvas.train(start=RUN, images=32)
    run = ganvas.train(start=RUN, images=32, plugin="mine.py")
    assert (run.path / "plugins/helpers.py").is_file()
