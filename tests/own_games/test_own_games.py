"""Each game learns, is killed and resumed to the bit, sampled, and drawn on its domain's sheet."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

import ganvas
from ganvas.cli.main import main
from ganvas.store.log import read_log
from ganvas.store.run import Run

from ..playing import assert_same_run
from ..registering import forgotten_afterwards
from .cases import CASES, Case, register

BOUNDS = {"unpaired": 0.1, "sentences": 0.3, "even_paths": 0.15}
"""Errors that are small: before training they are 0.6 and more, 0.75, and 0.3."""


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    """Known here, and to no other test."""
    with forgotten_afterwards():
        register()
        yield


@pytest.mark.parametrize("name", CASES)
def test_it_learns(name: str, seed: int, within: Callable[[float, float], None], tmp_path) -> None:
    case = CASES[name]
    run = ganvas.train(case.recipe(seed=seed), data=case.data(), out=tmp_path)
    within(case.error(sampled(run, case, 500)), BOUNDS[name])


@pytest.mark.parametrize("name", CASES)
def test_killed_at_any_moment_it_goes_on_to_the_bit(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = killed(name, tmp_path / "killed")
    data = case.data()
    images = 32 * (read_log(path / "log.jsonl")[-1]["images"] // 32 + 40)
    ganvas.resume(path, data=data, images=images)
    whole = ganvas.train(case.recipe(images=images), data=data, out=tmp_path / "whole")
    assert_same_run(path, whole.path)


def killed(name: str, out: Path) -> Path:
    """The folder of a run that was killed once its log had a few lines."""
    words = [sys.executable, "-m", "tests.own_games.child", name, str(out)]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(words, cwd=root, env={**os.environ, "OMP_NUM_THREADS": "1"})
    while process.poll() is None:
        for path in out.glob("*"):
            if len(read_log(path / "log.jsonl")) >= 4:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return path
        time.sleep(0.002)
    raise AssertionError("it ended before it was killed")


@pytest.mark.parametrize("name", CASES)
def test_it_is_sampled_and_drawn(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    run = ganvas.train(case.recipe(images=1_280), data=case.data(), out=tmp_path)
    items = sampled(run, case, 5, seed=3)
    assert len(items) == 5 and torch.equal(items[:3], sampled(run, case, 3, seed=3))
    assert not torch.equal(items, sampled(run, case, 5, seed=4))
    with Image.open(max((run.path / "samples").glob("*.png"))) as sheet:
        assert min(sheet.size) > 50
    given = run.recipe.game.samples_from is not None  # its items lie in memory, out of reach
    code = main(["sample", str(run.path), "--out", str(tmp_path / "sheet.png")])
    assert (code == 0) is not given
    assert (tmp_path / "sheet.png").is_file() is not given
    assert (run.path / "reals.png").is_file()


def sampled(run: Run, case: Case, count: int, seed: int = 1) -> Tensor:
    """Samples of a run, which are made of its own items where it translates."""
    more = {} if run.recipe.game.samples_from is None else {"data": case.data()}
    return run.sample(count, seed=seed, **more)
