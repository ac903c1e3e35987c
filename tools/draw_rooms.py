"""Draw docs/pictures/rooms.svg: the rooms of the package, and who imports whom.

    python tools/draw_rooms.py

A room stands one row above the highest room that it imports, so that every arrow leads down. What
a longer way implies already is left out. The picture is a pure function of the imports:
``tests/test_architecture.py`` compares it with the file.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from import_graph import Graph, module_graph, room_graph, without_detours
from layout import GAP, HEIGHT, ROW, WIDTH, Edges, Node, Places, laid_out, positions

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "rooms.svg"
WORDS = {
    "bench": "how fast, and why",
    "extend": "parts of one's own",
    "cli": "words in, calls out",
    "data": "sources, streams, augmentation",
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
    "screen": "what a user sees",
    "store": "a run on disk",
    "training": "prepare, loop, write",
    "trial": "precision, threads, batch",
}
"""A few words about each room, for its box."""
ROOM = 'fill="#eff6ff" stroke="#2563eb"'
MIDDLE = 'text-anchor="middle"'
COMMON = 'fill="#f8fafc" stroke="#94a3b8"'
COMMON_WORDS = "files beside the rooms, which any room may import"
ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0 0 8 4 0 8z" fill="#64748b"/></marker>'
)


def picture(modules: Graph) -> str:
    """The content of the SVG file."""
    rows, edges = laid_out(without_detours(room_graph(modules)))
    at = positions(rows, edges)
    width = max(x for x, _ in at.values()) + WIDTH / 2 + GAP
    height = len(rows) * ROW + HEIGHT + 2 * GAP
    boxes = [
        _box(*at[room], WIDTH, room, WORDS[room], ROOM) for room in at if isinstance(room, str)
    ]
    common = " \N{MIDDLE DOT} ".join(_common(modules))
    low = _box(width / 2, height - GAP - HEIGHT / 2, width - 2 * GAP, common, COMMON_WORDS, COMMON)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" font-family="system-ui,sans-serif">\n'
        f'<defs>{ARROW}</defs>\n<rect width="100%" height="100%" fill="#fff"/>\n'
        + "\n".join([*_arrows(edges, at), *boxes, low])
        + "\n</svg>\n"
    )


def _common(modules: Graph) -> list[str]:
    """The files beside the rooms that rooms import."""
    rooms = room_graph(modules)
    names = [name.partition(".")[2] for name in modules if name.count(".") == 1]
    return sorted(name for name in names if name not in rooms and not name.startswith("__"))


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
        f'<text x="{x:.1f}" y="{y - 3:.1f}" {MIDDLE} font-size="15" font-weight="600" '
        f'fill="#1e293b">{escape(name)}</text>'
        f'<text x="{x:.1f}" y="{y + 15:.1f}" {MIDDLE} font-size="11" '
        f'fill="#475569">{escape(words)}</text>'
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(module_graph()), encoding="utf-8")
    print(PICTURE)
