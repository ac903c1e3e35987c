"""The arguments of ``ganvas compare``."""

import argparse

from ganvas.cli.arguments.common import add_overwrite, add_plugin

HELP = "Set the figures of several runs side by side."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("runs", nargs="+", metavar="RUN")
    add_plugin(command)
    command.add_argument(
        "--out", default="compare.html", metavar="FILE", help="plots (default: compare.html)"
    )
    add_overwrite(command)
