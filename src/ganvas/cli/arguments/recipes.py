"""The arguments of ``ganvas recipes``."""

import argparse

from ganvas.cli.arguments.common import add_plugin

HELP = "List the recipes, or the parts that they are made of."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("name", nargs="?", metavar="RECIPE", help="show one whole")
    command.add_argument(
        "--kinds",
        nargs="?",
        const="",
        metavar="WHAT",
        help="list the parts that a recipe may name, with their settings and defaults: all, or "
        "those of one sort, such as generator, loss or metric",
    )
    add_plugin(command)
