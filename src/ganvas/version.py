"""Versions: ours, and those of the packages that metrics depend on. Imports nothing slow."""

import platform
from importlib import metadata

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that metrics depend on, by name."""
    import numpy as np
    import torch

    return {
        "python": platform.python_version(),
        "ganvas": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        # Not imported for its number alone: that takes more than a second.
        "torchvision": metadata.version("torchvision"),
    }
