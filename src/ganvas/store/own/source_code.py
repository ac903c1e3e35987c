"""What of a Python source is code, of a whole file or of one part in it: comments, docstrings and
the form of the text are not."""

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence

from ganvas.recipes.own_source import is_register


def code_of(source: bytes) -> str:
    """The code of a whole source. A text that cannot be parsed is all code."""
    try:
        return ast.unparse(_parsed(source))
    except (SyntaxError, ValueError):
        return source.decode(errors="replace")


def code_of_part(source: bytes, roots: Iterable[str]) -> dict[str, str]:
    """The code of a part, and of whatever at the top of its source it uses, such as constants and
    imports, by names.

    Args:
        source: where the part stands.
        roots: the names and expressions that make the part; without any, all of it does.
    """
    roots = list(roots)
    if not roots:
        return {"": code_of(source)}
    try:
        tree = _parsed(source)
    except (SyntaxError, ValueError):
        return {roots[0]: code_of(source)}
    known, found, waiting = _definitions(tree), {}, roots
    while waiting:
        name = waiting.pop(0)
        texts = known.get(name, [] if name.isidentifier() else [name])
        if texts and name not in found:
            found[name] = "\n".join(texts)
            waiting.extend(_used(found[name]))
    return found


def compared(then: dict[str, str], now: dict[str, str], roots: Sequence[str]) -> tuple[str, str]:
    """Two codes of a part, without names that only one of them has at the top, as where a constant
    of another cell now stands in the same file.

    Args:
        then, now: the codes.
        roots: what makes the part in either; these are kept.
    """
    names = [name for name in {**then, **now} if name in roots or (name in then and name in now)]
    names.sort(key=str.isidentifier)  # so that an expression stands where the other one does
    old, new = ([code[name] for name in names if name in code] for code in (then, now))
    return "\n\n".join(old), "\n\n".join(new)


def _parsed(source: bytes) -> ast.Module:
    return _Code().visit(ast.parse(source))


class _Code(ast.NodeTransformer):
    """Takes away texts that stand for themselves, such as docstrings."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.body:
            node.body = [ast.Pass()]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node


def _definitions(tree: ast.Module) -> dict[str, list[str]]:
    """The code that defines each name at the top of a source; of classes and functions that stand
    deeper too."""
    found: dict[str, list[str]] = {}
    for statement in _statements(tree.body):
        for name, text in _defined(statement):
            found.setdefault(name, []).append(text)
    deeper: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            deeper.setdefault(node.name, []).append(_unregistered(node))
    return {**deeper, **found}


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, of blocks such as ``if`` and ``try`` those within."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try | ast.With):
            parts = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
            parts += [each.body for each in getattr(statement, "handlers", [])]
            for part in parts:
                yield from _statements(part)
        else:
            yield statement


def _defined(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that a statement defines, each with its code."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name, _unregistered(statement)
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                one = ast.Import([alias])
            else:
                one = ast.ImportFrom(statement.module, [alias], statement.level)
            yield alias.asname or alias.name.partition(".")[0], ast.unparse(one)
    else:
        stored = {
            each.id
            for each in ast.walk(statement)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        for name in sorted(stored):
            yield name, ast.unparse(statement)


def _unregistered(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The code of a class or a function, however it is registered."""
    every = node.decorator_list
    node.decorator_list = [each for each in every if not is_register(each)]
    text = ast.unparse(node)
    node.decorator_list = every
    return text


def _used(code: str) -> list[str]:
    """The names of its module that a code uses."""
    return list(dict.fromkeys(_global_names(symtable.symtable(code, "<part>", "exec"))))


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_global() or (is_top and symbol.is_referenced()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _global_names(child)
