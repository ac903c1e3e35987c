"""How two runs differ, for ``same_bits.py``: to the last bit, but for times."""

import difflib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

COMPARED = (
    "recipe.yaml", "run.json", "log.jsonl", "evaluations.jsonl", "checkpoints/*/manifest.json",
    "samples/*.png", "reals.png", "samples.png",
)  # fmt: skip
"""Files of a run, beside its newest tensors."""

OF_THIS_TIME = {
    "seconds", "images_per_second", "evaluation_seconds", "created", "versions", "subject",
    "log_bytes", "sha256", "files",
}  # fmt: skip
"""What no two runs agree on: times, how long they are when written, and where a run lies."""

GROWING = {"log.jsonl", "meter"}
"""Where the newer checkout may know more: the columns of a log, and what gathers them."""


def differences(old: Path, new: Path) -> list[str]:
    """How two runs differ, a line each; none where every bit is the same."""
    failed = [path.parent / "error.txt" for path in (old, new)]
    if any(path.exists() for path in failed):
        said = [path.read_text().splitlines()[-1] if path.exists() else "plays" for path in failed]
        return [f"old: {said[0]}", f"new: {said[1]}"]
    places = sorted({path.relative_to(run) for run in (old, new) for path in files(run)})
    others = [line for place in places for line in apart(old / place, new / place, str(place))]
    return [*tensors_apart(newest(old), newest(new)), *others]


def newest(run: Path) -> dict[str, Tensor]:
    """The tensors of a run's newest checkpoint."""
    folder = max(path for path in (run / "checkpoints").iterdir() if path.name.isdecimal())
    return {k: v for path in folder.glob("*.safetensors") for k, v in load_file(path).items()}


def tensors_apart(old: dict[str, Tensor], new: dict[str, Tensor]) -> list[str]:
    """Names, types and shapes that differ; then all whose bits do, in one line."""
    found, gaps = [], {}
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            found.append(f"{name} is only in the {'old' if name in old else 'new'} checkpoint")
            continue
        (a, b) = (old[name], new[name])
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            found.append(f"{name} was {a.dtype} {list(a.shape)}, is {b.dtype} {list(b.shape)}")
        elif not torch.equal(*(each.reshape(-1).view(torch.uint8) for each in (a, b))):
            gaps[name] = (a.double() - b.double()).abs().max().item()
    if gaps:
        most = max(gaps, key=lambda name: gaps[name])
        found.append(f"{len(gaps)} of {len(old)} tensors, by at most {gaps[most]:.1e} ({most})")
    return found


def files(run: Path) -> Iterator[Path]:
    """Those of a run that are compared, tensors aside."""
    return itertools.chain.from_iterable(run.glob(pattern) for pattern in COMPARED)


def apart(old: Path, new: Path, name: str) -> Iterator[str]:
    """How two files differ, times left out."""
    if not (old.exists() and new.exists()):
        yield f"{name} is missing from the {'new' if old.exists() else 'old'}"
    elif old.suffix in (".png", ".npz"):
        if old.read_bytes() != new.read_bytes():
            yield f"{name} has other bytes"
    elif old.suffix in (".json", ".jsonl"):
        yield from values_apart(records(old), records(new), name)
    else:
        yield from lines_apart(old, new, name)


def lines_apart(old: Path, new: Path, name: str) -> Iterator[str]:
    """Lines of a text that are gone (``-``) or new (``+``). A recipe may have settings more: those
    that the older checkout does not know yet."""
    before, after = (path.read_text().splitlines() for path in (old, new))
    for line in difflib.ndiff(before, after):
        if line.startswith("- ") or (line.startswith("+ ") and old.suffix != ".yaml"):
            yield f"{name}: {line}"


def records(path: Path) -> Any:
    """The values of a JSON file; a list of them where each line has its own."""
    text = path.read_text()
    whole = path.suffix == ".json"
    return json.loads(text) if whole else [json.loads(line) for line in text.splitlines()]


def values_apart(old: Any, new: Any, name: str) -> Iterator[str]:
    """Where two plain values differ, however deep."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        old, new = dict(enumerate(old, 1)), dict(enumerate(new, 1))
    if isinstance(old, dict) and isinstance(new, dict):
        if GROWING & set(name.split(", ")):
            new = {key: value for key, value in new.items() if key in old}
        keys = {**old, **new}.keys() - OF_THIS_TIME
        for key in (key for key in {**old, **new} if key in keys):
            yield from values_apart(old.get(key), new.get(key), f"{name}, {key}")
    elif repr(old) != repr(new):  # not a number equals itself here
        yield f"{name}: {str(old)[:60]} -> {str(new)[:60]}"
