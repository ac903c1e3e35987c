"""Train, measure, understand and ship generative adversarial networks.

import ganvas
run = ganvas.train("mnist", minutes=5)
images = run.sample(64, seed=0)          # uint8 [64, H, W, C]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganvas.errors import UserError as UserError
    from ganvas.recipes.parts import register as register
    from ganvas.recipes.recipe import Recipe as Recipe
    from ganvas.runs.evaluate import evaluate as evaluate
    from ganvas.runs.run import Run as Run
    from ganvas.runs.run import Run as load
    from ganvas.runs.training import resume as resume
    from ganvas.runs.training import train as train

_PLACES = {
    "Recipe": ("ganvas.recipes.recipe", "Recipe"),
    "Run": ("ganvas.runs.run", "Run"),
    "UserError": ("ganvas.errors", "UserError"),
    "evaluate": ("ganvas.runs.evaluate", "evaluate"),
    "load": ("ganvas.runs.run", "Run"),
    "register": ("ganvas.recipes.parts", "register"),
    "resume": ("ganvas.runs.training", "resume"),
    "train": ("ganvas.runs.training", "train"),
}

__all__ = ["Recipe", "Run", "UserError", "evaluate", "load", "register", "resume", "train"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Lazy, because torch takes seconds to import and `ganvas --help` should not.
    if name not in _PLACES:
        raise AttributeError(f"module 'ganvas' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
