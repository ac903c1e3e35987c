"""``ganvas sample``."""

import argparse
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import Any

import torch
from torch import Tensor

from ganvas.data.plane import scatter
from ganvas.disk import explain
from ganvas.errors import UsageError
from ganvas.sampling.outputs import Chunk, check_output, picture, save_folder, save_npz
from ganvas.sampling.pictures import enlarged, grid, save_clip, save_png
from ganvas.store.run import Run, check_seeds

MOST = 1_000_000
STATIONS = 200
"""Images that an animation may pass through."""

CLIPS = (".gif", ".webp")
FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")


def execute(options: argparse.Namespace) -> None:
    """Draw images, or points, into a file or a folder."""
    seeds = None if options.seeds is None else read_seeds(options.seeds)
    check(options, seeds)
    out = Path(options.out)
    save = _saver(options.out)
    before = check_output(out, overwrite=options.overwrite)
    run = Run(options.run, at=options.at, plugin=options.plugin)
    if run.draws_points:
        save = _points_saver(options.out)
    asked: dict[str, Any] = {"seed": options.seed, "seeds": seeds, "truncation": options.truncation}
    asked |= {"label": options.label, "attributes": read_attributes(options.attr or [])}
    drawn: Any  # what cannot be drawn says so before a folder is made
    if save is _clip:
        drawn = run.loop(options.count, **asked)
        count = len(drawn)
    else:
        drawn = _begun(run.stream(options.count, **asked))
        count = len(seeds) if seeds is not None else options.count or 64
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save(drawn, count, out)
    except OSError as error:
        raise explain(error, str(out)) from None
    what = "points" if run.draws_points else "images"
    print(f"{count:,} {what} at {run.images:,} images seen: {out}{before}")


def check(options: argparse.Namespace, seeds: list[int] | None) -> None:
    """Raise UsageError for numbers that cannot be, before the run is opened."""
    if seeds is not None:
        check_seeds(seeds, options.seed, options.count)
    if options.count is not None and not 1 <= options.count <= MOST:
        raise UsageError(f"--count must be from 1 to {MOST:,}, not {options.count}")
    if options.truncation is not None and not 0 < options.truncation < 100:
        raise UsageError("--truncation must be more than 0, such as 0.7")
    stations = options.count or len(seeds or ())
    if _saver(options.out) is _clip and stations > STATIONS:
        raise UsageError(f"an animation passes through at most {STATIONS} images, not {stations:,}")


def read_seeds(text: str) -> list[int]:
    """``0-31`` or ``1,5,9`` as a list.

    Raises:
        UsageError: anything else.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UsageError(f"--seeds {text!r} is not a list such as 0-31 or 1,5,9")
        end = int(last) if dash else int(first)
        if len(seeds) + end - int(first) >= MOST:
            raise UsageError(f"--seeds {text!r} names more than {MOST:,} images")
        seeds += range(int(first), end + 1)
    if not seeds:
        raise UsageError(f"--seeds {text!r} names no image")
    return seeds


def _saver(out: str):
    suffix = Path(out).suffix.lower()
    known = {".png": _png, ".npz": _npz, **dict.fromkeys(CLIPS, _clip)}
    if out.endswith("/") or Path(out).is_dir():
        return _folder
    if suffix in FILMS:
        clip = Path(out).with_suffix(".gif")
        raise UsageError(
            f"--out {out}: films are not written; say --out {quote(str(clip))} (or .webp), "
            f"and `ffmpeg -i {quote(str(clip))} {quote(out)}` makes one of it"
        )
    if suffix not in known:
        raise UsageError(f"--out {out}: end it with .png, .npz, .gif, .webp, or / for a folder")
    return known[suffix]


def _points_saver(out: str):
    known = {".png": _scatter, ".npz": _points_npz}
    suffix = Path(out).suffix.lower()
    if suffix not in known:
        raise UsageError(f"--out {out}: this run draws points, so end it with .png or .npz")
    return known[suffix]


def read_attributes(given: list[str]) -> dict[str, bool]:
    """``["Smiling=1", "Eyeglasses=0"]`` by name.

    Raises:
        UsageError: anything else.
    """
    found = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not equals or not name or value not in ("0", "1"):
            raise UsageError(f"--attr {text!r} is not a name and 0 or 1, such as Smiling=1")
        found[name] = value == "1"
    return found


def _png(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    images, _ = _whole(chunks)
    save_png(enlarged(grid(images)), out)


def _npz(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    save_npz(chunks, count, out)


def _folder(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    save_folder(chunks, out)


def _scatter(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    points, labels = _whole(chunks)
    kinds = [] if labels is None else range(int(labels.max()) + 1)
    save_png(scatter(points, labels, kinds), out)


def _points_npz(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    save_npz(chunks, count, out, "points")


def _clip(images: Tensor, count: int, out: Path) -> None:
    save_clip([enlarged(picture(image), 256) for image in images], out, 80, last=80)


def _begun(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same; the first chunk is drawn at once."""
    return chain([next(chunks)], chunks)


def _whole(chunks: Iterator[Chunk]) -> Chunk:
    drawn, labels = zip(*chunks, strict=True)
    return torch.cat(drawn), None if labels[0] is None else torch.cat(labels)
