"""The command line as a user types it: what it prints, what it refuses, and its exit codes."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.cli.main import main
from ganvas.store.status import Status, StatusFile
from ganvas.words import duration

from .small import SMALL


def said(capsys) -> tuple[str, str]:
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_the_default_trains_mnist_and_says_where_everything_is(tmp_path, capsys) -> None:
    assert main(["train", *SMALL, "--out", str(tmp_path), "--name", "first"]) == 0
    out, _ = said(capsys)
    for file in ("samples.png", "checkpoints/000000160", "report.html"):
        assert str(tmp_path / "0001-first" / file) in out
        assert (tmp_path / "0001-first" / file).exists()
    assert "images/s" in out and "left" in out
    assert " times as far from real digits as real digits are from each other (" in out
    assert " of 10 digits, " in out and ", 200 samples)" in out
    report = (tmp_path / "0001-first" / "report.html").read_text(encoding="utf-8")
    assert " times as far from real digits as " in report


def test_help_needs_no_torch() -> None:
    code = "import sys, ganvas.cli.main as m\ntry: m.main(['--help'])\nexcept SystemExit: pass\n"
    code += "assert not {'torch', 'numpy', 'PIL', 'pydantic'} & set(sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for verb in (
        "train",
        "resume",
        "sample",
        "evaluate",
        "bench",
        "compare",
        "recipes",
        "runs",
        "data",
    ):
        assert verb in found.stdout


def test_import_is_lazy() -> None:
    code = "import sys, ganvas; assert 'torch' not in sys.modules; ganvas.train; print(dir(ganvas))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "resume" in found.stdout
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        ganvas.trian  # noqa: B018


def test_python_m_ganvas_is_the_same_command() -> None:
    command = [sys.executable, "-m", "ganvas", "--version"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == f"ganvas {ganvas.__version__}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "invalid choice: 'trian'"),
        (["train", "mnst"], "did you mean mnist"),
        (["train", "--generator.widht", "3"], "did you mean generator.width"),
        (["train", "--generator.width"], "--generator.width needs a value"),
        (["train", "--images", "many"], "invalid int value"),
        (["train", "--images", "5", "--minutes", "5"], "not allowed with"),
        (["train", "--name", "../../x"], "cannot name a run"),
        (["train", "--device", "cuda:99"], "device cannot be 'cuda:99'"),
        (["train", "--seed", "1", "extra", "words"], "unrecognized arguments: words"),
        (["train", "--game.loss", "!!python/object:os.system {}"], "not read"),
        (["train", "--plugin", "missing.py"], "no plug-in file"),
        (["show", "nowhere"], "does not exist"),
        (["resume", "nowhere"], "does not exist"),
        (["sample", "nowhere", "--out", "x.png", "--count", "0"], "--count must be"),
        (["sample", "nowhere", "--out", "x.png", "--seeds", "0-5", "--count", "40"], "6 images"),
        (["sample", "nowhere", "--out", "x.png", "--seeds", "0-5", "--seed", "1"], "leave --seed"),
        (["sample", "nowhere", "--out", "x.png", "--seeds", "5-x"], "is not a list"),
        (["sample", "nowhere", "--out", "x.png", "--seeds", "1,²"], "is not a list"),
        (["sample", "nowhere", "--out", "x.png", "--at", "²"], "neither a number"),
        (["sample", "nowhere", "--out", "x.png", "--seeds", "0-99999999"], "more than"),
        (["sample", "nowhere", "--out", "x.png", "--truncation", "nan"], "--truncation"),
        (["runs", "delete"], "name the runs"),
        (["show", "x", "--nonsense"], "unrecognized arguments"),
        (["resume", "x", "--lr", "3"], "at the start of a run, `ganvas train`, it is"),
    ],
)
def test_usage_mistakes_are_one_line_and_exit_code_2(
    arguments, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = said(capsys)
    assert message in err and err.startswith("ganvas: ")
    assert err.count("\n") == 1 and "Traceback" not in err
    assert list(tmp_path.iterdir()) == [], out


@pytest.mark.parametrize("data", ["missing-folder", "empty"])
def test_bad_data_is_one_line_and_leaves_nothing(data, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["train", "--data", data]) in (1, 2)
    _, err = said(capsys)
    assert err.count("\n") == 1 and "Traceback" not in err
    assert [p.name for p in tmp_path.iterdir()] == ["empty"]


def test_a_dry_run_prints_the_recipe_and_trains_nothing(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "tutorial-mnist", "--dry-run", "--generator.width", "96"]) == 0
    out, _ = said(capsys)
    assert "width: 96" in out and "name: tutorial-mnist" in out
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine.yaml").write_text(out)
    assert main(["train", "mine.yaml", "--dry-run"]) == 0
    assert said(capsys)[0] == out


def test_sampling_to_every_kind_of_output(run, capsys, tmp_path) -> None:
    for name, count in (("grid.png", 9), ("samples.npz", 5), ("many/", 3), ("clip.gif", 4)):
        out = f"{tmp_path}/{name}"
        assert main(["sample", str(run), "--out", out, "--count", str(count), "--seed", "2"]) == 0
    with np.load(tmp_path / "samples.npz") as file:
        images = file["images"]
    assert images.dtype == np.uint8 and images.shape == (5, 28, 28, 1)
    files = sorted((tmp_path / "many").iterdir())
    assert [f.name for f in files] == ["000000.png", "000001.png", "000002.png"]
    with Image.open(files[0]) as picture:
        assert np.array_equal(np.asarray(picture), images[0, ..., 0])


@pytest.mark.parametrize("name", ["clip.gif", "clip.webp"])
def test_an_animation_passes_through_the_images_of_its_seeds(run, capsys, tmp_path, name) -> None:
    seeds = ["--seeds", "3,1,4"]
    assert main(["sample", str(run), "--out", str(tmp_path / name), *seeds]) == 0
    assert main(["sample", str(run), "--out", str(tmp_path / "still.npz"), *seeds]) == 0
    with np.load(tmp_path / "still.npz") as file:
        stills = file["images"].astype(float)
    loop = ganvas.load(run).loop(seeds=[3, 1, 4], steps=16).numpy().astype(float)
    assert len(loop) == 48 and np.abs(loop[::16] - stills).max() <= 1
    steps = np.abs(loop - np.roll(loop, -1, 0)).mean((1, 2, 3))  # the last leads to the first
    apart = np.abs(stills - np.roll(stills, -1, 0)).mean((1, 2, 3))
    assert steps.max() < apart.min() / 2, "no step is a leap to a stranger"
    with Image.open(tmp_path / name) as clip:
        assert clip.n_frames > 24 and clip.info["loop"] == 0  # pyright: ignore
        assert clip.size[0] >= 256


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"seeds": [1, 2], "count": 3}, "leave `count=3` away"),
        ({"seeds": [1, 2], "seed": 0}, "leave `seed=0` away"),
        ({"count": 0}, "at least 1"),
        ({"label": 7, "attributes": {"Smiling": True}}, "not both"),
    ],
)
def test_what_contradicts_itself_is_refused_in_python_too(run, asked, message) -> None:
    opened = ganvas.load(run)
    for draw in (opened.sample, opened.loop):
        with pytest.raises(ganvas.UserError, match=message):
            draw(**asked)


def test_a_count_that_agrees_with_the_seeds_is_no_contradiction(run) -> None:
    assert len(ganvas.load(run).sample(2, seeds=[5, 6])) == 2


def test_seeds_truncation_and_older_checkpoints(run, tmp_path) -> None:
    out = str(tmp_path / "x.npz")

    def drawn(*more: str) -> np.ndarray:
        assert main(["sample", str(run), "--out", out, *more]) == 0
        with np.load(out) as file:
            return file["images"]

    by_seed = drawn("--seeds", "2,5-6")
    assert len(by_seed) == 3
    assert np.array_equal(by_seed[0], drawn("--seed", "2", "--count", "1")[0])
    assert not np.array_equal(by_seed, drawn("--seeds", "2,5-6", "--truncation", "0.3"))
    assert not np.array_equal(by_seed, drawn("--seeds", "2,5-6", "--at", "64"))
    assert main(["sample", str(run), "--out", out, "--at", "65"]) == 1


def test_show_runs_and_recipes_tell_what_there_is(run, capsys) -> None:
    assert main(["show", str(run)]) == 0
    assert "160 of 160 seen" in said(capsys)[0]
    assert main(["runs", "list", "--out", str(run.parent)]) == 0
    assert run.name in said(capsys)[0].replace("\n", "")
    assert main(["recipes"]) == 0
    listed = said(capsys)[0]
    assert all(name in listed for name in ("mnist", "folder", "tutorial-cifar10-wgan-gp"))
    assert main(["recipes", "tutorial-mnist"]) == 0
    assert "Corrections" in said(capsys)[0]


def test_a_status_cannot_steer_the_terminal(run, tmp_path, capsys) -> None:
    path = shutil.copytree(run, tmp_path / "runs" / run.name)
    StatusFile(path, 0).write(Status("stopped", 1, 2, 0.0, 0.0, None, why="[red]\x1b[31m"))
    for words in (["runs", "list", "--out", str(path.parent)], ["show", str(path)]):
        assert main(words) == 0
        said = capsys.readouterr().out
        assert "stopped at 50% by [red]\ufffd[31m" in said and "\x1b" not in said


def test_runs_are_deleted_only_on_ones_word(tmp_path, capsys, monkeypatch) -> None:
    assert main(["train", *SMALL, "--images", "16", "--out", str(tmp_path)]) == 0
    path = tmp_path / "0001-mnist"
    seconds = ganvas.load(path).seconds
    assert seconds > 0 and f"finished: 16 images in {duration(seconds)}\n" in said(capsys)[0]
    assert main(["runs", "delete", str(path)]) == 2  # no terminal to answer in
    with monkeypatch.context() as closed:
        closed.setattr("sys.stdin", None)  # `<&-`
        assert main(["runs", "delete", str(path)]) == 2
    assert path.exists()
    assert main(["runs", "delete", str(path), "--yes"]) == 0
    assert not path.exists()
    assert main(["runs", "delete", str(tmp_path), "--yes"]) == 2
    assert tmp_path.exists()


def test_data_tells_what_is_in_a_folder_and_makes_a_sheet(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for index in range(6):
        (tmp_path / "set" / "ab"[index % 2]).mkdir(parents=True, exist_ok=True)
        colour = (40 * index, 90, 200)
        Image.new("RGB", (60, 40), colour).save(tmp_path / "set" / "ab"[index % 2] / f"{index}.png")
    (tmp_path / "set" / "a" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    assert main(["data", "set", "--size", "32"]) == 0
    out, _ = said(capsys)
    assert "60x40" in out and "broken.png" in out and "a 3, b 3" in out and "48" in out
    with Image.open("contact-sheet.png") as sheet:
        assert sheet.width > 48


def test_a_resume_of_a_finished_run_says_so_and_changes_nothing(run, capsys) -> None:
    log = (run / "log.jsonl").read_bytes()
    assert main(["resume", str(run)]) == 0
    assert "160 images" in said(capsys)[0]
    assert (run / "log.jsonl").read_bytes() == log


def test_out_of_memory_names_what_to_try() -> None:
    import torch

    from ganvas.cli.out_of_memory import out_of_memory

    error = out_of_memory(
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")
    )
    assert "--batch" in str(error) and "--accumulate" in str(error) and "\n" not in str(error)


def test_the_log_is_json_lines(run) -> None:
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    losses = [r for r in records if "loss/generator" in r]
    assert [r["images"] for r in losses] == [32, 64, 96, 128, 160]
    assert all("images_per_second" in r for r in losses)
    evaluations = [r for r in records if "metric/frechet" in r]
    assert [r["images"] for r in evaluations] == [0, 96]
    assert len(losses) + len(evaluations) == len(records)


def test_batch_auto_is_found_when_training_begins_and_written_down(
    capsys, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("ganvas.trial.batch_size.LARGEST", 16)
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--batch", "auto", "--dry-run"]) == 0
    assert "# batch and accumulate will be what suits this machine" in capsys.readouterr().out
    small = ["--generator.width", "2", "--discriminator.width", "2", "--evaluation", "null"]
    assert main(["train", "--batch", "auto", "--images", "32", *small]) == 0
    assert "batch 16; images/s by batch 16: " in capsys.readouterr().out
    assert "batch: 16\n" in (tmp_path / "runs/0001-mnist/recipe.yaml").read_text()


def test_compile_without_a_gpu_says_what_it_needs(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--compile", "--device", "cpu", "--images", "64"]) == 2
    assert "CUDA graphs" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
