"""What ganvas itself has drawn, marked so that no later training takes it for data."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, get_args

from PIL import Image
from PIL.PngImagePlugin import PngInfo

PAGE_MARK = '<meta name="generator" content="ganvas">'
"""The mark of a page of ours: it may be replaced by another."""
KEY = "ganvas"
DESCRIPTION = 0x010E  # of EXIF
SHEETS = ("contact-sheet.png", "grid.png", "samples.png", "neighbours.png", "bench.png")
"""Usual names of sheets; older versions did not mark them."""

Kind = Literal["sheet", "sample"]


def mark(kind: Kind) -> PngInfo:
    """For ``pnginfo=`` of a picture saved as PNG: a sheet of many, or one sample."""
    text = PngInfo()
    text.add_text(KEY, kind)
    return text


def comment(kind: Kind) -> bytes:
    """The same for ``comment=`` of a GIF."""
    return f"{KEY} {kind}".encode()


def exif(kind: Kind) -> bytes:
    """The same for ``exif=`` of a WebP."""
    block = Image.Exif()
    block[DESCRIPTION] = f"{KEY} {kind}"
    return block.tobytes()


def marked(image: Image.Image) -> str:
    """What a picture is marked as; "" where it is not."""
    said = image.info.get(KEY)
    for kind in get_args(Kind):
        inside = (image.info.get(place) for place in ("comment", "exif"))
        if said == kind or any(isinstance(t, bytes) and comment(kind) in t for t in inside):
            return kind
    return ""


def run_folders(names: Iterable[str]) -> set[str]:
    """The folders, "" or ending in "/", that hold a run's ``run.json`` and ``recipe.yaml``."""
    tops = [name.rpartition("/") for name in names]
    found = [
        {folder + slash for folder, slash, base in tops if base == wanted}
        for wanted in ("run.json", "recipe.yaml")
    ]
    return found[0] & found[1]


def below(name: str, folders: Collection[str]) -> bool:
    """Whether a file lies in one of ``folders`` or deeper."""
    parts = name.split("/")[:-1]
    return any("".join(f"{part}/" for part in parts[:depth]) in folders
               for depth in range(len(parts) + 1))  # fmt: skip


def own_pictures(marks: Mapping[str, str], runs: Collection[str]) -> set[str]:
    """Of all pictures, by name with their mark, those that are no data: sheets, what lies in run
    folders, and single samples, unless there is nothing else."""
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
    """The folder, "" or ending in "/", that a file, or a folder, lies in."""
    above, slash, _ = name.removesuffix("/").rpartition("/")
    return above + slash
