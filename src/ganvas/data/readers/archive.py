"""Images inside a .zip or .tar, read in memory one by one; nothing is ever written to disk.

A member named outside the archive (absolute, ``..``), a link, a device or a sparse file makes the
whole archive refused: no honest collection of images needs one.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ganvas.data.readers.files import MEMBER_BYTES, Entry, is_hidden, is_wanted
from ganvas.errors import DataError

TOTAL_BYTES = 8 << 30
HELD_BYTES = 1 << 30  # a tar's images up to this are kept between its two readings
RATIO = 200  # images hardly compress at all; deflate reaches 1,032 on zeros
RATIO_FROM = 64 << 20  # below this size a high ratio harms nobody
DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
    NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
DRIVE = re.compile(r"[A-Za-z]:")


class Zip:
    """A zip's members.  ``total_bytes``: refused above this many bytes uncompressed."""

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
        """The entries.  Errors: DataError for a hostile or damaged archive."""
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


class Tar:
    """A tar's members, plain or compressed, read as one stream from the start."""

    def __init__(self, path: Path, total_bytes: int = TOTAL_BYTES) -> None:
        self.path = path
        self.name = path.name
        self.identity = identity(path)
        self.others: list[str] = []
        self.above: tuple[str, ...] = ()
        self.total_bytes = total_bytes
        self._held: list[Entry] | None = None

    def entries(self) -> Iterator[Entry]:
        """The entries.  Errors: DataError for a hostile or damaged archive."""
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
    """The uncompressed stream of a file, which ends in a DataError where a bomb goes off."""

    def __init__(self, path: Path, raw: BinaryIO, total_bytes: int) -> None:
        self.path = path
        self.raw = raw
        self.total_bytes = total_bytes
        self.count = 0
        self.stream = uncompressed(raw)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.count += len(data)
        check_total(self.path, self.count, self.total_bytes, max(1, self.raw.tell()))
        return data


def uncompressed(raw: BinaryIO) -> BinaryIO:
    """By content, not by name."""
    start = raw.read(6)
    raw.seek(0)
    if start[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if start[:3] == b"BZh":
        return bz2.BZ2File(raw)  # type: ignore[return-value]
    if start == b"\xfd7zXZ\0":
        return lzma.LZMAFile(raw)  # type: ignore[return-value]
    return raw


def identity(path: Path) -> str:
    """Path, size and time: what tells whether a decoded copy still belongs to the archive."""
    status = path.stat()
    return f"{path.resolve()}-{status.st_size}-{status.st_mtime_ns}"


def checked_name(path: Path, name: str) -> str:
    """A member's name without a leading "./", a back-slash (of Windows) as a slash.

    Errors: DataError if it points outside.
    """
    plain = name.replace("\\", "/")
    if plain.startswith("/") or DRIVE.match(plain) or ".." in plain.split("/") or "\0" in name:
        raise refused(path, name, "points outside the archive")
    while plain.startswith("./"):
        plain = plain[2:]
    return plain


def check_total(path: Path, size: int, most: int, compressed: int) -> None:
    if size > most:
        raise DataError(
            f"{path}: more than {most / 2**30:.3g} GiB uncompressed; "
            "if you trust it, unpack it and give the folder"
        )
    if size > RATIO_FROM and size > RATIO * compressed:
        raise DataError(
            f"{path}: refused as an archive bomb, it expands more than {RATIO} times; "
            "if you trust it, unpack it and give the folder"
        )


def refused(path: Path, member: str, why: str) -> DataError:
    return DataError(
        f"{path}: refused, its member {member!r} {why}; "
        "if you trust it, unpack it and give the folder"
    )


def too_large(path: Path, member: str) -> DataError:
    return DataError(
        f"{path}: its member {member!r} is larger than {MEMBER_BYTES >> 20} MiB; "
        "leave it out, or unpack the archive and give the folder"
    )


@contextlib.contextmanager
def damage(path: Path) -> Iterator[None]:
    """Everything the readers raise on a damaged archive, as a DataError that names it."""
    try:
        yield
    except DAMAGE as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: damaged, or not such an archive ({text}); get it again") from None
