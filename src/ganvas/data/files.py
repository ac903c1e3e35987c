"""What a folder and an archive have in common: entries that can be read again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

TABLES = ("labels.csv", "attributes.csv")
"""Tables of labels and attributes, which are read."""

LISTING = "dataset.json"
"""Labels as StyleGAN's tools write them, which are read."""

MEMBER_BYTES = 64 << 20
"""The most that one file of an archive, or one table, may hold."""

TABULAR = ("csv", "tsv", "jsonl", "xlsx", "parquet")
"""Endings of tables."""

ENDINGS = frozenset((
    "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff",
    "ppm", "pgm", "pbm", "pnm",
    # Never decoded, but people take them for images: named with a reason, not passed over.
    "eps", "svg", "avif", "heic", "heif", "jp2", "tga", "psd", "ico", "apng",
))  # fmt: skip
"""Endings of image files."""

BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
"""How the content of image files begins."""

SYSTEM = frozenset((
    "__macosx", "@eadir", "#recycle", "@recycle", "#snapshot", "$recycle.bin", "lost+found",
    "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini", "recycler", "recycled",
    "found.000", "@__thumb", "@recently-snapshot", "~snapshot",
))  # fmt: skip
"""What systems and network drives leave in folders of pictures: previews, rubbish bins."""


@dataclass(frozen=True)
class Entry:
    """One file of a folder or an archive.

    name: its POSIX path inside the source.
    open: opens it to read its bytes.
    stamp: another text when the file has changed; "" where the archive's own identity says so.
    """

    name: str
    open: Callable[[], BinaryIO]
    stamp: str = ""


class Files(Protocol):
    """A folder, a zip or a tar.

    name: what to call it on a screen.
    identity: another text for another folder, and for an archive that has changed.
    others: the names of the files that are no entries, once the entries have been gone through.
    above: the names of tables in the folder around it.
    """

    name: str
    identity: str
    others: list[str]
    above: tuple[str, ...]

    def entries(self) -> Iterator[Entry]:
        """The files that look like images, and tables of labels or attributes.

        It may be called again, and gives the same each time.
        """
        ...


def looks_like_image(ending: str, head: bytes) -> bool:
    """Whether a file may be an image, by its ending (no dot) or by how its content begins."""
    if ending.lower() in ENDINGS:
        return True
    return head.startswith(BEGINNINGS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def is_hidden(name: str) -> bool:
    """Whether a file is hidden: a leading dot anywhere in its path, or a system's own."""
    return any(part.startswith(".") or part.lower() in SYSTEM for part in name.split("/"))


def is_wanted(name: str, head: Callable[[], bytes]) -> bool:
    """Whether a file belongs among the entries; ``head`` gives its first bytes if need be."""
    base = name.rsplit("/", 1)[-1]
    if base in (*TABLES, LISTING):
        return True
    ending = base.rsplit(".", 1)[-1] if "." in base else ""
    return looks_like_image(ending, b"") or looks_like_image("", head())


def may_be_table(name: str) -> bool:
    """Whether a file that is not read may hold labels: a table, or called so."""
    base, _, ending = name.rpartition("/")[2].lower().rpartition(".")
    called = any(word in base for word in ("label", "attr", "annotation", "classes"))
    return ending in TABULAR or (called and ending in ("txt", "json", "mat"))
