"""Runs killed at a random moment, then resumed, with every kind of state.

The recipes keep their default precision, memory format and everything else that decides numbers;
only widths, batch, length and the size of pictures are made small (see ``playing.SMALL``).
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.recipes.recipe_table import RECIPES
from ganvas.store.log import read_log

from ..playing import MEASURED, SMALL, assert_same_run, picture_folder

LINES = 4
"""Log lines that a run writes, at most, before it is killed."""

FOREVER = 10_000_000
"""Images of a run that is stopped long before."""


def small(recipe: str) -> dict[str, object]:
    """Overrides for one recipe: its own kinds of networks, but narrow."""
    settings = RECIPES[recipe]()
    narrow: dict[str, object] = {k: v for k, v in SMALL.items() if "." in k or k == "threads"}
    if settings.evaluation is not None:
        narrow |= MEASURED
    if of_pictures(recipe):
        narrow["data.size"] = 32
    narrow |= {"generator.width": 8, "discriminator.width": 8, "batch": 16, "images": FOREVER}
    for name in ("generator", "discriminator"):
        if hasattr(settings.networks[name], "hidden"):
            narrow[f"{name}.hidden"] = 32
    return narrow


def of_pictures(recipe: str) -> bool:
    """Whether its data are a folder of the user's, or would have to be fetched."""
    return RECIPES[recipe]().data.source in ("", "cifar10")


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "ganvas", *map(str, words)]


def start(words: list[str], **more: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, **more
    )


def wait_for_log(out: Path, lines: int, process: subprocess.Popen[str]) -> Path:
    """The run folder, once its log has so many lines."""
    while process.poll() is None:
        for path in out.glob("*"):
            if len(read_log(path / "log.jsonl")) >= lines:
                return path
        time.sleep(0.002)
    assert process.stdout is not None
    raise AssertionError(f"ended early: {process.stdout.read()}")


def train_words(recipe: str, data: Path | None, out: Path) -> list[str]:
    words: list[object] = ["train", recipe, "--out", out]
    if data is not None:
        words += ["--data", data]
    for name, value in small(recipe).items():
        words += [f"--{name}", value]
    return command(*words)


STATES = (
    "mnist",
    "folder",
    "tutorial-mnist",
    "tutorial-cifar10-wgan-gp",
    "mnist-conditional",
    "infogan",
    "few-shot",
    "stylegan2",
    "began",
    "vae-gan",
    "playground-ring",
)
"""Recipes that between them have every kind of state there is to lose."""


@pytest.mark.parametrize("recipe", STATES)
def test_killed_at_random_and_resumed_equals_the_uninterrupted_run(tmp_path, recipe: str) -> None:
    data = picture_folder(tmp_path / "pictures") if of_pictures(recipe) else None
    process = start(train_words(recipe, data, tmp_path / "cut"))
    path = wait_for_log(tmp_path / "cut", random.randint(1, LINES), process)
    time.sleep(random.random() * 0.05)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    total = read_log(path / "log.jsonl")[-1]["images"] + 160
    assert ganvas.load(path).images < total  # what came after its checkpoint is played again
    overrides = {**small(recipe), "images": total}
    whole = ganvas.train(recipe, data=data, out=tmp_path / "whole", overrides=overrides)
    ganvas.resume(path, images=total)
    assert_same_run(path, whole.path)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_saves_at_the_end_of_a_round_and_the_run_goes_on(tmp_path, number, code) -> None:
    process = start(train_words("tutorial-mnist", None, tmp_path / "cut"))
    path = wait_for_log(tmp_path / "cut", 2, process)
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == code, said
    assert "stopped and saved" in said and f"ganvas resume {path}" in said
    stopped = ganvas.load(path)
    assert stopped.images % 16 == 0 and stopped.images >= read_log(path / "log.jsonl")[-1]["images"]
    total = stopped.images + 160
    overrides = {**small("tutorial-mnist"), "images": total}
    whole = ganvas.train("tutorial-mnist", out=tmp_path / "whole", overrides=overrides)
    ganvas.resume(path, images=total)
    assert_same_run(path, whole.path)


HANGING_UP = """
import os, signal, sys
import ganvas
from ganvas.training.session import Stopped

def listen(event):
    if event.kind in sys.argv[2].split(","):
        os.kill(os.getpid(), signal.SIGHUP)

try:
    ganvas.train("tutorial-mnist", out=sys.argv[1], overrides=SMALL, listeners=[listen])
except Stopped as stopped:
    print(stopped.signal)
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("moments", ["progress,ended", "ended"])
def test_a_terminal_that_closes_hangs_up_again_and_costs_nothing(tmp_path, moments: str) -> None:
    """First the terminal says so, then its shell, whenever that is: the report is there."""
    total = 10_000_000 if "progress" in moments else 160
    code = HANGING_UP.replace("SMALL", repr({**small("tutorial-mnist"), "images": total}))
    process = start([sys.executable, "-c", code, str(tmp_path), moments])
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and said.endswith("SIGHUP\n"), said
    (path,) = tmp_path.iterdir()
    assert ganvas.load(path).images >= read_log(path / "log.jsonl")[-1]["images"]
    assert (path / "report.html").is_file()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_nohup_lets_a_run_go_on(tmp_path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    words = train_words("tutorial-mnist", None, tmp_path)
    process = start(words, preexec_fn=ignore)
    path = wait_for_log(tmp_path, 2, process)
    process.send_signal(signal.SIGHUP)
    lines = len(read_log(path / "log.jsonl"))
    wait_for_log(tmp_path, lines + 3, process)  # it goes on as if nothing had been sent
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_second_ctrl_c_is_out_at_once_with_the_checkpoint_intact(tmp_path) -> None:
    process = start(train_words("tutorial-mnist", None, tmp_path))
    path = wait_for_log(tmp_path, 3, process)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.001)
    process.communicate(timeout=120)
    assert process.returncode == 130
    assert ganvas.load(path).images >= 0
    ganvas.resume(path, images=ganvas.load(path).images + 16)


SAVING = """
import sys, torch
from pathlib import Path
from ganvas.store import checkpoint
folder = Path(sys.argv[1])
tensors = {"w": torch.zeros(400_000)}
for images in range(1, 100_000):
    tensors["w"].fill_(images)
    checkpoint.save(folder, images, tensors, {"images": images})
    checkpoint.prune(folder, keep=2)
    print(images, flush=True)
"""


def test_killed_while_saving_the_newest_whole_checkpoint_loads(tmp_path) -> None:
    from ganvas.store import checkpoint

    process = start([sys.executable, "-c", SAVING, str(tmp_path)])
    assert process.stdout is not None
    for attempt in range(4):
        for _ in range(random.randint(1, 4)):
            process.stdout.readline()
        time.sleep(random.random() * 0.02)
        process.kill()
        process.communicate()
        path, tensors, numbers, problems = checkpoint.load_newest(tmp_path)
        assert problems == []
        assert (tensors["w"] == numbers["images"]).all() and int(path.name) == numbers["images"]
        if attempt < 3:
            process = start([sys.executable, "-c", SAVING, str(tmp_path)])
            assert process.stdout is not None
