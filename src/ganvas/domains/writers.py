"""Samples written to files, a chunk at a time, so that memory need not hold them all."""

import contextlib
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import numpy as np
import torch
from PIL.Image import Image as Picture
from torch import Tensor

from ganvas import own_output
from ganvas.errors import UsageError

Chunk = tuple[Tensor, Tensor | None]
"""Finished items [n, ...] and their classes int64 [n], if any."""

SAMPLE = re.compile(r"\d{6,}\.png")
"""The name of a sample in a folder."""

FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")


@dataclass(frozen=True)
class Writer:
    """How samples are written to a path.

    save: called with an iterator of chunks, the number of samples in all, and the path.
    between: whether what is written is a way through samples, with others between them, as an
        animation of images is; otherwise the samples alone.
    """

    save: Callable[[Iterator[Chunk], int, Path], None]
    between: bool = False


def ending_of(out: str) -> str:
    """The ending of a path in lower case, such as ".png"; "/" for a folder."""
    if out.endswith("/") or Path(out).is_dir():
        return "/"
    return Path(out).suffix.lower()


def ending_error(out: str, endings: Iterable[str], why: str = "") -> UsageError:
    """That a path has none of these endings, and what to do about it.

    Args:
        out: the path.
        endings: those that can be written; "/" for a folder.
        why: the beginning of the advice.
    """
    *known, last = ["/ for a folder" if each == "/" else each for each in endings]
    if ".gif" in known and ending_of(out) in FILMS:
        clip = quote(str(Path(out).with_suffix(".gif")))
        return UsageError(
            f"`out={out}`: films are not written; say `out={clip}` (or .webp), "
            f"and `ffmpeg -i {clip} {quote(out)}` makes one of it"
        )
    return UsageError(f"`out={out}`: {why}end it with {', '.join(known)} or {last}")


def whole(chunks: Iterable[Chunk]) -> Chunk:
    """All chunks as one."""
    items, labels = zip(*chunks, strict=True)
    return torch.cat(items), None if labels[0] is None else torch.cat(labels)


def save_folder(pictures: Iterable[Picture], path: Path) -> None:
    """Save pictures as ``000000.png`` and so on, and replace earlier samples there once all are
    written.

    Args:
        pictures: one a sample.
        path: the folder, made where it is missing.
    """
    path.mkdir(parents=True, exist_ok=True)
    new = path / f".tmp-{os.getpid()}"
    try:
        new.mkdir()
        for index, picture in enumerate(pictures):
            picture.save(new / f"{index:06d}.png", pnginfo=own_output.mark("sample"))
        for old in path.iterdir():
            if SAMPLE.fullmatch(old.name):
                old.unlink()
        for each in sorted(new.iterdir()):
            os.replace(each, path / each.name)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def save_npz(chunks: Iterable[Chunk], count: int, path: Path, name: str = "images") -> None:
    """Save an array [count, ...], and ``labels`` int64 [count] where there are any.

    Args:
        chunks: samples, and their classes or None.
        count: the number of samples in all.
        path: the file, which is replaced as a whole.
        name: what the array is called.
    """
    new = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    labels: list[np.ndarray] = []
    try:
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.comment = own_output.comment("sample")
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                for index, (items, kinds) in enumerate(chunks):
                    array = np.ascontiguousarray(items.numpy())
                    if index == 0:
                        head = np.lib.format.header_data_from_array_1_0(array)
                        head["shape"] = (count, *array.shape[1:])
                        np.lib.format.write_array_header_1_0(file, head)
                    file.write(array.data)
                    labels += [] if kinds is None else [kinds.numpy()]
            if labels:
                with archive.open("labels.npy", "w") as file:
                    np.lib.format.write_array(file, np.concatenate(labels))
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
