"""Where in a user's own code an error came from: the file, the line, and what stands there."""

import linecache
import os
import sys
import traceback
from pathlib import Path
from typing import Any

INSTALLED = ("site-packages", "dist-packages")
"""Folders of what is installed: no code in them is the user's own."""

HERE = Path(__file__).parent
STANDARD = Path(os.__file__).parent


def described(error: BaseException) -> str:
    """An error in one line, and its ``place`` where it has one.

    Such as ``ValueError: no such mode (mine.py, line 12: raise ValueError("no such mode"))``.
    """
    found, text = place(error), error.msg if isinstance(error, SyntaxError) else str(error)
    first = text.strip().split("\n")[0]
    said = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return said if found is None else f"{said} ({found})"


def place(error: BaseException) -> str | None:
    """The innermost line of a user's own code that was running, such as ``mine.py, line 12: x =
    self.net(z)``; None where only ganvas and what is installed were."""
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename):
        return in_words(error.filename, error.lineno or 1)
    frames = reversed(list(traceback.walk_tb(error.__traceback__)))
    for frame, line in frames:
        if is_own(frame.f_code.co_filename):
            return in_words(frame.f_code.co_filename, line)
    return None


def in_words(file: str, line: int) -> str:
    """A line of a file, and what stands there."""
    is_cell = file.startswith("<ipython") or "ipykernel_" in file
    name = "this notebook" if is_cell else Path(file).name
    linecache.checkcache(file)  # it may have been edited since a line of it was read
    text = linecache.getline(file, line).strip()
    return f"{name}, line {line}: {text}" if text else f"{name}, line {line}"


def definition(function: Any) -> str | None:
    """Where a function of the user's is defined; None for any other."""
    code = getattr(function, "__code__", None)
    if code is None or not is_own(code.co_filename):
        return None
    line = code.co_firstlineno
    while linecache.getline(code.co_filename, line).strip().startswith("@"):  # decorators
        line += 1
    return in_words(code.co_filename, line)


def is_own(file: str) -> bool:
    """Whether a file, or a cell of a notebook, is neither of ganvas nor installed."""
    if file.startswith("<"):  # a cell has lines; what dataclasses generate, or Python froze, none
        return not file.startswith("<frozen") and bool(linecache.getline(file, 1))
    path = Path(file)
    torch = getattr(sys.modules.get("torch"), "__file__", None)  # it may be run from its sources
    roots = [HERE, STANDARD, *([Path(torch).parent] if torch else [])]
    return not any(name in path.parts for name in INSTALLED) and not any(
        path.is_relative_to(root) for root in roots
    )
