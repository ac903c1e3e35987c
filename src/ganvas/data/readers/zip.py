"""Images inside a .zip, read in memory one by one; nothing is ever written to disk."""

import io
import stat
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ganvas.data.files import MEMBER_BYTES, Entry, is_hidden, is_wanted
from ganvas.data.readers.archive_checks import (
    TOTAL_BYTES,
    check_total,
    checked_name,
    damage,
    identity,
    refused,
    too_large,
)
from ganvas.errors import DataError


class Zip:
    """The ``Files`` of a zip.

    Args:
        path: the archive.
        total_bytes: it is refused above this many bytes uncompressed.

    Raises:
        DataError: it is damaged.
    """

    def __init__(self, path: Path, total_bytes: int = TOTAL_BYTES) -> None:
        self.path = path
        self.name = path.name
        self.identity = identity(path)
        self.others: list[str] = []
        self.above: tuple[str, ...] = ()
        self.total_bytes = total_bytes
        with damage(path):
            self._zip = zipfile.ZipFile(path)

    def entries(self) -> Iterator[Entry]:
        """The entries, in the archive's order.

        Raises:
            DataError: the archive is hostile or damaged.
        """
        self.others = []
        members = [member for member in self._zip.infolist() if not member.is_dir()]
        total = sum(member.file_size for member in members)
        check_total(self.path, total, self.total_bytes, self.path.stat().st_size)
        for member in members:
            name = checked_name(self.path, member.filename)
            if stat.S_ISLNK(member.external_attr >> 16):
                raise refused(self.path, name, "is a link")
            if member.flag_bits & 1:
                raise DataError(f"{self.path}: {name!r} is encrypted; pack it without a password")
            if is_hidden(name) or name.endswith("/"):
                continue
            if not is_wanted(name, partial(self._read, member, 16)):
                self.others.append(name)
                continue
            if member.file_size > MEMBER_BYTES:
                raise too_large(self.path, name)
            yield Entry(name, partial(self._open, member))

    def _read(self, member: zipfile.ZipInfo, count: int) -> bytes:
        with damage(self.path), self._zip.open(member) as file:
            return file.read(count)

    def _open(self, member: zipfile.ZipInfo) -> BinaryIO:
        return io.BytesIO(self._read(member, MEMBER_BYTES))
