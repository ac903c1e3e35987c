"""A feature network of the user's own, named ``module:callable`` or ``FILE.py:callable``."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from ganvas import own_code
from ganvas.errors import UsageError
from ganvas.features.features import OWN, hash_of_source, reading
from ganvas.features.network import FeatureNetwork, Origin, file_hash


def custom(name: str) -> FeatureNetwork:
    """The callable that ``module:callable``, or ``FILE.py:callable``, names.

    It takes items in network form [N, ...] as they are, such as images [N, C, H, W] in [-1, 1], and
    returns features [N, d], or a pair of features and logits [N, K]. The hash is that of the file
    it stands in.

    Raises:
        UsageError: it cannot be imported, or is not callable.
    """
    place, _, attribute = name.rpartition(":")
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
        read = getattr(module, attribute)
    except Exception as error:  # whatever the user's own file raises
        raise UsageError(f"`features={name}`: {own_code.described(error)}") from error
    origin = Origin(name, OWN, hash_of_source(module), None, "none: as they are")
    return FeatureNetwork(origin, reading(read, name), reads=None)


def _from_name(name: str) -> ModuleType:
    """A module that lies here or is installed."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(here)


def _from_file(path: Path) -> ModuleType:
    """The module that a file is: as a plug-in, where it is one, or else executed once for each
    text.

    Raises:
        FileNotFoundError: there is no such file.
    """
    file, digest = path.resolve(), file_hash(path)
    name = f"ganvas_features_{digest[7:23]}"
    for known in (f"ganvas_plugin_{file.stem}", name):
        module = sys.modules.get(known)
        if module is not None and module.__file__ == str(file):
            return module
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # dataclasses look there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
