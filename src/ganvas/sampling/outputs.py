"""Where something may be written: only what ganvas wrote before is replaced."""

import warnings
import zipfile
from pathlib import Path

from PIL import Image

from ganvas import own_output
from ganvas.domains.writers import SAMPLE
from ganvas.errors import UsageError


def check_output(path: Path, *, overwrite: bool = False) -> str:
    """Whether something may be written to ``path``.

    Args:
        path: a file, or a folder of samples.
        overwrite: whether a file that ganvas did not write may be replaced.

    Returns:
        What a screen says of what was there: "", or that it is replaced.

    Raises:
        UsageError: there is something else than an earlier output of ganvas.
    """
    if path.is_dir():
        return ", in place of earlier ones" if _check_folder(path) else ""
    if not path.exists():
        return ""
    if not overwrite and not _is_ours(path):
        raise UsageError(
            f"{path} is there already, and ganvas did not draw it: give another name, or say "
            f"`overwrite=True`"
        )
    return ", in place of an earlier one"


def _check_folder(path: Path) -> bool:
    """Whether a folder holds earlier samples.

    Raises:
        UsageError: it holds anything else, a run's own sheets or a file of the user's among the
            samples included.
    """
    names = sorted(each.name for each in path.iterdir() if not each.name.startswith("."))
    for name in names:
        if not SAMPLE.fullmatch(name) or _mark(path / name) != "sample":
            raise UsageError(
                f"{path} holds files that `ganvas sample` did not draw ({name}): name an empty "
                f"folder, or a new one"
            )
    return bool(names)


def _is_ours(path: Path) -> bool:
    """Whether a file bears the mark of what ganvas writes."""
    try:
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                return archive.comment == own_output.comment("sample")
        if path.suffix == ".html":
            with open(path, "rb") as file:
                return own_output.PAGE_MARK.encode() in file.read(500)
    except (OSError, zipfile.BadZipFile):
        return False
    return bool(_mark(path))


def _mark(path: Path) -> str:
    """What a picture is marked as; "" where it is not, or is none that can be opened."""
    try:
        with warnings.catch_warnings():  # whatever is odd about it, it is not ours
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                return own_output.marked(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
