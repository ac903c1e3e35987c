"""What makes an archive refused: members that point outside, bombs, damage.

No honest collection of images needs a member that is named outside the archive (absolute, ``..``),
a link, a device or a sparse file.
"""

import contextlib
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ganvas.data.files import MEMBER_BYTES
from ganvas.errors import DataError

TOTAL_BYTES = 8 << 30
"""The most that an archive may hold, uncompressed."""

RATIO = 200
"""How far an archive may expand. Images hardly compress; deflate reaches 1,032 on zeros."""

RATIO_FROM = 64 << 20
"""Bytes below which a high ratio does no harm."""

DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
    NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""All that libraries raise on a damaged archive."""

DRIVE = re.compile(r"[A-Za-z]:")


def identity(path: Path) -> str:
    """Path, size and time: what tells whether a decoded copy still belongs to the archive."""
    status = path.stat()
    return f"{path.resolve()}-{status.st_size}-{status.st_mtime_ns}"


def checked_name(path: Path, name: str) -> str:
    """A member's name without a leading "./", with a slash for a back-slash (of Windows).

    Raises:
        DataError: it points outside the archive.
    """
    plain = name.replace("\\", "/")
    if plain.startswith("/") or DRIVE.match(plain) or ".." in plain.split("/") or "\0" in name:
        raise refused(path, name, "points outside the archive")
    while plain.startswith("./"):
        plain = plain[2:]
    return plain


def check_total(path: Path, size: int, most: int, compressed: int) -> None:
    """Refuse an archive that is too large, or expands too far.

    Args:
        path: the archive.
        size: its bytes uncompressed, as far as they are known.
        most: how many there may be.
        compressed: the bytes that were read for them.

    Raises:
        DataError: it is refused.
    """
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
    """The error of an archive with a member that no honest one has."""
    return DataError(
        f"{path}: refused, its member {member!r} {why}; "
        "if you trust it, unpack it and give the folder"
    )


def too_large(path: Path, member: str) -> DataError:
    """The error of an archive with a member of more than ``MEMBER_BYTES``."""
    return DataError(
        f"{path}: its member {member!r} is larger than {MEMBER_BYTES >> 20} MiB; "
        "leave it out, or unpack the archive and give the folder"
    )


@contextlib.contextmanager
def damage(path: Path) -> Iterator[None]:
    """Turn whatever libraries raise on a damaged archive into a DataError that names it."""
    try:
        yield
    except DAMAGE as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: damaged, or not such an archive ({text}); get it again") from None
