"""The arguments of ``ganvas sample``."""

import argparse

from ganvas.cli.arguments.common import add_at, add_overwrite, add_plugin

HELP = "Draw images from a run."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("run", metavar="RUN")
    command.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="grid.png, samples.npz, FOLDER/, or a way through samples: clip.gif, clip.webp",
    )
    command.add_argument(
        "--count", type=int, metavar="N", help="how many (default: 64, in an animation 8)"
    )
    command.add_argument("--seed", type=int, metavar="S", help="of all of them (default: 0)")
    command.add_argument("--seeds", metavar="A-B", help="one image a seed, such as 0-31 or 1,5,9")
    command.add_argument(
        "--truncation",
        type=float,
        metavar="T",
        help="largest latent number: less variety, fewer slips",
    )
    condition = command.add_mutually_exclusive_group()
    condition.add_argument(
        "--label", metavar="L", help="of a conditional run: the class of all of them"
    )
    condition.add_argument(
        "--attr",
        action="append",
        metavar="NAME=V",
        help="of a run that knows attributes: Smiling=1; may be said again",
    )
    command.add_argument(
        "--data", metavar="SRC", help="of a run that translates: items in place of its own"
    )
    add_overwrite(command)
    add_at(command)
    add_plugin(command)
