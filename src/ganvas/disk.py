"""Writing files that are never left half written: temporary name, flush to the disk, rename."""

import contextlib
import errno
import os
import warnings
from pathlib import Path

from ganvas.errors import UserError

NOT_FOR_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)
"""Errors of file systems that cannot flush a folder (some on networks, some in user space)."""


def sync_folder(folder: Path) -> None:
    """Flush the list of a folder's entries to the disk, where the file system can do that.

    Raises:
        OSError: flushing failed, with the folder in its message.
    """
    if os.name == "nt":  # Windows has no such call and needs none
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NOT_FOR_FOLDERS:
            raise naming(error, folder) from None
    finally:
        os.close(handle)


def write_file(path: Path, content: bytes, *, flush: bool = True) -> None:
    """Write and flush a file in place, which suits files in a folder that is renamed afterwards.

    flush: wait until it is on the disk.

    Raises:
        OSError: writing failed, with the path in its message.
    """
    try:
        with open(path, "wb") as file:
            file.write(content)
            file.flush()
            if flush:
                os.fsync(file.fileno())
    except OSError as error:
        raise naming(error, path) from None


def replace_file(path: Path, content: bytes, *, flush: bool = True) -> None:
    """Replace a file in one step: a reader finds the old content or the new, never a part of it.

    flush: wait until it is on the disk. Without, a power cut may cost the file; a kill does not.

    Raises:
        OSError: writing failed, with the path in its message; the old content is still there.
    """
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        write_file(temporary, content, flush=flush)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if flush:
        sync_folder(path.parent)


class Tolerant:
    """Disk errors within cost a warning the first time, and nothing later.

    Args:
        path: what is written within, for the warning.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._has_warned = False

    def __enter__(self) -> "Tolerant":
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, OSError):
            return False
        if not self._has_warned:
            self._has_warned = True
            text = f"{self._path} was not written, training goes on: {error.strerror or error}"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        return True


def naming(error: OSError, path: Path) -> OSError:
    """The same error with its path, which an error of a write or a flush does not carry."""
    if error.filename or error.errno is None:
        return error
    return OSError(error.errno, error.strerror, str(path))


def explain(error: OSError, what: str, otherwise: str = "") -> UserError:
    """A disk error as a sentence that says what to do.

    what: the file or folder, as the message names it.
    otherwise: a sentence to end with.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"the disk is full: {what} was not written. Free some room. {otherwise}")
    return UserError(f"{what} was not written ({error.strerror or error}). {otherwise}")
