"""Options that go together in every command, and those that contradict each other."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import ganvas
from ganvas.cli.main import main
from ganvas.errors import UserError
from ganvas.recipes.parts import GENERATORS
from ganvas.store.own import plugins

from ..registering import forgotten_afterwards

PLUGIN = """
from dataclasses import dataclass
from torch import nn
import ganvas

@ganvas.register
@dataclass(frozen=True)
class TinyOption:
    latent: int = 4

    def build(self, shape):
        size = shape[0] * shape[1] * shape[2]
        return nn.Sequential(nn.Linear(self.latent, size), nn.Tanh(), nn.Unflatten(1, shape))
"""
SHORT = [
    "--batch", "8", "--images", "16", "--threads", "1", "--precision", "fp32", "--evaluation",
    "null", "--generator", "tinyoption", "--discriminator", "{kind: dcgan, width: 4}", "--augment",
    "null", "--strength", "1", "--half_life", "null",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Path]:
    """A folder with a plug-in, images, and two runs that were made with it."""
    folder = tmp_path_factory.mktemp("options")
    (folder / "mine.py").write_text(PLUGIN)
    images = np.random.default_rng(0).integers(0, 256, (32, 16, 16, 1), np.uint8)
    np.savez(folder / "images.npz", images=images)
    with forgotten_afterwards():
        make_runs(folder)
        yield folder


def make_runs(folder: Path) -> None:
    """Two runs, evaluated."""
    for seed in ("0", "1"):
        words = ["--data", str(folder / "images.npz"), "--out", str(folder / "runs")]
        own = ["--plugin", str(folder / "mine.py"), "--seed", seed]
        assert main(["train", *words, *own, *SHORT]) == 0
        words = ["evaluate", str(folder / f"runs/000{int(seed) + 1}-folder"), "--count", "16"]
        assert main([*words, "--features", "pixels", "--metrics", "kid", *own[:2]]) == 0


@pytest.mark.parametrize("verb", ["train", "resume", "sample", "evaluate", "bench"])
def test_a_run_s_plugin_is_run_only_where_it_is_named(
    verb, place, monkeypatch, tmp_path, capsys
) -> None:
    run, named = str(place / "runs/0001-folder"), ["--plugin", str(place / "mine.py")]
    yaml = f"{run}/recipe.yaml"
    words = {
        "train": [yaml, "--out", str(tmp_path), "--dry-run"],
        "resume": [run],
        "sample": [run, "--out", str(tmp_path / "x.png"), "--count", "2"],
        "evaluate": [run, "--features", "pixels", "--metrics", "kid", "--count", "16"],
        "bench": [yaml, "--seconds", "0.1", "--no-plain"],
    }[verb]
    monkeypatch.setattr(plugins, "_loaded", {})  # as in a new process
    monkeypatch.delitem(GENERATORS, "tinyoption")
    assert main([verb, *words]) == 2
    said = capsys.readouterr().err
    assert "uses parts of mine.py: name it with --plugin" in said or "kind" in said
    if verb == "bench":  # that the parts are known is enough: measuring takes a minute
        monkeypatch.setattr("ganvas.cli.verbs.bench.bench", measured)
    assert main([verb, *words, *named]) == (1 if verb == "bench" else 0)
    assert ("measured" in capsys.readouterr().err) == (verb == "bench")


def measured(recipe, **_) -> None:
    assert recipe.latent == 4
    raise UserError("measured")


@pytest.mark.parametrize(
    ("words", "chosen"),
    [([], False), (["--data", "cifar10"], True), (["--data.source", "cifar10"], True)],
)
def test_a_bench_knows_whether_its_data_was_chosen(words, chosen, monkeypatch) -> None:
    def noted(recipe, given: bool, **_) -> None:
        assert given is chosen
        raise UserError("noted")

    monkeypatch.setattr("ganvas.cli.verbs.bench.bench", noted)
    assert main(["bench", "fashion-mnist", *words]) == 1


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("verb", ["show", "runs", "compare", "recipes"])
def test_looking_needs_no_plugin_and_takes_it(
    verb, named, place, monkeypatch, tmp_path, capsys
) -> None:
    runs = [str(place / f"runs/000{number}-folder") for number in (1, 2)]
    words = {
        "show": [runs[0]],
        "runs": ["list", "--out", str(place / "runs")],
        "compare": [*runs, "--out", str(tmp_path / "c.html")],
        "recipes": ["mnist"],
    }[verb]
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.delitem(GENERATORS, "tinyoption")
    assert main([verb, *words, *(["--plugin", str(place / "mine.py")] if named else [])]) == 0
    assert len(plugins._loaded) == named
    assert "unreadable" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--images", "5", "--minutes", "5"], "not allowed with"),
        (["train", "--data", "ring", "--data.source", "grid"], "say one of them"),
        (["train", "--batch", "auto", "--accumulate", "2"], "finds --accumulate too"),
        (["train", "--generator", "dcgan", "--generator.kind", "mlp"], "--generator.kind mlp con"),
        (
            ["train", "--channels", "3", "--data.channels", "1"],
            "--channels 3 and --data.channels are",
        ),
        (["sample", "x", "--out", "x.png", "--seeds", "1-3", "--count", "9"], "names 3 images"),
        (["sample", "x", "--out", "x.png", "--seeds", "1-3", "--seed", "0"], "leave --seed 0"),
        (["sample", "x", "--out", "x.png", "--label", "1", "--attr", "a=1"], "not allowed with"),
        (["evaluate", "RUN", "--fit", "crop"], "are for samples"),
        (["evaluate", "x.npz", "--at", "5"], "are for runs"),
        (["evaluate", "x.npz", "--truncation", "0.5"], "are for runs"),
        (["evaluate", "RUN", "--metrics", "kid", "--neighbours", "x.png"], "add it to --metrics"),
        (["bench", "--no-plain", "--workers", "2"], "which --no-plain leaves out"),
        (["runs", "list", "RUN"], "takes no names"),
        (["runs", "--yes"], "no --yes"),
        (["runs", "delete", "RUN", "--out", "runs"], "name the folders to delete whole"),
    ],
)
def test_what_would_be_passed_over_in_silence_is_refused(
    words, message, place, monkeypatch, tmp_path, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    run = str(place / "runs/0001-folder")
    assert main([run if word == "RUN" else word for word in words]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_python_refuses_it_too(place, tmp_path, monkeypatch) -> None:
    path, plugin = place / "runs/0001-folder", place / "mine.py"
    opened = ganvas.load(path, plugin=plugin)
    calls = [
        (lambda: ganvas.train("mnist", out=tmp_path, images=5, minutes=5), "not allowed with"),
        (lambda: ganvas.resume(path, images=99, minutes=5), "not allowed with"),
        (lambda: ganvas.train(data="ring", overrides={"data.source": "grid"}), "say one of them"),
        (lambda: ganvas.evaluate(opened, at=16), "ganvas.load"),
    ]
    for call, message in calls:
        with pytest.raises(ganvas.UserError, match=message):
            call()
    assert not list(tmp_path.iterdir())


def test_of_an_option_given_twice_the_last_counts_and_otherwise_order_says_nothing(capsys) -> None:
    def printed(*words: str) -> str:
        assert main(["train", *words, "--dry-run"]) == 0
        return capsys.readouterr().out

    once = printed("mnist", "--generator", "dcgan", "--generator.width", "8", "--seed", "3")
    assert printed("--seed", "3", "--generator.width=8", "mnist", "--generator=dcgan") == once
    earlier = ["--generator.width", "9", "--seed", "1", "--generator", "mlp"]
    later = ["--generator", "dcgan", "--generator.width", "8", "--seed", "3"]
    assert printed("mnist", *earlier, *later) == once
