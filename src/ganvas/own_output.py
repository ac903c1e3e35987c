"""Pictures that ganvas itself wrote are marked, so that no later training takes them for data."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, get_args

from PIL import Image
from PIL.PngImagePlugin import PngInfo

PAGE_MARK = '<meta name="generator" content="ganvas">'
"""The mark of our pages: a page that has it may be overwritten by a new one."""
KEY = "ganvas"
"""The name of the mark in a PNG, and its first word elsewhere."""
DESCRIPTION = 0x010E
"""The tag ImageDescription of EXIF."""
SHEETS = ("contact-sheet.png", "grid.png", "samples.png", "neighbours.png", "bench.png")
"""Usual names of sheets, by which those of older versions are known: they have no mark."""

Kind = Literal["sheet", "sample"]
"""What a picture is: many samples on one sheet, or one sample."""


def mark(kind: Kind) -> PngInfo:
    """The mark of a PNG, for ``pnginfo=`` of ``Image.save``."""
    text = PngInfo()
    text.add_text(KEY, kind)
    return text


def comment(kind: Kind) -> bytes:
    """The mark of a GIF, for ``comment=`` of ``Image.save``."""
    return f"{KEY} {kind}".encode()


def exif(kind: Kind) -> bytes:
    """The mark of a WebP, for ``exif=`` of ``Image.save``."""
    block = Image.Exif()
    block[DESCRIPTION] = f"{KEY} {kind}"
    return block.tobytes()


def marked(image: Image.Image) -> str:
    """What an opened picture is marked as; "" if it has no mark."""
    said = image.info.get(KEY)
    for kind in get_args(Kind):
        inside = (image.info.get(place) for place in ("comment", "exif"))
        if said == kind or any(isinstance(t, bytes) and comment(kind) in t for t in inside):
            return kind
    return ""


def run_folders(names: Iterable[str]) -> set[str]:
    """The folders of runs: those that hold a ``run.json`` and a ``recipe.yaml``.

    names: paths of files below a source, with "/". Folders are "" or end in "/".
    """
    tops = [name.rpartition("/") for name in names]
    found = [
        {folder + slash for folder, slash, base in tops if base == wanted}
        for wanted in ("run.json", "recipe.yaml")
    ]
    return found[0] & found[1]


def below(name: str, folders: Collection[str]) -> bool:
    """Whether a file lies in one of ``folders``, at any depth."""
    parts = name.split("/")[:-1]
    return any("".join(f"{part}/" for part in parts[:depth]) in folders
               for depth in range(len(parts) + 1))  # fmt: skip


def own_pictures(marks: Mapping[str, str], runs: Collection[str]) -> set[str]:
    """The pictures of a source that ganvas wrote, which are no data.

    These are sheets, all in run folders, and single samples; but where a source holds nothing else
    than single samples, they are its data.

    marks: the mark of every picture by its path.
    runs: the run folders, as ``run_folders`` gives them.
    """
    inside = {name for name in marks if below(name, runs)}
    beside = {parent(run) for run in runs} | {parent(parent(run)) for run in runs}
    sheets = {
        name
        for name, kind in marks.items()
        if kind == "sheet" or (name.rpartition("/")[2] in SHEETS and parent(name) in beside)
    }
    samples = {name for name, kind in marks.items() if kind == "sample"} - inside
    found = inside | sheets
    return found if set(marks) == found | samples else found | samples


def parent(name: str) -> str:
    """The folder that a file or a folder lies in, "" or ending in "/"."""
    above, slash, _ = name.removesuffix("/").rpartition("/")
    return above + slash
