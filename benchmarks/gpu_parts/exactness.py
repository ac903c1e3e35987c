"""Killed and resumed against never stopped, to the last bit: real processes, and SIGKILL."""

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from ganvas.store import checkpoint
from ganvas.store.log import read_log

from .playing import SMALL, random_images, sentence

AUGMENTED = ("--strength", "0.5")
"""Of the recipe with ADA: its own strength has hardly begun to grow in so short a run."""

ROUNDS = {"mnist": 160, "cifar10": 128, "stylegan2": 128, "r3gan-small": 40}
"""So many that the rarest kind of round, a penalty's every sixteenth, is replayed as a graph."""

WALL = ("seconds", "images_per_second")


def measure(tell: Callable[..., None], options: argparse.Namespace) -> None:
    """Train, kill and resume recipes, and compare with runs that nothing interrupted."""
    on_gpu = torch.cuda.is_available()
    pictures = options.out / "pictures.npz"
    images = random_images((3, 32, 32), 2_048)
    assert images.labels is not None
    pixels = images.pixels.permute(0, 2, 3, 1).numpy()
    np.savez(pictures, images=pixels, labels=images.labels.numpy())
    recipes = list(ROUNDS)[:1] if options.quick else list(ROUNDS)
    cases = list(itertools.product(recipes, (False, True) if on_gpu else (False,)))

    def one(case: tuple[str, bool]) -> None:
        name, graph = case
        words = "with CUDA graphs" if graph else "single kernels"
        try:
            found, ok = differences(options, pictures, *case)
        except (AssertionError, OSError, RuntimeError) as error:
            found, ok = sentence(error), False
        tell(f"{name}, {words}", found, ok)

    with ThreadPoolExecutor(len(cases)) as pool:
        list(pool.map(one, cases))


def differences(
    options: argparse.Namespace, pictures: Path, name: str, graph: bool
) -> tuple[str, bool]:
    """What differs between a run that was killed and one that was not, in words; nothing is ok."""
    place = options.out / "exactness" / f"{name}-{'graph' if graph else 'plain'}"
    batch, rounds = (16, 24) if options.quick else (32, ROUNDS[name])
    words = [name, "--batch", batch, "--images", batch * rounds, "--evaluation", "null"]
    words += ["--every.log", 4 * batch, "--every.checkpoint", rounds * batch // 6, "--threads", 1]
    words += ["--precision", "bf16"]  # one trial might choose another than the next
    words += ["--compile" if graph else "--no-compile"] if torch.cuda.is_available() else []
    words += ["--data", pictures] if name in ("cifar10", "r3gan-small") else []
    words += AUGMENTED if name == "r3gan-small" else []
    if options.quick:
        words += [w for key, value in SMALL.items() if "." in key for w in (f"--{key}", value)]
    whole = start("train", *words, "--out", place / "whole")
    cut = start("train", *words, "--out", place / "cut")
    path = killed(cut, place / "cut", lines=rounds * 2 // 3 // 4)
    said = finish(whole)
    finish(start("resume", path))
    reason = next((line.strip() for line in said.splitlines() if "not recorded" in line), "")
    apart = compare(next((place / "whole").glob("0*")), path)
    noted = f"; {reason}" if reason else ""
    return (apart or "equal to the bit") + noted, not apart


def start(*words: object) -> subprocess.Popen[str]:
    """Start a ganvas command of its own process."""
    command = [sys.executable, "-m", "ganvas", *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment
    )


def finish(process: subprocess.Popen[str]) -> str:
    """What it said.

    Raises:
        RuntimeError: it failed.
    """
    said, _ = process.communicate()
    if process.returncode:
        lines = [line for line in said.splitlines() if line.strip()]
        raise RuntimeError(f"exit {process.returncode}: {' / '.join(lines[-3:])}")
    return said


def killed(process: subprocess.Popen[str], out: Path, lines: int) -> Path:
    """The run folder of a process that was killed as soon as its log had so many lines."""
    while process.poll() is None:
        for path in out.glob("0*"):
            if len(read_log(path / "log.jsonl")) >= lines:
                process.kill()
                process.communicate()
                return path
        time.sleep(0.01)
    raise RuntimeError(f"ended before it was killed: {finish(process)[-300:]}")


def compare(whole: Path, cut: Path) -> str:
    """What differs between the newest checkpoints and the logs of two runs; "" for nothing."""
    ours, theirs = (checkpoint.load_newest(path / "checkpoints") for path in (cut, whole))
    if other := ours[1].keys() ^ theirs[1].keys():
        return f"{len(other)} tensors are in one alone, {min(other)} among them"
    apart = {
        name: (value.double() - theirs[1][name].double()).abs().max().item()
        for name, value in ours[1].items()
        if not torch.equal(value, theirs[1][name])
    }
    if apart:
        most = max(apart, key=lambda name: apart[name])
        return f"{len(apart)} of {len(ours[1])} tensors differ, most {most} by {apart[most]:.2g}"
    logs = [
        [
            {k: v for k, v in record.items() if k not in WALL}
            for record in read_log(path / "log.jsonl")
        ]
        for path in (whole, cut)
    ]
    return "" if logs[0] == logs[1] else "the logs differ"
