"""A screen that fails costs a warning, and nothing else."""

import warnings
from collections.abc import Callable
from typing import Any


class Guarded:
    """Calls what shows something; after the first failure, a warning, nothing more is shown.

    Args:
        otherwise: what goes on all the same, for the warning, such as "training goes on".
    """

    def __init__(self, otherwise: str) -> None:
        self._otherwise = otherwise
        self._is_broken = False

    def __call__(self, show: Callable[..., object], *what: Any) -> None:
        """Call ``show(*what)``, unless something failed before."""
        if self._is_broken:
            return
        try:
            show(*what)
        except Exception as error:
            self._is_broken = True
            text = f"nothing more is shown, {self._otherwise}: {type(error).__name__}: {error}"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
