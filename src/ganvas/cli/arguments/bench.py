"""The arguments of ``ganvas bench``."""

import argparse

from ganvas.cli.arguments.common import (
    SETTINGS,
    add_overwrite,
    add_plugin,
    add_recipe,
    add_shortcuts,
)

HELP = "Measure how fast a recipe plays here, and why."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.epilog = f"{SETTINGS}."
    add_recipe(command)
    command.add_argument(
        "--data", metavar="SRC", help="play with these images (default: random ones, or MNIST)"
    )
    command.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="to play each side (default: 10)"
    )
    command.add_argument(
        "--no-plain", dest="plain", action="store_false", help="leave the plain loop out"
    )
    command.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that load the plain loop's images (default: 0)",
    )
    command.add_argument("--json", action="store_true", help="print a record, nothing else")
    command.add_argument("--out", metavar="FILE", help="a picture: bench.png or bench.html")
    add_overwrite(command)
    add_plugin(command)
    add_shortcuts(command, "batch", "device", "precision")
