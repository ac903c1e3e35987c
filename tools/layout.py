"""Where boxes and arrows of a layered drawing lie (Sugiyama et al. 1981, much simplified).

Each box has a row by its height in the graph. An arrow over several rows gets a place of its own in
each row that it passes. Rows are then ordered so that few arrows cross, and spread so that boxes
stand near those that they are tied to.
"""

from itertools import pairwise

from import_graph import Graph, heights

WIDTH, HEIGHT, GAP, ROW = 176, 48, 22, 104
"""Of a box; between two boxes; from row to row. Units of the drawing."""
PASSING = 26
"""The width that an arrow takes where it passes a row."""

Node = str | tuple[str, str, int]
"""A box's name, or the place where the arrow (from, to) passes a row."""
Rows = list[list[Node]]
Edges = list[tuple[Node, Node]]
Places = dict[Node, tuple[float, float]]


def laid_out(graph: Graph) -> tuple[Rows, Edges]:
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
    """An order in which few arrows cross: rows sorted by what they are tied to, up and down; then
    single nodes moved for as long as that leaves fewer crossings."""
    for turn in range(8):
        for above, row in pairwise(rows if turn % 2 == 0 else rows[::-1]):
            place = {node: index / len(above) for index, node in enumerate(above)}
            row.sort(key=lambda node, place=place: _mean(_beside(node, edges), place, 0.5))
    while any(_moved(row, node, rows, edges) for row in rows for node in list(row)):
        pass
    return rows


def _moved(row: list[Node], node: Node, rows: Rows, edges: Edges) -> bool:
    """Move a node to the place in its row with the fewest crossings, if these are fewer."""
    before = row.index(node)
    found: dict[int, int] = {}
    for index in range(len(row)):
        row.remove(node)
        row.insert(index, node)
        found[index] = _crossings(rows, edges)
    best = min(found, key=lambda index: (found[index], index != before))
    row.remove(node)
    row.insert(best, node)
    return found[best] < found[before]


def _crossings(rows: Rows, edges: Edges) -> int:
    place = {node: index for row in rows for index, node in enumerate(row)}
    row_of = {node: index for index, row in enumerate(rows) for node in row}
    return sum(
        row_of[a] == row_of[c] and (place[a] - place[c]) * (place[b] - place[d]) < 0
        for index, (a, b) in enumerate(edges)
        for c, d in edges[:index]
    )


def positions(rows: Rows, edges: Edges) -> Places:
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


def _beside(node: Node, edges: Edges) -> list[Node]:
    return [b for a, b in edges if a == node] + [a for a, b in edges if b == node]


def _mean(nodes: list[Node], place: dict[Node, float], otherwise: float) -> float:
    found = [place[node] for node in nodes if node in place]
    return sum(found) / len(found) if found else otherwise


def _width(node: Node) -> int:
    return WIDTH if isinstance(node, str) else PASSING
