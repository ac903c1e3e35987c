"""Samples written to files, a chunk at a time; only what ganvas wrote before is replaced."""

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
"""The name of a sample in a folder."""


def check_output(path: Path, *, overwrite: bool = False) -> str:
    """Whether something may be written to ``path``.

    Args:
        path: a file, or a folder of samples.
        overwrite: whether a file that ganvas did not write may be replaced.

    Returns:
        What a screen says of what was there: "", or that it is replaced.

    Raises:
        UsageError: there is something else than an earlier output of ganvas.
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
    """Whether a folder holds earlier samples.

    Raises:
        UsageError: it holds anything else, a run's own sheets or a file of the user's among the
            samples included.
    """
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
    """Save images as ``000000.png`` and so on, and replace earlier samples there once all are
    written.

    Args:
        chunks: images, and their classes, which are not saved.
        path: the folder, made where it is missing.
    """
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
    """One image uint8 [H, W, C], C of 1 or 3, as a picture."""
    pixels = image.numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
