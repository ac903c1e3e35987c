"""Writing so that nothing is ever half there: temporary name, flush to the disk, rename."""

import errno
import os
from pathlib import Path

from ganvas.errors import UserError


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path: Path, content: bytes) -> None:
    """Write and flush a file (in place: for files inside a folder not yet renamed)."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file at once, so that a reader sees the old or the new, never a part."""
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        write_file(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def explain(error: OSError, what: str, otherwise: str = "") -> UserError:
    """A disk error as a sentence that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"the disk is full: {what} was not written. Free some room. {otherwise}")
    return UserError(f"{what} was not written ({error.strerror or error}). {otherwise}")
