"""Draw docs/pictures/rooms.svg: the rooms of the package, and who imports whom.

    python tools/draw_rooms.py

A room stands one row above the highest room that it imports, so that every arrow leads down. What
a longer way implies already is left out. The picture is a pure function of the imports:
``tests/test_architecture.py`` compares it with the file.
"""

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path

from import_graph import Graph, heights, module_graph, room_graph, without_detours

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "rooms.svg"
WORDS = {
    "bench": "how fast, and why",
    "cli": "words in, calls out",
    "data": "sources, draws, augmentation",
    "domains": "what an item is",
    "engine": "players, moves, the loop",
    "evaluation": "samples beside real images",
    "features": "named feature networks",
    "games": "who plays, and the losses",
    "losses": "losses and penalties",
    "metrics": "quality, diversity, copies",
    "networks": "architectures",
    "recipes": "complete configurations",
    "report": "pages and comparisons",
    "sampling": "from latents to files",
    "store": "a run on disk",
    "training": "prepare, loop, write",
    "trial": "precision, threads, batch",
}
"""A few words about each room, for its box."""
WIDTH, HEIGHT, GAP, ROW = 176, 48, 22, 104
PASSING = 26
"""The room that an arrow takes where it passes a row."""
ROOM = 'fill="#eff6ff" stroke="#2563eb"'
COMMON = 'fill="#f8fafc" stroke="#94a3b8"'
COMMON_WORDS = "files beside the rooms, which any room may import"
ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0 0 8 4 0 8z" fill="#64748b"/></marker>'
)

Node = str | tuple[str, str, int]
"""A room, or the place where the arrow (from, to) passes a row."""
Rows = list[list[Node]]
Edges = list[tuple[Node, Node]]
Places = dict[Node, tuple[float, float]]


def picture(modules: Graph) -> str:
    """The content of the SVG file."""
    rows, edges = _laid_out(without_detours(room_graph(modules)))
    at = _positions(rows, edges)
    width = max(x for x, _ in at.values()) + WIDTH / 2 + GAP
    height = len(rows) * ROW + HEIGHT + 2 * GAP
    boxes = [
        _box(*at[room], WIDTH, room, WORDS[room], ROOM) for room in at if isinstance(room, str)
    ]
    common = " \N{MIDDLE DOT} ".join(_common(modules))
    low = _box(width / 2, height - GAP - HEIGHT / 2, width - 2 * GAP, common, COMMON_WORDS, COMMON)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" font-family="system-ui,sans-serif" text-anchor="middle">\n'
        f'<defs>{ARROW}</defs>\n<rect width="100%" height="100%" fill="#fff"/>\n'
        + "\n".join([*_arrows(edges, at), *boxes, low])
        + "\n</svg>\n"
    )


def _common(modules: Graph) -> list[str]:
    """The files beside the rooms that rooms import."""
    rooms = room_graph(modules)
    names = [name.partition(".")[2] for name in modules if name.count(".") == 1]
    return sorted(name for name in names if name not in rooms and not name.startswith("__"))


def _laid_out(graph: Graph) -> tuple[Rows, Edges]:
    """The rows, highest first, in an order with few crossings; and the arrows from row to row."""
    height = heights(graph)
    rows: Rows = [[] for _ in range(1 + max(height.values()))]
    edges: Edges = []
    for room in graph:
        rows[height[room]].append(room)
    for room, imported in graph.items():
        for other in sorted(imported):
            between = range(height[room] - 1, height[other], -1)
            passed: list[Node] = [(room, other, row) for row in between]
            for row, node in zip(between, passed, strict=True):
                rows[row].append(node)
            edges += pairwise([room, *passed, other])
    return _ordered(rows[::-1], edges), edges


def _ordered(rows: Rows, edges: Edges) -> Rows:
    """Each row by the mean place of what its nodes lead to, then of what leads to them, often."""
    best = [list(row) for row in rows]
    for turn in range(24):
        down = turn % 2 == 0
        for above, row in pairwise(rows if down else rows[::-1]):
            place = {node: index / len(above) for index, node in enumerate(above)}
            row.sort(key=lambda node, place=place: _mean(_beside(node, edges), place, 0.5))
        if _crossings(rows, edges) < _crossings(best, edges):
            best = [list(row) for row in rows]
    return best


def _crossings(rows: Rows, edges: Edges) -> int:
    place = {node: index for row in rows for index, node in enumerate(row)}
    row_of = {node: index for index, row in enumerate(rows) for node in row}
    return sum(
        row_of[a] == row_of[c] and (place[a] - place[c]) * (place[b] - place[d]) < 0
        for index, (a, b) in enumerate(edges)
        for c, d in edges[:index]
    )


def _positions(rows: Rows, edges: Edges) -> Places:
    """The middle of each node: near those that it is tied to, none over another."""
    x: dict[Node, float] = {}
    for row in rows:
        x |= zip(row, _apart(row, [0.0] * len(row)), strict=True)
    for turn in range(40):
        for row in rows if turn % 2 else rows[::-1]:
            wished = [_mean(_beside(node, edges), x, x[node]) for node in row]
            x |= zip(row, _apart(row, wished), strict=True)
    left = min(x[node] - _width(node) / 2 for node in x) - GAP
    return {
        node: (round(x[node] - left, 1), GAP + HEIGHT / 2 + index * ROW)
        for index, row in enumerate(rows)
        for node in row
    }


def _apart(row: list[Node], wished: list[float]) -> list[float]:
    """Places from left to right, wide enough apart, whose mean is the mean of those wished for."""
    found: list[float] = []
    for index, (node, want) in enumerate(zip(row, wished, strict=True)):
        least = found[-1] + (_width(row[index - 1]) + _width(node)) / 2 + GAP if found else want
        found.append(max(want, least))
    moved = sum(found) / len(found) - sum(wished) / len(wished)
    return [place - moved for place in found]


def _arrows(edges: Edges, at: Places) -> Iterator[str]:
    """A curve for each way from room to room; those of one box begin and end side by side."""
    following = {start: end for start, end in edges if not isinstance(start, str)}
    for start, end in edges:
        if not isinstance(start, str):
            continue
        (x, y), before = _port(start, end, edges, at, 1), start
        path = f"M{x:.1f} {y:.1f}"
        while True:
            to_x, to_y = _port(end, before, edges, at, -1)
            path += f"C{x:.1f} {(y + to_y) / 2:.1f} {to_x:.1f} {(y + to_y) / 2:.1f} "
            path += f"{to_x:.1f} {to_y:.1f}"
            if isinstance(end, str):
                break
            x, y = to_x, to_y + HEIGHT
            path += f"V{y:.1f}"
            before, end = end, following[end]
        yield f'<path d="{path}" fill="none" stroke="#64748b" marker-end="url(#arrow)"/>'


def _port(node: Node, other: Node, edges: Edges, at: Places, side: int) -> tuple[float, float]:
    """Where on a box's lower (1) or upper (-1) edge the arrow to or from ``other`` meets it."""
    x, y = at[node]
    ends = [b for a, b in edges if a == node] if side > 0 else [a for a, b in edges if b == node]
    order = sorted(ends, key=lambda end: at[end])
    apart = min(24.0, (WIDTH - 30) / len(order))
    return x + (order.index(other) - (len(order) - 1) / 2) * apart, y + side * HEIGHT / 2


def _box(x: float, y: float, width: float, name: str, words: str, colours: str) -> str:
    """A box about (x, y) with its name and a line of words."""
    return (
        f'<rect x="{x - width / 2:.1f}" y="{y - HEIGHT / 2:.1f}" width="{width:.1f}" '
        f'height="{HEIGHT}" rx="6" {colours}/>'
        f'<text x="{x:.1f}" y="{y - 3:.1f}" font-size="15" font-weight="600" fill="#1e293b">'
        f'{escape(name)}</text><text x="{x:.1f}" y="{y + 15:.1f}" font-size="11" '
        f'fill="#475569">{escape(words)}</text>'
    )


def _beside(node: Node, edges: Edges) -> list[Node]:
    return [b for a, b in edges if a == node] + [a for a, b in edges if b == node]


def _mean(nodes: list[Node], place: dict[Node, float], otherwise: float) -> float:
    found = [place[node] for node in nodes if node in place]
    return sum(found) / len(found) if found else otherwise


def _width(node: Node) -> int:
    return WIDTH if isinstance(node, str) else PASSING


if __name__ == "__main__":
    PICTURE.write_text(picture(module_graph()), encoding="utf-8")
    print(PICTURE)
