"""What the self-contained pages share: their look, tables, and pictures inside them."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from ganvas import own_output
from ganvas.domains.pictures import inline

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;
padding:0 1rem;color:#1e293b}
h1{margin-bottom:0}h2{margin-top:2.2rem;border-bottom:1px solid #e2e8f0}
.facts{color:#475569}.row{display:flex;flex-wrap:wrap;gap:1.2rem}figure{margin:0}
figcaption{font-size:.85rem;color:#475569}img{image-rendering:pixelated;max-width:100%}
.big img{width:480px}.small img{width:220px}svg{width:460px;max-width:100%}
.rule{stroke:#e2e8f0}.level{stroke:#64748b;stroke-dasharray:4 3}
.axis{font-size:11px;fill:#64748b}
pre{background:#f8fafc;padding:1rem;overflow:auto;font-size:.85rem}
table{border-collapse:collapse}td,th{padding:.1rem 1rem .1rem 0;vertical-align:top;text-align:left}
td:first-child{white-space:nowrap}
table{margin-bottom:1rem}
.key{margin-right:1.2em;white-space:nowrap}
.key i{display:inline-block;width:.8em;height:.8em;margin-right:.3em;border:1px solid #94a3b8}
"""


def page(title: str, parts: Iterable[str]) -> bytes:
    """One page, in UTF-8, that loads nothing from elsewhere.

    Characters that UTF-8 cannot hold, as a file's name may have them, become question marks.
    """
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">{own_output.PAGE_MARK}'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{''.join(parts)}</html>"
    ).encode("utf-8", "replace")


def table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Rows of plain cells, escaped here, under a head where there is one."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if top else ''}{body}</table>"


def key(colours: Iterable[tuple[tuple[int, int, int], str]]) -> str:
    """A line that says what colours mean."""
    return "".join(
        f'<span class="key"><i style="background:rgb{colour}"></i>{escape(text)}</span> '
        for colour, text in colours
    )


def figure(path: Path, text: str) -> str:
    """A picture from a file, inside the page; nothing where there is no such file."""
    if not path.is_file():
        return ""
    return (
        f'<figure><img alt="{escape(text)}" src="{inline(path)}">'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )
