"""Samples to files, a chunk at a time; and what may be replaced: what ganvas drew, nothing else."""

import contextlib
import os
import re
import shutil
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from ganvas import own_output
from ganvas.errors import UsageError

Chunk = tuple[Tensor, Tensor | None]
"""Images uint8 [n, H, W, C], or points float32 [n, 2], and their classes int64 [n], if any."""

SAMPLE = re.compile(r"\d{6,}\.png")


def check_output(path: Path, *, overwrite: bool = False) -> str:
    """Whether something may be written to ``path``; what a screen says of what was there.

    Raises:
        UsageError: something else than an earlier output of ganvas is there.
    """
    if path.is_dir():
        return ", in place of earlier ones" if _check_folder(path) else ""
    if not path.exists():
        return ""
    if not overwrite and not _is_ours(path):
        raise UsageError(
            f"{path} is there already, and ganvas did not draw it: give another name, or say "
            f"`overwrite=True`"
        )
    return ", in place of an earlier one"


def _check_folder(path: Path) -> bool:
    """Whether a folder holds earlier samples.  Errors: UsageError where it holds anything else,
    were it a run's own sheets, or one file of the user's among the samples."""
    names = sorted(each.name for each in path.iterdir() if not each.name.startswith("."))
    for name in names:
        if not SAMPLE.fullmatch(name) or _mark(path / name) != "sample":
            raise UsageError(
                f"{path} holds files that `ganvas sample` did not draw ({name}): name an empty "
                f"folder, or a new one"
            )
    return bool(names)


def _is_ours(path: Path) -> bool:
    """Whether a file bears the mark of what ganvas writes."""
    try:
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                return archive.comment == own_output.comment("sample")
        if path.suffix == ".html":
            with open(path, "rb") as file:
                return own_output.PAGE_MARK.encode() in file.read(500)
    except (OSError, zipfile.BadZipFile):
        return False
    return bool(_mark(path))


def _mark(path: Path) -> str:
    """What a picture is marked as; "" where it is not, or is none that can be opened."""
    try:
        with warnings.catch_warnings():  # whatever is odd about it, it is not ours
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                return own_output.marked(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""


def save_folder(chunks: Iterable[Chunk], path: Path) -> None:
    """``000000.png`` and so on. What lies there is replaced as a whole, once all are written."""
    path.mkdir(parents=True, exist_ok=True)
    new = path / f".tmp-{os.getpid()}"
    try:
        new.mkdir()
        index = 0
        for images, _ in chunks:
            for image in images:
                picture(image).save(new / f"{index:06d}.png", pnginfo=own_output.mark("sample"))
                index += 1
        for old in path.iterdir():
            if SAMPLE.fullmatch(old.name):
                old.unlink()
        for each in sorted(new.iterdir()):
            os.replace(each, path / each.name)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def save_npz(chunks: Iterable[Chunk], count: int, path: Path, name: str = "images") -> None:
    """An array [count, …] called ``name``, and ``labels`` int64 [count] where there are any."""
    new = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    labels: list[np.ndarray] = []
    try:
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.comment = own_output.comment("sample")
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                for index, (images, kinds) in enumerate(chunks):
                    array = np.ascontiguousarray(images.numpy())
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


def picture(image: Tensor) -> Image.Image:
    """One image uint8 [H, W, C]."""
    pixels = image.numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
