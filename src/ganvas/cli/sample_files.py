"""How ``ganvas sample`` writes: by the ending of the path."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote
from typing import Any

import torch
from torch import Tensor

from ganvas.data.plane import scatter
from ganvas.errors import UsageError
from ganvas.sampling.outputs import Chunk, picture, save_folder, save_npz
from ganvas.sampling.pictures import enlarged, grid, save_clip, save_png

CLIPS = (".gif", ".webp")
FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")

Saver = Callable[[Any, int, Path], None]
"""Writes samples (an iterator of chunks; of an animation, images), so many of them, to a path."""


def saver(out: str) -> Saver:
    """What writes images to this path.

    Raises:
        UsageError: nothing does.
    """
    suffix = Path(out).suffix.lower()
    known = {".png": _png, ".npz": _npz, **dict.fromkeys(CLIPS, save_animation)}
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


def points_saver(out: str) -> Saver:
    """What writes points to this path.

    Raises:
        UsageError: nothing does.
    """
    known = {".png": _scatter, ".npz": _points_npz}
    suffix = Path(out).suffix.lower()
    if suffix not in known:
        raise UsageError(f"--out {out}: this run draws points, so end it with .png or .npz")
    return known[suffix]


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


def save_animation(images: Tensor, count: int, out: Path) -> None:
    """Write images [count, C, H, W] as the frames of a clip."""
    save_clip([enlarged(picture(image), 256) for image in images], out, 80, last=80)


def _whole(chunks: Iterator[Chunk]) -> Chunk:
    drawn, labels = zip(*chunks, strict=True)
    return torch.cat(drawn), None if labels[0] is None else torch.cat(labels)
