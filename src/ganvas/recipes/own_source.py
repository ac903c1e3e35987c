"""The source of a part of a user's own: of a file, or of the cells of a notebook."""

import ast
import inspect
import linecache
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ganvas import own_code


@dataclass(frozen=True)
class OwnSource:
    """The source of a part, as it was when the part was registered.

    text: all of its file; of a notebook, or where it lies in several files, those one after
        another.
    roots: the names and expressions in it that make the part, such as ``Bent`` or
        ``AdversarialLoss(hard, soft)``.
    file: where it lies; None for cells, or for several files.
    """

    text: bytes
    roots: tuple[str, ...]
    file: Path | None = None


def find(part: object, frame: FrameType) -> OwnSource | None:
    """The source of a part that is being registered; None where Python has none.

    Args:
        part: a class, a function or an object.
        frame: that calls ``register``.
    """
    pieces = [each for each in _pieces(part) if _file_of(each) is not None]
    files, expression = [_file_of(each) for each in pieces], None
    here = _file_of(frame.f_code) or _file_of_module(frame.f_globals)
    if here is not None:
        expression = _registered(_text(here), frame.f_lineno)
        if expression is None or not expression.isidentifier() or not pieces:
            files.append(here)
    texts = {file: _text(file) for file in files if file is not None}
    texts = {file: text for file, text in texts.items() if text}
    if not texts:
        return None
    roots = [] if expression is None else [expression]
    roots += [each.__name__ for each in pieces if each.__name__.isidentifier()]
    first, *more = texts
    file = Path(first).resolve() if not more and Path(first).is_file() else None
    return OwnSource(b"\n\n".join(texts.values()), tuple(dict.fromkeys(roots)), file)


def is_register(node: ast.AST) -> bool:
    """Whether code is ``register``, under some name, or a call of it."""
    called = node.func if isinstance(node, ast.Call) else node
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "register"


def _pieces(part: Any) -> Iterator[Any]:
    """The class or the function that a part is, or those that it holds."""
    for each in [part] if inspect.isroutine(part) or inspect.isclass(part) else _held(part):
        if inspect.isclass(each) or inspect.isfunction(each):
            yield inspect.unwrap(each)


def _held(part: Any) -> Iterator[Any]:
    yield type(part)
    for each in getattr(part, "__dict__", {}).values():
        function = getattr(each, "func", each)  # of a partial
        yield function if inspect.isclass(function) or inspect.isfunction(function) else type(each)


def _file_of(piece: Any) -> str | None:
    """The file, or the cell, in which a user's own class, function or code stands."""
    if inspect.isclass(piece):
        return _file_of_class(piece)
    file = getattr(piece, "__code__", piece).co_filename
    return file if own_code.is_own(file) and (_is_cell(file) or Path(file).is_file()) else None


def _file_of_class(made: type) -> str | None:
    """That of a method of its own, since a class of a notebook belongs to no file; of a class
    without methods, the file of its module."""
    for each in vars(made).values():
        method = inspect.unwrap(getattr(each, "__func__", each))
        file = _file_of(method) if inspect.isfunction(method) else None
        if file is not None and f"class {made.__name__}".encode() in _text(file):
            return file
    with suppress(TypeError, OSError):
        file = inspect.getsourcefile(made)
        return file if file is not None and own_code.is_own(file) else None
    return None


def _file_of_module(names: dict[str, Any]) -> str | None:
    file = names.get("__file__")
    return file if file is not None and Path(file).is_file() and own_code.is_own(file) else None


def _is_cell(file: str) -> bool:
    return not Path(file).is_file() and bool(linecache.getlines(file))


def _text(file: str) -> bytes:
    with suppress(OSError):
        return Path(file).read_bytes()
    return "".join(linecache.getlines(file)).encode()


def _registered(source: bytes, line: int) -> str | None:
    """What is registered at a line, as it stands there: the name of a class, or what ``register``
    is called with."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return None
    for node in nodes:
        decorators = getattr(node, "decorator_list", [])
        if any(is_register(each) and _covers(each, line) for each in decorators):
            return getattr(node, "name", None)
    for node in nodes:
        if isinstance(node, ast.Call) and is_register(node) and _covers(node, line):
            named = [each.value for each in node.keywords if each.arg == "part"]
            for argument in [*node.args, *named][:1]:
                return ast.unparse(_value(argument, nodes))
    return None


def _value(expression: ast.expr, nodes: list[ast.AST]) -> ast.expr:
    """An expression; of a name that is assigned once, its value."""
    values = [
        node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        and [ast.unparse(each) for each in node.targets] == [ast.unparse(expression)]
    ]
    return values[0] if len(values) == 1 else expression


def _covers(node: ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)
