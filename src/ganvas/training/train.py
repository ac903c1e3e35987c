"""``ganvas.train``: begin a run."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganvas.domains.pictures import save_png
from ganvas.recipes.build.choices import playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe import Recipe
from ganvas.screen.training_screen import shown
from ganvas.store import record, run_folder
from ganvas.store.event import Listener, found_listeners
from ganvas.store.log import Logger, logger_makers
from ganvas.store.own import kept_code, plugins, registered
from ganvas.store.own.plugins import Plugin, PluginFiles
from ganvas.store.run import Run
from ganvas.training.evaluator import evaluator_of
from ganvas.training.events import Announcer
from ganvas.training.prepare import BatchRule, prepare
from ganvas.training.resolve import by_name, chooses_data, resolve, without_auto
from ganvas.training.run_pictures import training_items
from ganvas.training.session import check_length, play
from ganvas.training.start import begin_from
from ganvas.training.writer import RunWriter


def train(
    recipe: str | Path | Recipe | None = None,
    *,
    data: Any = None,
    out: str | Path = "runs",
    name: str | None = None,
    images: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
    plugin: PluginFiles = None,
    start: str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    listeners: Iterable[Listener | str] = (),
    loggers: Iterable[Logger | str] = (),
    progress: Any = None,
    show: bool | None = None,
    began: float | None = None,
) -> Run:
    """Train a recipe in a new run folder.

    Args:
        recipe: a name, a YAML file or a Recipe; by default ``folder`` with data, else ``mnist``.
        data: what to train on instead of the recipe's own: a path or built-in name, a uint8 or
            float tensor or array [N, C, H, W] or [N, H, W, C], or a map-style torch Dataset; for a
            game with several sources, one of these for each by name, ``{"a": ..., "b": ...}``.
        out: where run folders lie.
        name: of the run, by default the recipe's.
        images: total images to see.
        minutes: stop after so many; a recipe that fits its minutes ends its schedule with them.
        seed: of everything random.
        plugin: a Python file of the user's own parts, or several: each is executed, and a copy is
            kept in the run folder.
        start: a run whose weights to begin with; its recipe too, where none is given.
        overrides: dotted keys and values, ``{"generator.width": 96}``; ``batch`` may be ``auto``.
            What is given by name (images, minutes, seed) goes before them.
        listeners: called with every event, or names of registered ones.
        loggers: beside JSON lines and TensorBoard, or names of registered ones.
        progress: called with (done, total) while data is read.
        show: whether to show how far it is, and at the end where everything lies; None does in a
            terminal and in a notebook, and not where the output goes to a file.
        began: ``time.monotonic()`` from which ``minutes`` count, by default now.

    Returns:
        The finished run.

    Raises:
        UserError: something the user can mend; see ``ganvas.errors``.
        Stopped: a signal stopped it; everything is saved.
    """
    began = time.monotonic() if began is None else began
    named = plugins.load(plugin)
    heard, makers = found_listeners(listeners), logger_makers(loggers)
    check_length(images, minutes)
    changes, auto = without_auto(_changes(overrides, images=images, minutes=minutes, seed=seed))
    chosen = resolve(recipe, data, changes, start)
    name = run_folder.check_name(name or chosen.name)
    given = by_name(data)
    in_memory = {key: each for key, each in given.items() if not isinstance(each, str | Path)}
    batch = "auto" if auto else _batch_rule(chosen, given, changes)
    with shown(show, heard, progress) as (watching, reading):
        tell = Announcer(watching, chosen.images)
        prepared = prepare(chosen, in_memory, batch, tell, reading)
        with playing(prepared.choices):
            engine = build_engine(prepared)
            taken = [] if chosen.start is None else [begin_from(engine, chosen.start)]
            evaluator, problems = evaluator_of(prepared, engine.device, reading)
            with _new_folder(Path(out), name, prepared, named) as path:
                writer = RunWriter(path, prepared, engine, announcer=tell, loggers=makers)
                writer.announce(prepared.choices.sentence(), *taken)
                writer.warn([*_of_data(prepared), *prepared.warnings, *problems])
                return play(writer, evaluator, began)


def _changes(overrides: dict[str, Any] | None, **named: float | None) -> dict[str, Any]:
    """The overrides, and what was given by name, which goes before them."""
    return {**(overrides or {}), **{key: each for key, each in named.items() if each is not None}}


def _of_data(prepared: Prepared) -> list[str]:
    """What was found wrong with the data."""
    return [text for each in prepared.datasets.values() for text in each.warnings]


def _batch_rule(recipe: Recipe, given: dict[str, Any], changes: dict[str, Any]) -> BatchRule:
    """Who trains on data of their own, and names no batch, may have fewer images than a batch."""
    is_own = bool(given) or chooses_data(changes, recipe)
    return "fewer" if is_own and "batch" not in changes else "as given"


@contextmanager
def _new_folder(out: Path, name: str, prepared: Prepared, named: list[Plugin]) -> Iterator[Path]:
    """A run folder, locked, with all that stands in it before the first round. It is removed again
    if something fails before the first checkpoint."""
    files, parts = registered.parted(prepared.own_parts, named, plugins.loaded())
    path = run_folder.create(out, name)
    with run_folder.begun(path), run_folder.Lock(path):
        run_folder.write_recipe(path, prepared.recipe)
        record.write(record.describe(prepared, files, parts), path)
        kept_code.keep(path, files)
        registered.keep(path, parts)
        save_png(training_items(prepared.dataset), path / "reals.png")
        for source, dataset in prepared.others.items():
            save_png(training_items(dataset), path / f"reals-{source}.png")
        yield path
