"""A user's own Python file, run on the user's word, its hash written into the run."""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from ganvas.errors import UsageError
from ganvas.features.network import file_hash

_loaded: set[str] = set()


def load_file(path: str | Path) -> dict[str, str]:
    """Run a plug-in file (it calls ``ganvas.register``); returns its path and hash.

    Raises:
        UsageError: there is no such file, or it fails.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise UsageError(f"there is no plug-in file {path}")
    digest = file_hash(file)
    if digest not in _loaded:
        name = f"ganvas_plugin_{file.stem}"
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise UsageError(f"{path} is not a Python file")
        # Dataclasses, annotations as text and pickles look a class up in its module.
        sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except Exception as error:
            del sys.modules[name]
            raise UsageError(f"the plug-in {path} failed: {error}") from error
        _loaded.add(digest)
    return {str(file): digest}


def require(plugins: Mapping[str, str]) -> None:
    """Check that the plug-ins a run was made with have been named again by the user.

    They are never run because a run folder says so: it may come from anywhere.

    Raises:
        UsageError: one has not been named, or has changed.
    """
    for path, digest in plugins.items():
        if digest not in _loaded:
            raise UsageError(
                f"this run uses a plug-in, {Path(path).name}: name it with `plugin=FILE` "
                f"(it will be run); it must not have changed since"
            )
