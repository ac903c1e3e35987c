"""Does a change keep the bits, and the speed? Two checkouts play the same, side by side.

    python benchmarks/same_bits.py OLD [NEW]             every recipe, 20 rounds: equal weights?
        [--rounds 20] [--only NAME,NAME] [--precisions fp32,bf16] [--keep FOLDER]
    python benchmarks/same_bits.py OLD [NEW] --resume    runs of OLD, continued and used by both
    python benchmarks/same_bits.py OLD [NEW] --speed     `ganvas bench` of three recipes, in turn

OLD and NEW are folders with ``src/ganvas`` in them, NEW by default the one that this file is in.
Each plays in a process of its own, on one thread of the CPU, through what users have too: the
Python calls, the command line and the files of a run. What is compared: every tensor of the newest
checkpoint, bit by bit; its numbers; recipe, record, log, evaluations and pictures, all without
times. A line each says ``same`` or what differs, and the exit status is 1 if anything does. What is
played stands in ``same_bits_plays.py``.

``--keep`` keeps what OLD played, by its commit, for the next time; OLD must then be as committed.
A trial before a run would choose by times. Here its clock ticks alike for all, so it takes what the
rules say, in both checkouts.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from same_bits_compare import apart, differences
from same_bits_plays import BATCH, RESUMED, Play, make_pictures, plays

ROOT = Path(__file__).resolve().parents[1]
NEVER = 10**9  # images
RUN = "0001-run"
SAMPLES = 32
MEASURED = ("mnist", "tutorial-mnist", "tutorial-cifar10")
USED = ("sample.txt", "samples.npz", "figures.json", "show.txt")
"""What the commands ``sample``, ``evaluate`` and ``show`` leave."""

MOST = 6
"""Lines about one play."""

Job = dict[str, Any]
"""``call``: train or resume. ``arguments``: its own. ``folder``: where it plays. ``begun``: the run
of which a copy is resumed."""


# Playing.


@dataclass(frozen=True)
class Side:
    """source: a checkout. place: where it plays. kept: what it played before counts."""

    source: Path
    place: Path
    kept: bool = False

    def python(self, words: Sequence[object], **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a Python process that imports this checkout."""
        own = {
            "PYTHONPATH": self.source / "src",
            "GANVAS_CACHE": self.place / "cache",
            "OMP_NUM_THREADS": 1,
            "COLUMNS": 200,
        }
        known = os.environ | {name: str(value) for name, value in own.items()}
        command = [sys.executable, *map(str, words)]
        return subprocess.run(command, text=True, env=known, **more)

    def do(self, jobs: list[Job]) -> None:
        """Do these jobs, but for those whose outcome is kept."""
        wanted = [job for job in jobs if not (self.kept and done(job))]
        if not wanted:
            return
        for job in wanted:
            shutil.rmtree(job["folder"], ignore_errors=True)
        listed = self.place / "jobs.json"
        listed.write_text(json.dumps(wanted))
        self.python([Path(__file__).resolve(), self.source, "--inside", listed], check=True)

    def ganvas(self, folder: Path, saved: str, verb: str, *words: object) -> None:
        """A command on the run in ``folder``, typed there; what it prints, if it can, is saved."""
        command = ["-m", "ganvas", verb, RUN, *words]
        done = self.python(command, cwd=folder, capture_output=True)
        if done.returncode:
            print(done.stderr, file=sys.stderr, flush=True)
        else:
            (folder / saved).write_text(done.stdout)

    def recipes(self) -> list[str]:
        """Names in the list that ``ganvas recipes`` prints; other lines begin with a space."""
        command = ["-m", "ganvas", "recipes"]
        printed = self.python(command, check=True, stdout=subprocess.PIPE).stdout
        listed = itertools.takewhile(lambda line: line.strip(), printed.splitlines()[1:])
        return [line.split()[0] for line in listed if not line[0].isspace()]


def inside(jobs: list[Job], source: Path) -> None:
    """Do the jobs in this process; one that fails leaves its traceback."""
    ticks = itertools.count()
    time.perf_counter = lambda: next(ticks) * 1e-6  # before anything can have imported it
    import ganvas

    assert Path(ganvas.__file__).is_relative_to(source.resolve()), ganvas.__file__
    for job in jobs:
        folder = Path(job["folder"])
        folder.mkdir(parents=True)
        try:
            if "begun" in job:
                shutil.copytree(job["begun"], folder / RUN)
            getattr(ganvas, job["call"])(**job["arguments"])
        except Exception as error:
            if hasattr(error, "signal"):  # whoever stops a run stops all
                raise
            (folder / "error.txt").write_text(traceback.format_exc())
        (folder / "job.json").write_text(json.dumps(job))
        print(f"played {folder.name}", file=sys.stderr, flush=True)


def done(job: Job) -> bool:
    """Whether exactly this was done, without an error."""
    folder = Path(job["folder"])
    written = folder / "job.json"
    if not written.exists() or (folder / "error.txt").exists():
        return False
    return json.loads(written.read_text()) == job


def training(play: Play, precision: str, images: int, place: Path, pictures: Path) -> Job:
    """A play from its start to so many images."""
    data = pictures / play.data if play.data and (pictures / play.data).exists() else play.data
    overrides = {
        "batch": BATCH, "device": "cpu", "threads": 1, "precision": precision, "keep": 1,
        "every.log": 4 * BATCH, "every.samples": NEVER, "every.checkpoint": NEVER,
        "evaluation": None, **play.settings,
    }  # fmt: skip
    arguments = {
        "recipe": play.recipe, "data": data and str(data), "name": "run", "images": images,
        "out": str(place / f"{play.name}-{precision}-{images}"), "overrides": overrides,
    }  # fmt: skip
    return {"call": "train", "folder": arguments["out"], "arguments": arguments}


def resuming(begun: Path, images: int, place: Path) -> Job:
    """A run that ended early, in a copy, up to so many images."""
    folder = place / f"{begun.parent.name}-resumed"
    arguments = {"run": str(folder / RUN), "images": images}
    return {"call": "resume", "folder": str(folder), "arguments": arguments, "begun": str(begun)}


def beginning(begun: Path, images: int, place: Path) -> Job:
    """A run of so many images that begins with the weights of another."""
    folder = str(place / f"{begun.parent.name}-from")
    arguments = {"start": str(begun), "name": "run", "images": images, "out": folder}
    return {"call": "train", "folder": folder, "arguments": arguments}


def used(play: Play, begun: Path, side: Side) -> Path:
    """A folder with what the command line makes of a run, in a copy of it."""
    folder = side.place / f"{begun.parent.name}-used"
    if side.kept and (folder / "show.txt").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(begun, folder / RUN)
    points = play.recipe.startswith("playground")  # which need no features
    measured = [] if points else ["--features", "pixels", "--metrics", "kid"]
    side.ganvas(folder, "sample.txt", "sample", "--count", SAMPLES, "--out", "samples.npz")
    side.ganvas(folder, "figures.json", "evaluate", "--count", SAMPLES, *measured, "--json")
    side.ganvas(folder, "show.txt", "show")
    return folder


# The three questions.


def report(name: str, found: list[str]) -> bool:
    """Print one play's line or lines; whether nothing differs."""
    print(f"{name:34}", "DIFFERS" if found else "same", flush=True)
    more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
    for line in [*found[:MOST], *more]:
        print(f"    {line}", flush=True)
    return not found


def play_both(jobs: Callable[[Side], list[Job]], old: Side, new: Side) -> bool:
    """Whether these jobs leave the same runs on both sides."""
    for side in (old, new):
        side.do(jobs(side))
    same = True
    for first, second in zip(jobs(old), jobs(new), strict=True):
        found = differences(run_of(first), run_of(second))
        same &= report(Path(first["folder"]).name, found)
    return same


def compare_plays(old: Side, new: Side, options: argparse.Namespace, pictures: Path) -> bool:
    """Whether all plays, in all precisions, are the same from their start."""
    listed = [(play, each) for play in chosen(old, options) for each in options.precisions]
    whole = options.rounds * BATCH
    return play_both(
        lambda side: [training(*each, whole, side.place, pictures) for each in listed], old, new
    )


def compare_resumed(old: Side, new: Side, options: argparse.Namespace, pictures: Path) -> bool:
    """Whether runs of the old checkout, ended half-way, go on and can be used alike in both."""
    half, whole = options.rounds // 2 * BATCH, options.rounds * BATCH
    listed = [play for play in chosen(old, options) if play.name in RESUMED]
    begun = [training(play, "fp32", half, old.place, pictures) for play in listed]
    old.do(begun)
    if failed := [job["folder"] for job in begun if not done(job)]:
        sys.exit(f"the old checkout cannot play {', '.join(failed)}: see error.txt there")
    runs = [run_of(job) for job in begun]
    same = play_both(
        lambda side: [job(run, whole, side.place) for job in (resuming, beginning) for run in runs],
        old,
        new,
    )
    for play, run in zip(listed, runs, strict=True):
        first, second = (used(play, run, side) for side in (old, new))
        found = [line for name in USED for line in apart(first / name, second / name, name)]
        same &= report(f"{play.name} used", found)
    return same


def run_of(job: Job) -> Path:
    """The run folder that a job leaves."""
    return Path(job["folder"]) / RUN


def chosen(side: Side, options: argparse.Namespace) -> list[Play]:
    """The plays asked for, of all that there are."""
    known = plays(side.recipes())
    if unknown := set(options.only or ()) - known.keys():
        sys.exit(f"no {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    return [play for name, play in known.items() if not options.only or name in options.only]


def compare_speed(old: Side, new: Side, options: argparse.Namespace) -> None:
    """Images a second by ``ganvas bench``, old and new in turn: medians, and the ratio by pair."""
    for recipe in options.only or MEASURED:
        pairs = []
        for _ in range(options.pairs):
            pairs.append([speed(side, recipe, options.seconds) for side in (old, new)])
            print(recipe, "old {:.1f}  new {:.1f} images/s".format(*pairs[-1]), flush=True)
        before, after = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(now / then for then, now in pairs)
        print(f"{recipe}: {before:.1f} then, {after:.1f} now, ratio {ratio:.3f}", flush=True)


def speed(side: Side, recipe: str, seconds: float) -> float:
    """Images a second of one bench on one thread, in float32."""
    settings = ["--seconds", seconds, "--threads", 1, "--precision", "fp32"]
    command = ["-m", "ganvas", "bench", recipe, "--json", "--no-plain", *settings]
    done = side.python(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)["ours"]["median"]


def commit(source: Path) -> str:
    """What stands in a checkout, which nothing may have changed since."""
    git = ["git", "-C", str(source)]
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, check=True)
    if changed.stdout:
        sys.exit(f"{source} has changes: what it plays cannot be kept by its commit")
    done = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> None:
    """Compare two checkouts as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path, nargs="?", default=ROOT)
    parser.add_argument(
        "--resume", action="store_true", help="runs of OLD, continued and used by both"
    )
    parser.add_argument("--speed", action="store_true", help="ganvas bench, in turn")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", type=lambda text: text.split(","), help="names of plays")
    parser.add_argument("--precisions", type=lambda text: text.split(","), default=["fp32", "bf16"])
    parser.add_argument("--keep", type=Path, help="a folder for what OLD plays")
    parser.add_argument("--pairs", type=int, default=5, help="of benches")
    parser.add_argument("--seconds", type=float, default=10.0, help="of a bench")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(json.loads(options.inside.read_text()), options.old)
        return
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary) if options.keep is None else options.keep.resolve()
        pictures = place / "pictures"
        make_pictures(pictures)
        version = "old" if options.keep is None else commit(options.old)
        old = Side(options.old.resolve(), place / version, kept=options.keep is not None)
        new = Side(options.new.resolve(), place / "new")
        for side in (old, new):
            side.place.mkdir(parents=True, exist_ok=True)
        if options.speed:
            compare_speed(old, new, options)
            return
        compare = compare_resumed if options.resume else compare_plays
        sys.exit(0 if compare(old, new, options, pictures) else 1)


if __name__ == "__main__":
    main()
