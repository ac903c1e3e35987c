"""Runs with parts that a script registered: what they note, and what they say elsewhere."""

import importlib
import linecache
import shutil
import sys
import warnings
from pathlib import Path

import pytest
import torch

import ganvas
from ganvas.cli.main import main
from ganvas.errors import UsageError
from ganvas.recipes import own_parts
from ganvas.recipes.own_parts import OwnPart
from ganvas.recipes.own_source import OwnSource
from ganvas.screen.hints import begun_with
from ganvas.store.own import plugins
from ganvas.store.own.registered import RegisteredPart

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

STEEP = 1.0


def soft(real, fake):
    # the usual one
    return per_image(torch.nn.functional.softplus(-fake * STEEP))


def hard(real, fake):
    return per_image(torch.nn.functional.softplus(fake)) + soft(fake, real)


ganvas.register(AdversarialLoss(hard, soft), kind="soft")


@ganvas.register
@dataclass(frozen=True)
class Sound(Vector):
    name = "sound"
"""
MORE = """import ganvas
import os

OTHER = os.sep
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
    assert {part.source for part in parts.values()} == {"plugins/script.py"}
    assert (RUN / "plugins/script.py").read_text() == SCRIPT
    assert parts["generator"].roots == ["Bad"]
    assert parts["loss"].roots == ["AdversarialLoss(hard, soft)", "hard", "soft"]


@pytest.mark.usefixtures("place")
def test_another_process_says_what_to_register(capsys) -> None:
    for words in (["sample", str(RUN), "--out", "x.png"], ["resume", str(RUN)], ["evaluate", RUN]):
        assert main([str(word) for word in words]) == 2
        assert capsys.readouterr().err == (
            "ganvas: this run's generator 'bad' (Bad of script.py), loss 'soft' (soft of "
            "script.py): parts of your own, registered in Python. Register them before the run is "
            "opened, or put them into a file and name that with --plugin FILE; as it was, "
            f"script.py lies in {RUN}/plugins/script.py\n"
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
def test_changes_that_are_none_of_a_part_change_nothing(monkeypatch) -> None:
    text = SCRIPT.replace("# the usual one", "'A loss.'").replace("import ganvas\n", MORE)
    for file in ("script.py", "parts.py"):
        Path(file).write_text(text.replace('@ganvas.register(kind="bad")\n', ""))
        with Path(file).open("a") as end:
            end.write("\nganvas.register(Bad, kind='bad')\n")
        with warnings.catch_warnings(), forgotten_afterwards():
            warnings.simplefilter("error")
            if file == "script.py":
                imported(monkeypatch, Path.cwd())
            named = None if file == "script.py" else file
            run = ganvas.resume(RUN, plugin=named, images=ganvas.load(RUN).images + 16)
        monkeypatch.setattr(plugins, "_loaded", {})
    assert run.record.code.files() == ["parts.py"] and not run.record.own_parts
    assert "`ganvas.train(start='runs/0001-playground-ring', plugin='parts.py')`" in (
        f"`{begun_with(RUN)}`"
    )


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("STEEP = 1.0", "STEEP = 2.0", "loss 'soft'"),
        ("soft(fake, real)", "2 * soft(fake, real)", "loss 'soft'"),
        ("AdversarialLoss(hard, soft)", "AdversarialLoss(soft, hard)", "loss 'soft'"),
        ("import torch\n", "import math as torch\n", "loss 'soft'"),
        ("nn.Unflatten(1, shape)", "nn.Unflatten(1, shape), nn.Tanh()", "generator 'bad'"),
    ],
)
@pytest.mark.parametrize("named", [None, "script.py", "other.py"])
def test_a_changed_part_is_a_warning_and_refused_until_accepted(
    old, new, part, named, monkeypatch
) -> None:
    changed = SCRIPT.replace(old, new)
    assert changed != SCRIPT
    file = named or "script.py"
    Path(file).write_text(changed)
    with forgotten_afterwards():
        if named is None:
            imported(monkeypatch, Path.cwd())
        plugins.load(named)
        copy = f"{RUN}/plugins/script.py"
        with pytest.warns(RuntimeWarning) as told:
            ganvas.load(RUN, plugin=named).recipe  # noqa: B018
        assert [str(each.message) for each in told] == [
            f"{part} has changed since this run was trained (as it was, it lies in {copy}): what "
            "it builds now is used"
        ]
        with pytest.raises(UsageError) as error:
            ganvas.resume(RUN, plugin=named, images=32)
        said, *diff = str(error.value).splitlines()
        assert said.startswith(f"{part} has changed since this run was trained (as it was")
        assert diff[:2] == [f"--- {copy}", f"+++ {file}"]
        assert [line[0] for line in diff[2:] if line[:1] in "+-"] == ["-", "+"]


@pytest.mark.usefixtures("place")
def test_what_was_accepted_is_compared_from_then_on(monkeypatch) -> None:
    Path("script.py").write_text(SCRIPT.replace("STEEP = 1.0", "STEEP = 2.0"))
    with forgotten_afterwards():
        imported(monkeypatch, Path.cwd())
        run = ganvas.resume(RUN, images=32, accept_changed_plugin=True)
        assert (RUN / "plugins/script.py").read_text() == Path("script.py").read_text()
        assert (RUN / "plugins/000000016/script.py").read_text() == SCRIPT
        (loss,) = [part for part in run.record.own_parts if part.what == "loss"]
        assert (loss.code(RUN) or {})["STEEP"] == "STEEP = 2.0"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(ganvas.resume(RUN, images=48).sample(1)) == 1


@pytest.mark.usefixtures("place")
def test_a_file_that_was_run_in_vain_is_named(capsys) -> None:
    guarded = "\n".join(f"    {line}" for line in SCRIPT.splitlines())
    Path("script.py").write_text(f'if __name__ == "__main__":\n{guarded}\n')
    Path("empty.py").write_text("")
    guard = ' (it may stand under `if __name__ == "__main__"`)'
    for file, why in {"script.py": guard, "empty.py": ""}.items():
        assert main(["sample", str(RUN), "--out", "x.png", "--plugin", file]) == 2
        assert capsys.readouterr().err == (
            f"ganvas: {file} was run, but registers no generator 'bad', loss 'soft'{why}. Register "
            "them before the run is opened, or put them into a file and name that with --plugin "
            f"FILE; as it was, script.py lies in {RUN}/plugins/script.py\n"
        )


@pytest.mark.usefixtures("place")
def test_the_cells_of_a_notebook_are_kept_and_compared(monkeypatch, capsys) -> None:
    def run_cells(*texts: str) -> None:
        names = {"__name__": "__main__"}
        for index, text in enumerate(texts):
            file = f"<ipython-input-{index}-{hash(text)}>"
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
            exec(compile(text, file, "exec"), names)

    imports, _, rest = SCRIPT.partition("@ganvas.register")
    functions, _, rest = rest.partition("ganvas.register(Adv")
    cells = [imports, f"@ganvas.register{functions}", f"ganvas.register(Adv{rest}"]
    run_cells(*cells)
    run = ganvas.train(
        "playground-ring", images=16, overrides={**SHORT, "game.loss": "soft"}, name="cells"
    )
    generator, loss = sorted(run.record.own_parts, key=lambda part: part.what)
    assert generator.source == "plugins/generator-bad.py" and generator.excerpt
    assert (run.path / generator.source).read_text() == cells[1]
    assert str(loss) == "loss 'soft' (soft of a notebook)"
    run_cells(*cells)
    ganvas.resume(run.path, images=32)
    run_cells(cells[0], cells[1].replace("(1, shape)", "(1, shape), nn.Tanh()"), cells[2])
    with pytest.raises(UsageError, match="generator 'bad' has changed") as error:
        ganvas.resume(run.path, images=48)
    assert str(error.value).splitlines()[1:3] == [
        f"--- {run.path}/plugins/generator-bad.py", "+++ this notebook"
    ]  # fmt: skip
    with pytest.warns(RuntimeWarning, match="generator 'bad' has changed"):
        ganvas.load(run.path).sample(1)


def test_two_files_of_one_name_are_kept_apart(monkeypatch) -> None:
    known = [
        OwnPart("loss", kind, kind, "parts", Path(place), OwnSource(b"", (), Path(place)))
        for kind, place in {"x": "a/parts.py", "y": "b/parts.py", "z": "b/more.py"}.items()
    ]
    monkeypatch.setattr(own_parts, "_known", {(part.what, part.kind): part for part in known})
    assert [RegisteredPart.of(part).source for part in known] == [
        "plugins/loss-x.py", "plugins/loss-y.py", "plugins/more.py"
    ]  # fmt: skip


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
