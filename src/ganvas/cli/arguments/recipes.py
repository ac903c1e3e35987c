"""The arguments of ``ganvas recipes``."""

import argparse

from ganvas.cli.arguments.common import add_plugin

HELP = "List the recipes."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("name", nargs="?", metavar="RECIPE", help="show one whole")
    add_plugin(command)
