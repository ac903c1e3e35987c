"""``report.html``: one self-contained page of what a run did, to keep or to send."""

from html import escape
from pathlib import Path

from ganvas.disk import replace_file
from ganvas.report.charts import chart
from ganvas.report.evaluation_section import evaluation_section
from ganvas.report.model import Curves, RunModel, run_model
from ganvas.report.page import figure, key, page, table
from ganvas.report.scores import scored_together
from ganvas.store import run_folder
from ganvas.store.run import Run

FRAMES = 12
"""Sample grids in the history, at most."""


def write_report(run: Run) -> Path:
    """Write the run's ``report.html`` from what its folder holds; returns its path."""
    model = run_model(run)
    parts = [
        _head(model),
        _pictures(run),
        evaluation_section(model),
        _history(run.path),
        _curves(model.curves),
        _settings(model),
    ]
    path = run.path / "report.html"
    replace_file(path, page(f"{run.path.name}: {model.images:,} images", parts))
    return path


def _head(model: RunModel) -> str:
    text = " · ".join(escape(fact) for fact in model.facts)
    return f'<h1>{escape(model.path.name)}</h1><p class="facts">{text}</p>'


def _pictures(run: Run) -> str:
    record, game = run.record, run.recipe.game
    made_of = "latents" if game.samples_from is None else "items"
    reals = {"reals.png": record.known()}
    reals |= {f"reals-{source}.png": known for source, known in record.others.items()}
    named = {
        "samples.png": f"newest samples (fixed {made_of})",
        **{file: f"{known.domain.caption}: {known.data}" for file, known in reals.items()},
        "timelapse.gif": "time-lapse",
    }
    figures = [figure(run.path / file, text) for file, text in named.items()]
    domain = record.known(game.target).domain
    colours = domain.key(scored=scored_together(run.recipe, domain) > 0)
    meaning = f'<p class="facts">{key(colours)}</p>' if colours else ""
    return f'{meaning}<div class="row big">{"".join(figures)}</div>'


def _history(path: Path) -> str:
    grids = list(run_folder.grids(path).items())
    step = max(1, -(-len(grids) // FRAMES))
    chosen = grids[::-1][::step][::-1]
    figures = [figure(file, f"{images:,} images") for images, file in chosen]
    return f'<h2>History of samples</h2><div class="row small">{"".join(figures)}</div>'


def _curves(curves: list[Curves]) -> str:
    charts = "".join(chart(each.name, each.clock, each.lines) for each in curves)
    return f'<h2>Curves</h2><div class="row">{charts or "no log lines yet"}</div>'


def _settings(model: RunModel) -> str:
    rows = table(list(model.settings.items()))
    return f"<h2>Settings</h2>{rows}<pre>{escape(model.recipe)}</pre>"
