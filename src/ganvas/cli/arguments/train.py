"""The arguments of ``ganvas train``."""

import argparse

from ganvas.cli.arguments.common import (
    SETTINGS,
    add_channels,
    add_plugin,
    add_recipe,
    add_shortcuts,
    add_watchers,
)

HELP = "Train a recipe, or your own images, in a new run folder."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.epilog = f"{SETTINGS}. --dry-run shows them all."
    add_recipe(command)
    command.add_argument(
        "--data", metavar="SRC", help="folder, archive, idx or npz file, or built-in name"
    )
    add_channels(command)
    command.add_argument(
        "--out", default="runs", metavar="DIR", help="where run folders lie (default: runs)"
    )
    command.add_argument("--name", help="this run's name (default: the recipe's)")
    command.add_argument(
        "--from",
        dest="start",
        metavar="RUN",
        help="begin with the weights of another run (and its recipe, where none is named)",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="print the resolved recipe and stop"
    )
    add_plugin(command)
    add_watchers(command)
    length = command.add_mutually_exclusive_group()
    length.add_argument("--images", type=int, metavar="N", help="total images to see")
    length.add_argument(
        "--minutes", type=float, metavar="M", help="stop after M minutes, start-up included"
    )
    add_shortcuts(command, "batch", "seed", "device", "precision")
