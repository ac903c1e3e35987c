"""``ganvas recipes``."""

import argparse
import inspect
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ganvas.cli.wording import worded
from ganvas.errors import UsageError, unknown
from ganvas.recipes import flat, own_parts, yaml
from ganvas.recipes.about import ABOUT
from ganvas.recipes.catalogue import TABLES, Entry, catalogue, sort_of, summary
from ganvas.recipes.recipe_table import RECIPES, find
from ganvas.screen.console import new_table, show_table
from ganvas.store.own import plugins


def execute(options: argparse.Namespace) -> None:
    """Print one recipe whole, a list of all, or one of the parts that they may name."""
    plugins.load(options.plugin)
    if options.kinds is not None:
        if options.name is not None:
            raise UsageError("--kinds lists parts: leave the recipe away, or --kinds")
        _list_kinds(options.kinds)
    elif options.name is None:
        _list_all()
    else:
        _show(options.name)


def _show(name: str) -> None:
    recipe = find(name)
    text = inspect.getdoc(RECIPES[name]) if name in RECIPES else None
    if text is not None:
        print(worded(text), end="\n\n")
    print(yaml.write(flat.to_plain(recipe)), end="")


def _list_all() -> None:
    own = [part for part in own_parts.known() if part.what == "recipe"]
    if own:
        table = _table("your recipe", "file", "what it is")
        for part in own:
            table.add_row(part.kind, _place(part), Text(summary(RECIPES[part.kind])))
        show_table(table)
        print()
    entries = [entry for entry in catalogue() if entry.own is not None]
    if entries:
        show_table(_parts_table("your part", entries))
        print()
    table = _table("recipe", "time", "task (size), and what to expect")
    for name, about in ABOUT.items():
        text = Text(f"{about.task} ({about.size})\n").append(about.expect, style="dim")
        table.add_row(name, about.time, text)
    show_table(table)
    print(
        "\ntime: on one CPU core with bfloat16. 8x the floor: 8 times as far from real images as "
        "these are from each other. `ganvas recipes NAME` shows one whole; "
        "`ganvas train NAME` trains it; `ganvas recipes --kinds` lists what it may be made of."
    )


def _list_kinds(what: str) -> None:
    """Print the parts of one sort; of all where none is named."""
    entries = catalogue()
    sorts = dict.fromkeys([*TABLES, *(entry.what for entry in entries)])
    sort = sort_of(what, sorts)
    if what and sort is None:
        raise UsageError(unknown(what, sorts, "sort of parts"))
    chosen = [entry for entry in entries if not what or entry.what == sort]
    show_table(_parts_table("part", chosen))


def _parts_table(first: str, entries: Sequence[Entry]) -> Table:
    """A table of parts, a line each: its sort and name, and below its summary its settings."""
    table = _table(first, "kind", "what it is, and its settings")
    for entry in entries:
        place = "" if entry.own is None else f"{_place(entry.own)}: "
        text = Text(f"{place}{entry.summary}".removesuffix(": "))
        if entry.settings:
            text.append(f"{chr(10) if text else ''}{entry.settings}", style="dim")
        table.add_row(entry.what, entry.kind, text)
    return table


def _place(part: own_parts.OwnPart) -> str:
    return part.module if part.file is None else part.file.name


def _table(*columns: str) -> Table:
    """A table whose last column alone is wrapped."""
    table = new_table()
    for column in columns:
        table.add_column(column, no_wrap=column != columns[-1])
    return table
