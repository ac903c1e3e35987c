"""Writing so that nothing is ever half there: temporary name, flush to the disk, rename."""

import contextlib
import errno
import os
from pathlib import Path

from ganvas.errors import UserError

NOT_FOR_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)
"""What file systems say that cannot flush a folder (some of networks, and of user space)."""


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries, where that can be done."""
    if os.name == "nt":  # it has no such call and needs none
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NOT_FOR_FOLDERS:
            raise naming(error, folder) from None
    finally:
        os.close(handle)


def write_file(path: Path, content: bytes) -> None:
    """Write and flush a file (in place: for files inside a folder not yet renamed)."""
    try:
        with open(path, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise naming(error, path) from None


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file at once, so that a reader sees the old or the new, never a part."""
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        write_file(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def naming(error: OSError, path: Path) -> OSError:
    """The same error with the path it is about: a write or a flush on its own does not know it."""
    if error.filename or error.errno is None:
        return error
    return OSError(error.errno, error.strerror, str(path))


def explain(error: OSError, what: str, otherwise: str = "") -> UserError:
    """A disk error as a sentence that says what to do; ``what`` names the place."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"the disk is full: {what} was not written. Free some room. {otherwise}")
    return UserError(f"{what} was not written ({error.strerror or error}). {otherwise}")
