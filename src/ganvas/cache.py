"""Where downloaded and decoded data are kept: GANVAS_CACHE, or the platform's cache folder."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The cache folder's path (it may not exist yet)."""
    if chosen := os.environ.get("GANVAS_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "ganvas" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ganvas"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganvas"
