"""The arguments of ``ganvas compare``."""

import argparse

from ganvas.cli.arguments.common import add_overwrite, add_plugin

HELP = "Set several runs side by side: settings, figures, curves."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("runs", nargs="+", metavar="RUN")
    add_plugin(command)
    command.add_argument(
        "--out", default="compare.html", metavar="FILE", help="plots (default: compare.html)"
    )
    command.add_argument(
        "--csv", metavar="FILE", help="a table too: a row a run and metric, a column a setting"
    )
    add_overwrite(command)
