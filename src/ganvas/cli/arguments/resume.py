"""The arguments of ``ganvas resume``."""

import argparse

from ganvas.cli.arguments.common import add_plugin, add_watchers

HELP = "Continue a run exactly where its checkpoint stands."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("run", metavar="RUN")
    command.add_argument("--data", metavar="SRC", help="where the same images lie now")
    command.add_argument(
        "--new-data", action="store_true", help="go on although the data has changed"
    )
    command.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        help="go on elsewhere than where it was; precision and threads are chosen anew there",
    )
    add_plugin(command)
    command.add_argument(
        "--accept-changed-plugin",
        action="store_true",
        help="go on although a plug-in's code has changed; the resume is then not exact",
    )
    add_watchers(command)
    length = command.add_mutually_exclusive_group()
    length.add_argument("--images", type=int, metavar="N", help="a new total")
    length.add_argument("--minutes", type=float, metavar="M", help="stop after M minutes")
