"""Run folders: numbered, never overwritten, locked while in use."""

import contextlib
import errno
import re
import shutil
import warnings
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ganvas.disk import explain, replace_file
from ganvas.domains.pictures import inline
from ganvas.errors import RunBusy, UsageError, UserError
from ganvas.recipes import flat, yaml
from ganvas.recipes.recipe import Recipe

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What may name a run."""

NUMBERED = re.compile(r"(\d{4,})-(.+)")
"""What a run's folder is called: its number and its name."""


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
            with begun(path):
                for inner in ("samples", "checkpoints"):
                    (path / inner).mkdir()
            return path
    except OSError as error:
        raise explain(error, f"a run folder in {out}", "Choose another place with `out`.") from None


def write_recipe(path: Path, recipe: Recipe) -> None:
    """Write, or replace at once, the recipe of a run folder.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    file = path / "recipe.yaml"
    try:
        replace_file(file, yaml.write(flat.to_plain(recipe)).encode())
    except OSError as error:
        raise explain(error, str(file)) from None


def settings(path: Path) -> dict[str, Any]:
    """The recipe of a run folder as plain data, which needs no part of anybody's own."""
    file = path / "recipe.yaml"
    return yaml.read(file.read_text(encoding="utf-8"), str(file))


@contextlib.contextmanager
def begun(path: Path) -> Iterator[None]:
    """Remove a new run's folder again if something fails within before its first checkpoint."""
    try:
        yield
    except BaseException:
        if not any((path / "checkpoints").glob("[0-9]*")):
            shutil.rmtree(path, ignore_errors=True)
        raise


def is_run(path: Path) -> bool:
    """Whether ``path`` is the folder of a run."""
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


def grids(path: Path) -> dict[int, Path]:
    """A run's sample grids by clock, oldest first."""
    found = (path / "samples").glob("*.png")
    return {int(p.stem): p for p in sorted(found) if p.stem.isdecimal()}


def newest_sheet(path: Path) -> Path | None:
    """The newest picture of a run's samples; None where there is none yet."""
    sheets = [*grids(path).values(), path / "samples.png"]
    return max(filter(Path.is_file, sheets), key=lambda sheet: sheet.stat().st_mtime, default=None)


def as_html(path: Path, facts: str) -> str:
    """The newest picture of a run's samples, where there is one, and what the run is, for a
    notebook."""
    sheet, style = newest_sheet(path), "image-rendering:pixelated;max-width:480px"
    picture = "" if sheet is None else f'<img style="{style}" src="{inline(sheet)}"><br>'
    return f"<div>{picture}{escape(facts)}</div>"


def delete(path: Path) -> None:
    """Delete a run's folder, unless a process is using it.

    Raises:
        RunBusy: a process is using it.
        UserError: it was not wholly deleted.
    """
    with Lock(path):
        pass
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise UserError(f"{path} was not wholly deleted: {error}") from None


def size(path: Path) -> int:
    """Bytes that a run's folder takes on disk."""
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file() and not p.is_symlink())


NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)
"""What file systems without locks say; only of one that is held do others say that it is busy."""


class Lock:
    """Exclusive use of a run folder; the operating system frees it however the process ends.

    Where the file system knows no locks, a warning takes their place.

    Raises:
        RunBusy: another process has it.
        UserError: the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path / "lock"
        # No soft lock instead: it would outlive a kill, and the run could not be resumed elsewhere.
        self._lock = FileLock(self.path, timeout=0, fallback_to_soft=False)

    def __enter__(self) -> "Lock":
        """Take the folder."""
        try:
            self._lock.acquire()
        except Timeout:
            raise RunBusy(f"{self.path.parent} is in use by another process") from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise explain(error, str(self.path), "Is the run folder read-only?") from None
            warnings.warn(
                f"the file system of {self.path.parent} knows no locks ({error.strerror}): see to "
                f"it that no second process uses this run",
                RuntimeWarning,
                stacklevel=2,
            )
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._lock.release()
