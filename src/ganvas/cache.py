"""Where downloaded and decoded data are kept: GANVAS_CACHE, or the platform's cache folder.

Where no cache can be written (no home folder, a read-only disk), a temporary folder of this process
stands in for it, with a warning: that costs time, and ends nothing.
"""

import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path

import platformdirs


def cache_path(*names: str) -> Path:
    """The path of a file in the cache, to read or to write; its folder exists afterwards.

    names: folders below the cache, then the file's name.
    """
    folder = _chosen()
    if folder is not None:
        path = folder.joinpath(*names)
        if path.exists() or _writable(path.parent):
            return path
    path = _stand_in(folder).joinpath(*names)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _chosen() -> Path | None:
    if named := os.environ.get("GANVAS_CACHE"):
        return Path(os.path.expanduser(named))
    try:
        folder = platformdirs.user_cache_path("ganvas", appauthor=False)
    except (RuntimeError, OSError, KeyError):  # there is no home folder
        return None
    return folder if folder.is_absolute() else None


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


@cache
def _stand_in(instead_of: Path | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ganvas-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    what = "there is no home folder" if instead_of is None else f"{instead_of} cannot be written"
    warnings.warn(
        f"{what}, so what is downloaded, decoded or tried out is forgotten at the end: set "
        f"GANVAS_CACHE to a folder of yours",
        RuntimeWarning,
        stacklevel=3,
    )
    return folder
