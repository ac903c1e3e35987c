"""``report.html``: one self-contained page of what a run did, to keep or to send."""

from html import escape
from pathlib import Path
from typing import Any

from ganvas.data.dataset import shape_words
from ganvas.disk import replace_file
from ganvas.report.curves import chart
from ganvas.report.metrics_section import is_score, scorecard
from ganvas.report.page import figure, key, page, table
from ganvas.report.point_picture import legend
from ganvas.store import folder
from ganvas.store.run import Run
from ganvas.words import duration

FRAMES = 12
POINTS = 400


def write_report(run: Run) -> Path:
    """Write the run's ``report.html`` from what its folder holds; returns its path."""
    title = f"{run.path.name}: {run.images:,} images"
    log = run.log
    parts = [
        _head(run),
        _pictures(run),
        scorecard(run.path, [record for record in log if is_score(record)]),
        _history(run),
        _curves([record for record in log if not is_score(record) and "total" not in record]),
        _settings(run),
    ]
    path = run.path / "report.html"
    replace_file(path, page(title, parts))
    return path


def _head(run: Run) -> str:
    record, seconds = run.record, run.seconds
    facts = [
        f"recipe {run.recipe.name}",
        f"{run.images:,} of {run.recipe.images:,} images seen",
        *(
            f"its minutes allow {r['total']:,}, as it found after {r['images']:,}"
            for r in run.log
            if "total" in r
        ),
        duration(seconds),
        f"{run.images / seconds:,.0f} images/s" if seconds else "",
        f"{record.machine}: {record.choices.words()}",
        f"begun {record.created}",
    ]
    text = " · ".join(escape(fact) for fact in facts if fact)
    return f'<h1>{escape(run.path.name)}</h1><p class="facts">{text}</p>'


def _pictures(run: Run) -> str:
    data = run.record.data
    points = run.draws_points
    named = {
        "samples.png": "newest samples (fixed latents)",
        "reals.png": f"points to learn: {data}" if points else f"training images: {data}",
        "timelapse.gif": "time-lapse",
    }
    figures = [figure(run.path / file, text) for file, text in named.items()]
    meaning = f'<p class="facts">{key(legend(run.recipe))}</p>' if points else ""
    return f'{meaning}<div class="row big">{"".join(figures)}</div>'


def _history(run: Run) -> str:
    grids = list(folder.grids(run.path).items())
    step = max(1, -(-len(grids) // FRAMES))
    chosen = grids[::-1][::step][::-1]
    figures = [figure(path, f"{images:,} images") for images, path in chosen]
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
        lines = {_last(name): [r.get(name, float("nan")) for r in log] for name in members}
        charts.append(chart(_last(family), clock, lines))
    return f'<h2>Curves</h2><div class="row">{"".join(charts) or "no log lines yet"}</div>'


def _last(name: str) -> str:
    return name.split("/")[-1].replace("_", " ")


def _settings(run: Run) -> str:
    recipe = escape((run.path / "recipe.yaml").read_text(encoding="utf-8"))
    record = run.record
    noun = "points" if run.draws_points else "images"
    rows = {
        "data": f"{record.count:,} {noun} of {record.data}, {shape_words(record.shape)}",
        **({"of the data": "; ".join(record.notes)} if record.notes else {}),
        "fingerprint": record.fingerprint,
        "device": record.choices.words(),
        **record.versions,
    }
    return f"<h2>Settings</h2>{table(list(rows.items()))}<pre>{recipe}</pre>"
