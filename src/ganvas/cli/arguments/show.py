"""The arguments of ``ganvas show``."""

import argparse

from ganvas.cli.arguments.common import add_plugin

HELP = "Show what a run is and how far it is."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("run", metavar="RUN")
    add_plugin(command)
