"""Checkpoints: tensors by name and a manifest with their hash, whole or not there at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from ganvas.disk import explain, sync_folder, write_file
from ganvas.errors import CheckpointError

FORMAT = 1
"""Of a checkpoint; newer ones are refused."""

TENSORS = "state.safetensors"
MANIFEST = "manifest.json"
PASSING = "passing"
"""A file in a checkpoint that was saved because time had passed, not at a clock of its recipe."""


def save(
    folder: Path,
    images: int,
    tensors: Mapping[str, Tensor],
    numbers: dict[str, Any],
    *,
    passing: bool = False,
) -> Path:
    """Write ``folder/IMAGES/``; on any failure what was there before is untouched.

    Args:
        folder: the checkpoints of a run.
        images: seen, which names it.
        tensors: by name, on any device.
        numbers: plain data beside them.
        passing: it is kept only until there is a newer one, and displaces none; see ``prune``.

    Returns:
        Its folder.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    path = folder / f"{images:09d}"
    temporary = folder / f".tmp-{os.getpid()}-{path.name}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        _write(temporary, images, tensors, numbers)
        if passing:
            write_file(temporary / PASSING, b"")
        sync_folder(temporary)
        if path.exists():  # the same moment, found damaged: it goes only now that this one is whole
            os.rename(path, folder / f".tmp-old-{os.getpid()}-{path.name}")
        os.rename(temporary, path)
        sync_folder(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise explain(error, f"the checkpoint {path}", _latest_sentence(folder)) from error
    return path


def _write(path: Path, images: int, tensors: Mapping[str, Tensor], numbers: dict[str, Any]) -> None:
    """The tensors, and the manifest that knows their hash and its own."""
    content = safetensors.torch.save({k: _plain(v) for k, v in tensors.items()})
    write_file(path / TENSORS, content)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "images": images,
        "numbers": numbers,
        "files": {TENSORS: {"bytes": len(content), "sha256": _hash(content)}},
    }
    manifest["sha256"] = _hash(_canonical(manifest))
    write_file(path / MANIFEST, json.dumps(manifest, indent=1).encode())


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and numbers of one checkpoint, every byte of them verified.

    Raises:
        CheckpointError: a part is missing, cut short or changed, or the format is newer.
    """
    manifest = _manifest(path)
    try:
        content = (path / TENSORS).read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path / TENSORS} cannot be read: {error.strerror}") from None
    said = manifest["files"][TENSORS]
    if len(content) != said["bytes"]:
        raise CheckpointError(
            f"{path / TENSORS} is damaged: {len(content)} bytes, not {said['bytes']}"
        )
    if _hash(content) != said["sha256"]:
        raise CheckpointError(f"{path / TENSORS} is damaged: its SHA-256 is not the manifest's")
    try:
        return safetensors.torch.load(content), manifest["numbers"]
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path / TENSORS} is no safetensors file: {error}") from None


def load_newest(folder: Path) -> tuple[Path, dict[str, Tensor], dict[str, Any], list[str]]:
    """The newest checkpoint that is whole, and what was wrong with those passed over.

    Raises:
        CheckpointError: none is whole.
    """
    problems: list[str] = []
    for path in reversed(list(complete(folder))):
        try:
            return path, *load(path), problems
        except CheckpointError as error:
            problems.append(str(error))
    raise CheckpointError(f"no whole checkpoint in {folder}: {'; '.join(problems) or 'none there'}")


def complete(folder: Path) -> Iterator[Path]:
    """Checkpoint folders by clock, oldest first; temporaries are none."""
    if folder.is_dir():
        found = (path for path in folder.iterdir() if path.is_dir() and path.name.isdecimal())
        yield from sorted(found, key=lambda path: int(path.name))


def last_clock(folder: Path) -> int:
    """Images seen at the newest checkpoint whose manifest is whole; 0 where there is none."""
    return _newest_manifest(folder).get("images", 0)


def total(folder: Path) -> int | None:
    """How many images the run was to see when it saved its newest checkpoint, if that says so."""
    return _newest_manifest(folder).get("numbers", {}).get("total")


def best(folder: Path) -> dict[str, Any] | None:
    """Metric, value and clock of the best evaluation so far, where there was one."""
    return _newest_manifest(folder).get("numbers", {}).get("best")


def seconds(folder: Path, at: int | None = None) -> float:
    """Seconds trained until the newest checkpoint, or that at ``at`` images; 0 without any."""
    manifest = _newest_manifest(folder) if at is None else _manifest(folder / f"{at:09d}")
    return manifest.get("numbers", {}).get("seconds", 0.0)


def _newest_manifest(folder: Path) -> dict[str, Any]:
    for path in reversed(list(complete(folder))):
        try:
            return _manifest(path)
        except CheckpointError:
            continue
    return {}


def prune(folder: Path, keep: int, best: str | None = None) -> None:
    """Delete all but the newest of all, the newest ``keep`` that are not passing, and ``best``.

    best: the name of the best checkpoint's folder; None where there is none.
    """
    paths = list(complete(folder))
    lasting = [path for path in paths if not (path / PASSING).exists()]
    kept = {*paths[-1:], *lasting[-keep:]}
    for path in paths:
        if path not in kept and path.name != best:
            shutil.rmtree(path, ignore_errors=True)


def let_last(path: Path) -> bool:
    """Make a checkpoint count like any other; whether it was a passing one."""
    mark = path / PASSING
    was = mark.exists()
    mark.unlink(missing_ok=True)
    return was


def clean(folder: Path) -> None:
    """Remove temporaries that a killed process left behind. Call with the run locked."""
    for path in folder.glob(".tmp-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def set_aside(folder: Path, newer_than: int) -> None:
    """Rename checkpoints past the clock that a resume found whole: they are damaged."""
    for path in list(complete(folder)):
        if int(path.name) > newer_than:
            os.rename(path, folder / f"damaged-{path.name}-{os.getpid()}")


@torch.no_grad()
def weights(tensors: Mapping[str, Tensor], network: str, kind: str) -> dict[str, Tensor]:
    """A network's tensors by their names in it, whichever player held it.

    kind: ``network`` for the weights that were trained, ``average`` for their EMA copy.
    """
    mark = f".{kind}.{network}."
    return {name.split(mark, 1)[1]: value for name, value in tensors.items() if mark in name}


def restore(live: Mapping[str, Tensor], saved: Mapping[str, Tensor], what: str) -> None:
    """Copy saved tensors into the live ones, in place: their memory layout is part of exactness.

    Raises:
        CheckpointError: names or shapes differ; they are listed.
    """
    missing, surplus = sorted(live.keys() - saved.keys()), sorted(saved.keys() - live.keys())
    reshaped = [
        f"{name} {tuple(saved[name].shape)} -> {tuple(live[name].shape)}"
        for name in sorted(live.keys() & saved.keys())
        if live[name].shape != saved[name].shape or live[name].dtype != saved[name].dtype
    ]
    if missing or surplus or reshaped:
        lists = [("missing", missing), ("not in this recipe", surplus), ("changed", reshaped)]
        text = "; ".join(f"{label}: {_some(names)}" for label, names in lists if names)
        raise CheckpointError(f"{what} does not fit this recipe's networks ({text})")
    for name, tensor in live.items():
        tensor.copy_(saved[name])


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        found = manifest["format"]
        whole = {"bytes", "sha256"} <= manifest["files"][TENSORS].keys() and "numbers" in manifest
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole, found, manifest = False, 0, {}
    if not whole:
        raise CheckpointError(f"{path / MANIFEST} is missing or damaged")
    if found > FORMAT:
        raise CheckpointError(f"{path} has format {found}: update ganvas (this one reads {FORMAT})")
    said = manifest.pop("sha256", None)
    if said != _hash(_canonical(manifest)) or manifest["images"] != int(path.name):
        raise CheckpointError(f"{path / MANIFEST} is damaged: its SHA-256 is not its own")
    return manifest


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, sort_keys=True).encode()


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _some(names: list[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _latest_sentence(folder: Path) -> str:
    kept = list(complete(folder))
    return f"The run can be resumed from {kept[-1].name}." if kept else ""
