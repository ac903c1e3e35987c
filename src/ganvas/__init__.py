"""Train, measure, understand and ship generative adversarial networks.

import ganvas
run = ganvas.train("mnist", minutes=5)
images = run.sample(64, seed=0)          # uint8 [64, H, W, C]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganvas.version import __version__ as __version__

if TYPE_CHECKING:
    from ganvas.errors import UserError as UserError
    from ganvas.extend.register import register as register
    from ganvas.recipes.recipe import Recipe as Recipe
    from ganvas.report.compare.comparison import Comparison as Comparison
    from ganvas.report.compare.comparison import compare as compare
    from ganvas.report.evaluate import evaluate as evaluate
    from ganvas.store.run import Run as Run
    from ganvas.store.run import Run as load
    from ganvas.training.resume import resume as resume
    from ganvas.training.train import train as train

_PLACES = {
    "Comparison": ("ganvas.report.compare.comparison", "Comparison"),
    "Recipe": ("ganvas.recipes.recipe", "Recipe"),
    "Run": ("ganvas.store.run", "Run"),
    "UserError": ("ganvas.errors", "UserError"),
    "compare": ("ganvas.report.compare.comparison", "compare"),
    "evaluate": ("ganvas.report.evaluate", "evaluate"),
    "load": ("ganvas.store.run", "Run"),
    "register": ("ganvas.extend.register", "register"),
    "resume": ("ganvas.training.resume", "resume"),
    "train": ("ganvas.training.train", "train"),
}

__all__ = ["Comparison", "Recipe", "Run", "UserError", "compare", "evaluate", "load", "register"]
__all__ += ["resume", "train"]


def __getattr__(name: str) -> Any:
    # Lazy, because torch takes seconds to import and `ganvas --help` should not.
    if name not in _PLACES:
        raise AttributeError(f"module 'ganvas' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
