"""Runs with parts that a script registered: what they note, and what they say elsewhere."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest
import torch

import ganvas
from ganvas.cli.main import main
from ganvas.errors import UsageError
from ganvas.store import plugins

from ..registering import forgotten_afterwards

CLASS = '''@ganvas.register(kind="bad")
@dataclass(frozen=True)
class Bad:
    """A generator."""

    latent: int = 4

    def build(self, shape):
        return nn.Sequential(nn.Linear(self.latent, shape[0]), nn.Unflatten(1, shape))
'''
SCRIPT = f"""
from dataclasses import dataclass
import torch
from torch import nn
import ganvas
from ganvas.extend import AdversarialLoss, Vector, per_image

{CLASS}

def soft(real, fake):
    return per_image(torch.nn.functional.softplus(-fake))


def hard(real, fake):
    return per_image(torch.nn.functional.softplus(fake)) + soft(fake, real)


ganvas.register(AdversarialLoss(hard, soft), kind="soft")


@ganvas.register
@dataclass(frozen=True)
class Sound(Vector):
    name = "sound"
"""
SHORT = {
    "batch": 8, "threads": 1, "precision": "fp32", "evaluation": None, "generator": {"kind": "bad"},
    "discriminator": {"kind": "mlp", "width": 4}, "half_life": None,
}  # fmt: skip
RUN = Path("runs/0001-playground-ring")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a script, and a run that it made in a process that is over."""
    folder = tmp_path_factory.mktemp("registered")
    (folder / "script.py").write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch, forgotten_afterwards():
        patch.setattr(plugins, "_loaded", {})
        imported(patch, folder)
        ganvas.train(
            "playground-ring", out=folder / "runs", images=16,
            overrides={**SHORT, "game.loss": "soft"},
        )  # fmt: skip
    return folder


@pytest.fixture
def place(made, registering, tmp_path, monkeypatch) -> None:
    """A copy of that folder, in a new process that is there."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.chdir(tmp_path)


def imported(monkeypatch, folder: Path) -> None:
    """What a script registers when it is run."""
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("script", None)
    importlib.import_module("script")


@pytest.mark.usefixtures("place")
def test_what_was_registered_is_noted_with_its_source() -> None:
    parts = {part.what: part for part in ganvas.load(RUN).record.own_parts}
    assert {name: str(part) for name, part in parts.items()} == {
        "generator": "generator 'bad' (Bad of script.py)",
        "loss": "loss 'soft' (soft of script.py)",
    }
    assert (RUN / parts["generator"].source).read_text() == CLASS
    kept = (RUN / parts["loss"].source).read_text()
    assert kept.startswith("def hard(") and "\n\ndef soft(" in kept


@pytest.mark.usefixtures("place")
def test_another_process_says_what_to_register(capsys) -> None:
    for words in (["sample", str(RUN), "--out", "x.png"], ["resume", str(RUN)], ["evaluate", RUN]):
        assert main([str(word) for word in words]) == 2
        assert capsys.readouterr().err == (
            "ganvas: this run's generator 'bad' (Bad of script.py), loss 'soft' (soft of "
            "script.py): parts of your own, registered in Python. Register them before the run is "
            "opened, or put them into a file and name that with --plugin FILE; as it was, their "
            f"source lies in {RUN}/plugins/generator-bad.py, {RUN}/plugins/loss-soft.py\n"
        )
    assert main(["show", str(RUN)]) == 0 and main(["runs"]) == 0
    assert "unreadable" not in capsys.readouterr().out


@pytest.mark.usefixtures("place")
def test_registered_again_or_named_as_a_plugin_it_goes_on(monkeypatch) -> None:
    with forgotten_afterwards():
        imported(monkeypatch, Path.cwd())
        assert len(ganvas.load(RUN).sample(2)) == 2
        ganvas.resume(RUN, images=32)
    assert len(ganvas.load(RUN, plugin="script.py").sample(2)) == 2


@pytest.mark.usefixtures("place")
def test_a_plugin_counts_as_named_where_its_parts_are_used_or_imported(monkeypatch) -> None:
    with forgotten_afterwards():
        plugins.load("script.py")
        run = ganvas.train("playground-ring", images=8, overrides=SHORT)
    assert run.record.code.files() == ["script.py"] and not run.record.own_parts
    monkeypatch.setattr(plugins, "_loaded", {})
    with pytest.raises(UsageError, match=r"uses parts of script\.py: name it with `plugin=script"):
        ganvas.load(run.path).sample(1)
    with forgotten_afterwards():
        imported(monkeypatch, Path.cwd())
        assert len(ganvas.load(run.path).sample(1)) == 1


@pytest.mark.usefixtures("place")
def test_an_unknown_kind_of_item_is_traced_to_its_file(monkeypatch, capsys) -> None:
    from ganvas.data import make_dataset

    for index, named in enumerate([None, "script.py"], 2):
        with forgotten_afterwards():
            if named is None:
                imported(monkeypatch, Path.cwd())
            plugins.load(named)
            from ganvas.domains import DOMAINS

            sounds = make_dataset(DOMAINS["sound"](3), torch.randn(16, 3))
            ganvas.train(
                "playground-ring", data=sounds, images=8, overrides=SHORT, plugin=named, name="s"
            )
        monkeypatch.setattr(plugins, "_loaded", {})
        run = f"runs/000{index}-s"
        for verb in ("show", "sample"):
            assert main([verb, run, *(["--out", "x"] if verb == "sample" else [])]) == 2
            said = capsys.readouterr().err
            if named is None:
                assert "domain 'sound' (Sound of script.py)" in said
            else:
                assert "this run uses parts of script.py: name it with --plugin script.py" in said
    assert main(["runs"]) == 0
    assert "unreadable" not in capsys.readouterr().out
