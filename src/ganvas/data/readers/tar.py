"""Images inside a .tar, plain or compressed, read in memory; nothing is ever written to disk."""

import bz2
import gzip
import io
import lzma
import tarfile
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

HELD_BYTES = 1 << 30
"""A tar's images up to so many bytes are kept between its two readings."""


class Tar:
    """The ``Files`` of a tar, which is read as one stream from its start.

    Args:
        path: the archive, plain or compressed.
        total_bytes: it is refused above this many bytes uncompressed.
    """

    def __init__(self, path: Path, total_bytes: int = TOTAL_BYTES) -> None:
        self.path = path
        self.name = path.name
        self.identity = identity(path)
        self.others: list[str] = []
        self.above: tuple[str, ...] = ()
        self.total_bytes = total_bytes
        self._held: list[Entry] | None = None

    def entries(self) -> Iterator[Entry]:
        """The entries, in the archive's order.

        Raises:
            DataError: the archive is hostile or damaged.
        """
        if self._held is not None:
            yield from self._held
            return
        held: list[Entry] | None = []
        size = 0
        self.others = []
        for name, data in self._members():
            entry = Entry(name, partial(io.BytesIO, data))
            size += len(data)
            if held is not None:
                held.append(entry)
                held = held if size <= HELD_BYTES else None
            yield entry
        self._held = held

    def _members(self) -> Iterator[tuple[str, bytes]]:
        with damage(self.path), open(self.path, "rb") as raw:
            counted = Counted(self.path, raw, self.total_bytes)
            with tarfile.open(fileobj=counted, mode="r|", errorlevel=2) as tar:  # type: ignore[call-overload]
                for member in tar:
                    yield from self._member(tar, member)
                    tar.members = []  # type: ignore[attr-defined]  # else it keeps them all

    def _member(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[tuple[str, bytes]]:
        name = checked_name(self.path, member.name)
        if member.isdir():
            return
        if not member.isfile() or member.issparse():
            raise refused(self.path, name, "is a link, a device or a sparse file")
        file = tar.extractfile(member)
        if is_hidden(name) or file is None:
            return
        start = b""

        def head() -> bytes:
            nonlocal start
            start = file.read(16)
            return start

        if not is_wanted(name, head):
            self.others.append(name)
            return
        if member.size > MEMBER_BYTES:
            raise too_large(self.path, name)
        data = start + file.read(MEMBER_BYTES)
        if len(data) < member.size:
            raise DataError(f"{self.path}: truncated within {name}; get the archive again")
        yield name, data


class Counted(io.RawIOBase):
    """The uncompressed stream of a file, which ends in a DataError where it expands too far."""

    def __init__(self, path: Path, raw: BinaryIO, total_bytes: int) -> None:
        self.path = path
        self.raw = raw
        self.total_bytes = total_bytes
        self.count = 0
        self.stream = uncompressed(raw)

    def readable(self) -> bool:
        """Always true; ``tarfile`` asks."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes more, which are counted."""
        data = self.stream.read(size)
        self.count += len(data)
        check_total(self.path, self.count, self.total_bytes, max(1, self.raw.tell()))
        return data


def uncompressed(raw: BinaryIO) -> BinaryIO:
    """The stream without its compression, which is known by its content, not by its name."""
    start = raw.read(6)
    raw.seek(0)
    if start[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if start[:3] == b"BZh":
        return bz2.BZ2File(raw)  # type: ignore[return-value]
    if start == b"\xfd7zXZ\0":
        return lzma.LZMAFile(raw)  # type: ignore[return-value]
    return raw
