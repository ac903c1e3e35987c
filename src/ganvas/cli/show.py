"""``ganvas recipes``, ``show``, ``runs`` and ``data``: looking, and deleting with care."""

import argparse
import inspect
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ganvas.cli.screen import show_table
from ganvas.cli.wording import worded
from ganvas.data.names import printable
from ganvas.errors import DataError, UsageError, UserError
from ganvas.recipes import reading, yaml
from ganvas.recipes.about import ABOUT
from ganvas.recipes.recipe_table import RECIPES, find
from ganvas.sampling.outputs import check_output
from ganvas.sampling.pictures import save_png
from ganvas.store import checkpoint, folder, plugins
from ganvas.store.run import Run
from ganvas.words import duration

if TYPE_CHECKING:
    from ganvas.data import Inspection

SHEET = 128
"""Largest side, in pixels, at which a contact sheet shows images of no chosen size."""


def recipes(options: argparse.Namespace) -> None:
    _load(options.plugin)
    if options.name is not None:
        recipe = find(options.name)
        if options.name in RECIPES:
            print(worded(inspect.getdoc(RECIPES[options.name]) or ""), end="\n\n")
        print(yaml.write(reading.to_plain(recipe)), end="")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("recipe", "time", "task (size), and the score to expect"):
        table.add_column(column, no_wrap=column in ("recipe", "time"))
    for name in RECIPES:
        about = ABOUT[name]
        text = Text(f"{about.task} ({about.size})\n").append(about.expect, style="dim")
        table.add_row(name, about.time, text)
    show_table(table)
    print(
        "\ntime: on one CPU core with bfloat16. 8x the floor: 8 times as far from real images as "
        "these are from each other. `ganvas recipes NAME` shows one whole; "
        "`ganvas train NAME` trains it."
    )


def show(options: argparse.Namespace) -> None:
    run = Run(options.run, plugin=options.plugin)
    record, log = run.record, run.log
    kept = [path.name for path in checkpoint.complete(run.path / "checkpoints")]
    print(f"{run.path}: recipe {run.settings['name']}")
    of = f"{run.images:,} of {run.settings['images']:,} seen"
    print(f"  images      {of} in {duration(run.seconds)}")
    channels, height, width = record.shape
    pixels = f"images of {record.data}, {width}x{height}, {channels} channels"
    if run.draws_points:
        pixels = f"points of {record.data}"
    print(f"  data        {record.count:,} {pixels}")
    for note in record.notes:
        print(f"              {worded(printable(note))}")
    print(f"  machine     {record.machine}: {record.choices.words()}")
    print(f"  checkpoints {', '.join(kept)}")
    print(f"  disk        {folder.size(run.path) / 1e6:,.1f} MB")
    newest = {name: value for record in log for name, value in record.items()}
    for name, value in newest.items():
        if "/" in name:
            print(f"  {name:<28} {value:.4g}")
    for name in ("samples.png", "report.html"):
        if (run.path / name).is_file():
            print(f"  {name:<12}{run.path / name}")


def runs(options: argparse.Namespace) -> None:
    _load(options.plugin)
    if options.action == "delete":
        return _delete(options)
    if options.names or options.yes:
        raise UsageError("`ganvas runs list` takes no names and no --yes; --out says which folder")
    out = Path(options.out or "runs")
    found = folder.all_runs(out)
    if not found:
        print(f"no runs in {out}: begin with `ganvas train`")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("run", "recipe", "images", "MB"):
        side = "right" if column in ("images", "MB") else "left"
        table.add_column(column, justify=side, no_wrap=True)
    for path in found:
        table.add_row(str(path), *_row(path))
    show_table(table)


def data(options: argparse.Namespace) -> None:
    from ganvas.data import contact_sheet, inspect_source, load_dataset

    before = check_output(Path(options.out), overwrite=options.overwrite)
    how = {name: getattr(options, name) for name in ("split", "fit", "channels", "white")}
    found = inspect_source(options.source, size=options.size, **how)
    print(f"{found.name}: {found.count:,} {'images' if found.sizes else 'points'}")
    for name, text in _facts(found).items():
        print(f"  {name:<12}{worded(printable(text))}")
    for note in (*found.notes, *(f"warning: {text}" for text in found.warnings)):
        print(f"  {worded(printable(note))}")
    if not found.count:
        raise DataError("none of these images can be read")
    size = options.size
    if size is None and found.sizes:
        size = min(*found.sizes.most_common(1)[0][0], SHEET)
    images = load_dataset(options.source, size=size, **how)
    save_png(contact_sheet(images), Path(options.out))
    print(f"  contact sheet: {options.out}{before}")
    if not images.are_points:
        print(f"  {_training(found, images.shape[0], options)}")


def _training(found: "Inspection", channels: int, options: argparse.Namespace) -> str:
    """What ``ganvas train`` would make of a source, in a sentence."""
    from ganvas.data.decoding.fit import Fit, fit_text
    from ganvas.recipes.build import largest_batch

    recipe = find("folder")
    fit = Fit(options.size or recipe.data.size, channels, options.fit)
    text, shape = fit_text(list(found.sizes.elements()), channels == 1, fit, found.name)
    height, width = (0, 0) if shape is None else shape[1:]
    small = sum(n for (h, w), n in found.sizes.items() if h < height or w < width)
    batch = min(recipe.batch, largest_batch(recipe, found.count))
    told = "class" if found.classes else "attributes" if found.attributes else ""
    also = f", {small:,} enlarged" if small else ""
    also += f", in batches of {batch}"
    also += f"; --condition.kind {told} tells the networks of each one's {told}" if told else ""
    given = {name: getattr(options, name) for name in ("size", "channels", "white", "split", "fit")}
    said = "".join(
        f" --data.{name} {value}"
        for name, value in given.items()
        if value not in (None, getattr(recipe.data, name))
    )
    command = f"ganvas train --data {shlex.quote(options.source)}{said}"
    kind = "grey" if channels == 1 else "in colour"
    return f"{command} would see {text}, {kind}{also}"


def _facts(found: "Inspection") -> dict[str, str]:
    """What there is to say of a source, a line each; what it has not is left out."""
    repeats = sum(len(group) - 1 for group in found.duplicates)
    facts = {
        "sizes": _counts({f"{w}x{h}": n for (h, w), n in found.sizes.most_common()}),
        "modes": _counts(found.modes),
        "formats": _counts(found.formats),
        "classes": _counts(found.classes, most=20),
        "attributes": _shares(found.attributes, found.count),
        "fit": found.fit,
        "repeats": f"{repeats:,} images repeat an earlier one" if repeats else "",
        "unreadable": ", ".join(f"{name} ({why})" for name, why in found.unreadable[:5]),
    }
    if len(found.unreadable) > 5:
        facts["unreadable"] += f" and {len(found.unreadable) - 5:,} more"
    return {name: text for name, text in facts.items() if text}


def _load(plugin: str | None) -> None:
    if plugin is not None:
        plugins.load_file(plugin)


def _counts(counts: Mapping[str, int], most: int = 6) -> str:
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:most]]
    more = [f"{len(counts) - most:,} more"] if len(counts) > most else []
    return ", ".join(shown + more)


def _shares(counts: Mapping[str, int], total: int, most: int = 12) -> str:
    shown = [f"{name} {count / max(1, total):.1%}" for name, count in list(counts.items())[:most]]
    more = [f"{len(counts) - most:,} more"] if len(counts) > most else []
    return ", ".join(shown + more)


def _row(path: Path) -> tuple[str, str, str]:
    size = f"{folder.size(path) / 1e6:,.1f}"
    try:
        run = Run(path)
        return str(run.settings["name"]), f"{run.images:,}", size
    except (UserError, KeyError, TypeError) as error:
        return f"unreadable: {worded(str(error))}", "", size


def _delete(options: argparse.Namespace) -> None:
    if not options.names:
        raise UsageError("name the runs to delete, such as `ganvas runs delete runs/0001-mnist`")
    if options.out is not None:
        raise UsageError(f"name the folders to delete whole, such as {options.out}/0001-mnist")
    paths = [folder.find(name) for name in options.names]
    if not options.yes:
        if sys.stdin is None or not sys.stdin.isatty():  # None: it was closed (`<&-`)
            raise UsageError("nothing was deleted: say --yes, or answer in a terminal")
        print(
            "delete", ", ".join(str(path) for path in paths), "for good? [y/N] ", end="", flush=True
        )
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            print("nothing was deleted")
            return
    for path in paths:
        folder.delete(path)
        print(f"deleted {path}")
