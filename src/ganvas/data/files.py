"""What a folder and an archive have in common: a list of entries that can be read again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

TABLES = ("labels.csv", "attributes.csv")
LISTING = "dataset.json"
MEMBER_BYTES = 64 << 20
TABULAR = ("csv", "tsv", "jsonl", "xlsx", "parquet")
ENDINGS = frozenset((
    "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff",
    "ppm", "pgm", "pbm", "pnm",
    # Never decoded, but people take them for images: named with a reason, not passed over.
    "eps", "svg", "avif", "heic", "heif", "jp2", "tga", "psd", "ico", "apng",
))  # fmt: skip
BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
SYSTEM = frozenset((
    "__macosx", "@eadir", "#recycle", "@recycle", "#snapshot", "$recycle.bin", "lost+found",
    "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini", "recycler", "recycled",
    "found.000", "@__thumb", "@recently-snapshot", "~snapshot",
))  # fmt: skip
"""What systems and network drives leave in folders of pictures: previews, rubbish bins."""


@dataclass(frozen=True)
class Entry:
    """One file: its POSIX path inside the source, how to open it, a stamp that tells changes."""

    name: str
    open: Callable[[], BinaryIO]
    stamp: str = ""


class Files(Protocol):
    """A folder, a zip or a tar: ``entries`` may be called again and gives the same each time.

    Only files that look like images, and tables of labels or attributes, are among the entries;
    ``others`` are the names of the rest, once the entries have been gone through; ``above`` those
    of tables that lie in the folder around it.
    """

    name: str
    identity: str
    others: list[str]
    above: tuple[str, ...]

    def entries(self) -> Iterator[Entry]: ...


def looks_like_image(ending: str, head: bytes) -> bool:
    """Whether a file should be tried: by its ending (no dot) or by how its content begins."""
    if ending.lower() in ENDINGS:
        return True
    return head.startswith(BEGINNINGS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def is_hidden(name: str) -> bool:
    """Hidden by convention: a leading dot anywhere in the path, or a system's own."""
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
