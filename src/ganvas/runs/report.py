"""``report.html``: one self-contained page of what a run did, to keep or to send."""

import base64
from html import escape
from pathlib import Path
from typing import Any

from ganvas.runs import session
from ganvas.runs.curves import chart
from ganvas.runs.disk import replace_file
from ganvas.runs.run import Run

FRAMES = 12
POINTS = 400

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;
padding:0 1rem;color:#1e293b}
h1{margin-bottom:0}h2{margin-top:2.2rem;border-bottom:1px solid #e2e8f0}
.facts{color:#475569}.row{display:flex;flex-wrap:wrap;gap:1.2rem}figure{margin:0}
figcaption{font-size:.85rem;color:#475569}img{image-rendering:pixelated;max-width:100%}
.big img{width:480px}.small img{width:220px}svg{width:460px;max-width:100%}
.rule{stroke:#e2e8f0}.axis{font-size:11px;fill:#64748b}
pre{background:#f8fafc;padding:1rem;overflow:auto;font-size:.85rem}
table{border-collapse:collapse}td{padding:.1rem 1rem .1rem 0;vertical-align:top}
"""


def write_report(run: Run) -> Path:
    """Write the run's ``report.html`` from what its folder holds; returns its path."""
    title = escape(f"{run.path.name}: {run.images:,} images")
    parts = [_head(run), _pictures(run), _history(run), _curves(run.log), _settings(run)]
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style>{''.join(parts)}</html>"
    )
    path = run.path / "report.html"
    replace_file(path, page.encode())
    return path


def _head(run: Run) -> str:
    record, log = run.record, run.log
    seconds = log[-1]["seconds"] if log else 0.0
    facts = [
        f"recipe {run.recipe.name}",
        f"{run.images:,} of {run.recipe.images:,} images seen",
        f"{seconds / 60:.1f} minutes",
        f"{run.images / seconds:,.0f} images/s" if seconds else "",
        f"{record.machine}: {record.choices.words()}",
        f"begun {record.created}",
    ]
    text = " · ".join(escape(fact) for fact in facts if fact)
    return f'<h1>{escape(run.path.name)}</h1><p class="facts">{text}</p>'


def _pictures(run: Run) -> str:
    named = [
        ("samples.png", "newest samples (fixed latents)"),
        ("reals.png", f"training images: {run.record.data}"),
        ("timelapse.gif", "time-lapse"),
    ]
    figures = [_figure(run.path / file, text) for file, text in named]
    return f'<div class="row big">{"".join(figures)}</div>'


def _history(run: Run) -> str:
    grids = list(session.grids(run.path).items())
    step = max(1, -(-len(grids) // FRAMES))
    chosen = grids[::-1][::step][::-1]
    figures = [_figure(path, f"{images:,} images") for images, path in chosen]
    return f'<h2>History of samples</h2><div class="row small">{"".join(figures)}</div>'


def _curves(log: list[dict[str, Any]]) -> str:
    log = log[:: max(1, len(log) // POINTS)]
    clock = [record["images"] for record in log]
    names = [name for name in (log[0] if log else {}) if name not in ("images", "seconds")]
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(name.split("/")[0], []).append(name)
    charts = []
    for family, members in families.items():
        lines = {name.split("/")[-1]: [r.get(name, float("nan")) for r in log] for name in members}
        charts.append(chart(family.replace("_", " "), clock, lines))
    return f'<h2>Curves</h2><div class="row">{"".join(charts) or "no log lines yet"}</div>'


def _settings(run: Run) -> str:
    recipe = escape((run.path / "recipe.yaml").read_text(encoding="utf-8"))
    record = run.record
    rows = {
        "data": f"{record.count:,} images of {record.data}, {_shape(record.shape)}",
        "fingerprint": record.fingerprint,
        "device": record.choices.words(),
        **record.versions,
    }
    table = "".join(f"<tr><td>{escape(k)}</td><td>{escape(v)}</td></tr>" for k, v in rows.items())
    return f"<h2>Settings</h2><table>{table}</table><pre>{recipe}</pre>"


def _shape(shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return f"{width}x{height} {'grey' if channels == 1 else 'colour'}"


def _figure(path: Path, text: str) -> str:
    if not path.is_file():
        return ""
    kind = "gif" if path.suffix == ".gif" else "png"
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        f'<figure><img alt="{escape(text)}" src="data:image/{kind};base64,{data}">'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )
