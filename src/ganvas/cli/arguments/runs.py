"""The arguments of ``ganvas runs``."""

import argparse

from ganvas.cli.arguments.common import add_plugin

HELP = "List runs, or delete some."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("action", nargs="?", choices=("list", "delete"), default="list")
    command.add_argument("names", nargs="*", metavar="RUN", help="folders to delete")
    command.add_argument("--out", metavar="DIR", help="list those in this folder (default: runs)")
    command.add_argument("--yes", action="store_true", help="delete without asking")
    add_plugin(command)
