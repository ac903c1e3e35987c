"""The arguments of ``ganvas data``."""

import argparse

from ganvas.cli.arguments.common import add_channels, add_overwrite

HELP = "Tell what is in a source of images, and what a training would see."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("source", metavar="SRC")
    command.add_argument(
        "--split", default="all", help="train, test, all or positions such as 0:50000"
    )
    command.add_argument("--size", type=int, metavar="N", help="the shorter side in pixels")
    command.add_argument(
        "--fit",
        default="keep",
        choices=("keep", "crop", "pad", "stretch"),
        help="what becomes of other shapes (default: keep)",
    )
    add_channels(command)
    command.add_argument(
        "--white",
        type=int,
        metavar="V",
        help="the value that becomes white, such as 4095 of 12 bits in 16-bit files",
    )
    command.add_argument(
        "--out", default="contact-sheet.png", metavar="FILE", help="where the contact sheet goes"
    )
    add_overwrite(command)
