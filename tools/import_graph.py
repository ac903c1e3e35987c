"""Who imports whom in the package, read from its files without importing any of them.

Every import counts: those inside functions and those for type checkers alone too, so that a circle
cannot hide in them.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "ganvas"

Graph = dict[str, set[str]]
"""From a name to the names that it imports."""


def module_graph(package: Path = PACKAGE) -> Graph:
    """Module by module, with dotted names (``ganvas.engine.engine``)."""
    files = {_name(file, package): file for file in sorted(package.rglob("*.py"))}
    return {
        name: {_module(asked, files) for asked in _imports(file, package.name)} - {name}
        for name, file in files.items()
    }


def room_graph(modules: Graph) -> Graph:
    """Room by room: the package's folders. Files beside them are left out: they are no room."""
    rooms = {name.split(".")[1] for name in modules if name.count(".") > 1}
    graph: Graph = {room: set() for room in sorted(rooms)}
    for name, imported in modules.items():
        if (room := _room(name)) in rooms:
            graph[room] |= {_room(other) for other in imported} & rooms - {room}
    return graph


def without_detours(graph: Graph) -> Graph:
    """The graph without the imports that a longer way implies already (a transitive reduction)."""
    return {
        name: {
            other for other in imported if not any(other in reach(graph, via) for via in imported)
        }
        for name, imported in graph.items()
    }


def reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """All that ``start`` imports, and what that imports in turn; itself only in a circle."""
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph[name]
    return found


def heights(graph: Graph) -> dict[str, int]:
    """0 for what imports nothing, else one more than the highest import.

    Raises:
        ValueError: the graph has a circle.
    """
    found: dict[str, int] = {}
    while len(found) < len(graph):
        ready = {n for n, imported in graph.items() if n not in found and imported <= found.keys()}
        if not ready:
            raise ValueError(f"a circle among {sorted(graph.keys() - found.keys())}")
        found |= {n: 1 + max((found[other] for other in graph[n]), default=-1) for n in ready}
    return found


def _name(file: Path, package: Path) -> str:
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _room(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def _imports(file: Path, package: str) -> Iterator[str]:
    """What a file imports of the package, each as the longest dotted name that it may be."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            asked = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            asked = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in asked if name.split(".")[0] == package)


def _module(asked: str, files: Mapping[str, Path]) -> str:
    """``ganvas.keys.key`` is in the module ``ganvas.keys``."""
    while asked not in files:
        asked = asked.rpartition(".")[0]
    return asked
