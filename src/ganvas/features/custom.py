"""A feature network of the user's own, named ``module:callable``."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.features.network import FeatureNetwork, Origin, Reading, file_hash


def custom(name: str) -> FeatureNetwork:
    """The callable that ``module:callable`` names, imported from here or from what is installed.

    It takes float images [N, C, H, W] in [-1, 1], at their own size, and returns features [N, d],
    or a pair of features and logits [N, K]. The hash is that of the file it stands in.

    Raises:
        UsageError: it cannot be imported, or is not callable.
    """
    module_name, _, attribute = name.partition(":")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        read = getattr(importlib.import_module(module_name), attribute)
    except Exception as error:  # whatever the user's own file raises
        raise UsageError(f"`features={name}`: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(here)
    if not callable(read) or isinstance(read, type):
        raise UsageError(
            f"`features={name}` is not callable: name a function or a network (not a class)"
        )
    try:
        digest = file_hash(Path(inspect.getfile(sys.modules[module_name])))
    except (TypeError, OSError):
        digest = "none"
    origin = Origin(name, "own", digest, None, "none: as they are")
    return FeatureNetwork(origin, _reading(read, name))


def _reading(read: Callable[[Tensor], object], name: str) -> Callable[[Tensor], Reading]:
    def call(images: Tensor) -> Reading:
        found = read(images)
        features, logits = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
        if not isinstance(features, Tensor) or features.ndim != 2 or len(features) != len(images):
            raise UsageError(f"`features={name}` must return features [N, d] for N images")
        return Reading(features, logits)

    if not isinstance(read, nn.Module):
        return call

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = read

        def forward(self, images: Tensor) -> Reading:
            return call(images)

    return Wrapped()
