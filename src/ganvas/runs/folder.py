"""Run folders: numbered, never overwritten, locked while in use."""

import os
import re
import shutil
from pathlib import Path
from typing import IO

from ganvas.errors import RunBusy, UsageError, UserError
from ganvas.recipes import reading, yaml
from ganvas.recipes.recipe import Recipe
from ganvas.runs.disk import explain, replace_file

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NUMBERED = re.compile(r"(\d{4,})-(.+)")


def check_name(name: str) -> str:
    """The name, if it may stand in a folder's name.

    Raises:
        UsageError: anything but 1 to 64 letters, digits, dots, dashes and underscores.
    """
    if not NAME.fullmatch(name):
        shown = repr(name if len(name) <= 40 else name[:40] + "…")
        raise UsageError(
            f"{shown} cannot name a run: use 1 to 64 letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit"
        )
    return name


def create(out: Path, name: str) -> Path:
    """A new folder ``out/NNNN-name`` with the next free number.

    Raises:
        UserError: the place cannot be written; nothing has been trained yet.
    """
    check_name(name)
    try:
        out.mkdir(parents=True, exist_ok=True)
        while True:
            numbers = [int(m[1]) for p in out.iterdir() if (m := NUMBERED.fullmatch(p.name))]
            path = out / f"{max(numbers, default=0) + 1:04d}-{name}"
            try:
                path.mkdir()
            except FileExistsError:
                continue  # another process took this number
            for inner in ("samples", "checkpoints"):
                (path / inner).mkdir()
            return path
    except OSError as error:
        raise explain(error, f"a run folder in {out}", "Choose another place with --out.") from None


def write_recipe(path: Path, recipe: Recipe) -> None:
    """Write, or replace at once, the recipe of a run folder.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    file = path / "recipe.yaml"
    try:
        replace_file(file, yaml.write(reading.to_plain(recipe)).encode())
    except OSError as error:
        raise explain(error, str(file)) from None


def is_run(path: Path) -> bool:
    return (path / "recipe.yaml").is_file() and (path / "run.json").is_file()


def find(run: str | Path) -> Path:
    """The folder of a run.

    Raises:
        UsageError: there is no run there.
    """
    path = Path(run)
    if is_run(path):
        return path
    if path.is_dir() and (inside := all_runs(path)):
        names = ", ".join(p.name for p in inside[-3:])
        raise UsageError(f"{path} is not a run but holds some: {names}; name one of them")
    what = "is not a run (no recipe.yaml)" if path.exists() else "does not exist"
    raise UsageError(f"{path} {what}: see `ganvas runs list`")


def all_runs(out: Path) -> list[Path]:
    """Every run in a folder, oldest number first."""
    if not out.is_dir():
        return []
    return sorted(path for path in out.iterdir() if path.is_dir() and is_run(path))


def delete(path: Path) -> None:
    """Delete a run's folder, unless a process is using it."""
    with Lock(path):
        pass
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise UserError(f"{path} was not wholly deleted: {error}") from None


def size(path: Path) -> int:
    """Bytes on disk."""
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file() and not p.is_symlink())


class Lock:
    """Exclusive use of a run folder; the operating system frees it however the process ends.

    Raises:
        RunBusy: another process has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path / "lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> "Lock":
        try:
            file = open(self.path, "a+", encoding="utf-8")
        except OSError as error:
            raise explain(error, str(self.path), "Is the run folder read-only?") from None
        try:
            _lock(file)
        except OSError:
            file.close()
            raise RunBusy(f"{self.path.parent} is in use by another process") from None
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file: IO[str]) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
