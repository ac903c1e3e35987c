"""``ganvas recipes``."""

import argparse
import inspect

from rich.text import Text

from ganvas.cli.wording import worded
from ganvas.recipes import flat, yaml
from ganvas.recipes.about import ABOUT
from ganvas.recipes.recipe_table import RECIPES, find
from ganvas.screen.console import new_table, show_table
from ganvas.store import plugins


def execute(options: argparse.Namespace) -> None:
    """Print one recipe whole, or a list of all."""
    plugins.load(options.plugin)
    if options.name is None:
        _list_all()
        return
    recipe = find(options.name)
    if options.name in RECIPES:
        print(worded(inspect.getdoc(RECIPES[options.name]) or ""), end="\n\n")
    print(yaml.write(flat.to_plain(recipe)), end="")


def _list_all() -> None:
    table = new_table()
    for column in ("recipe", "time", "task (size), and what to expect"):
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
