"""The images in a folder and its sub-folders, in an order that no machine changes."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ganvas.data.files import LISTING, TABLES, Entry, is_hidden, is_wanted
from ganvas.errors import DataError


class Folder:
    """The ``Files`` of a folder and its sub-folders, sorted by their POSIX path.

    Hidden files are passed over, and so is what is not a plain file (a FIFO would never end).
    A link to a folder is followed once, and only out of the source: a link back into it, or to a
    folder above it, would be a loop or a repeat.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.resolve().name or str(path)
        self.identity = str(path.resolve())
        self.others: list[str] = []
        around = path.resolve().parent
        self.above = tuple(name for name in (*TABLES, LISTING) if os.path.isfile(around / name))
        self._listed: list[Entry] | None = None

    def entries(self) -> Iterator[Entry]:
        """The entries, in order.

        Raises:
            DataError: the folder, or one in it, cannot be listed.
        """
        if self._listed is None:
            self.others = []
            self._listed = sorted(self._walk(self.path, ""), key=lambda entry: entry.name)
        yield from self._listed

    def _walk(self, folder: Path, prefix: str, visited: set[str] | None = None) -> Iterator[Entry]:
        visited = {self.identity} if visited is None else visited
        try:
            items = sorted(os.scandir(folder), key=lambda item: item.name)
        except OSError as error:
            raise DataError(
                f"{folder}: cannot be listed ({error.strerror}); mend its permissions"
            ) from None
        for item in items:
            name = prefix + item.name.replace("\\", "/")  # from archives unpacked elsewhere
            if is_hidden(name):
                continue
            if is_folder(item):
                if not item.is_symlink() or self._leads_out(item.path, visited):
                    yield from self._walk(Path(item.path), name + "/", visited)
            elif entry := self._entry(item, name):
                yield entry

    def _leads_out(self, link: str, visited: set[str]) -> bool:
        target = os.path.realpath(link)
        inside = any(is_below(target, known) for known in visited)
        if inside or is_below(self.identity, target):
            return False
        visited.add(target)
        return True

    def _entry(self, item: os.DirEntry[str], name: str) -> Entry | None:
        broken = item.is_symlink() and not os.path.exists(item.path)
        if not (broken or item.is_file()) or not is_wanted(name, partial(head, item.path)):
            self.others.append(name)
            return None
        stamp = "" if broken else f"{item.stat().st_size}-{item.stat().st_mtime_ns}"
        return Entry(name, partial(open_file, item.path), stamp)


def is_folder(item: os.DirEntry[str]) -> bool:
    """Whether an item of a folder is a folder; a link that leads in a circle is none."""
    try:
        return item.is_dir()
    except OSError:
        return False


def is_below(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or lies in it (both already real paths)."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def head(path: str) -> bytes:
    """A file's first bytes; none where it cannot be opened."""
    try:
        with open(path, "rb") as file:
            return file.read(16)
    except OSError:
        return b""


def open_file(path: str) -> BinaryIO:
    """Open a file to read its bytes."""
    return open(path, "rb")
