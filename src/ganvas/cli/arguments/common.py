"""Options that several commands have."""

import argparse

SETTINGS = (
    "Any other setting of a recipe may be given by its dotted name, such as "
    "--generator.width 96 or --game.loss hinge. Their order says nothing; of an option given twice "
    "the last counts"
)
"""What the help of a command that plays a recipe ends with."""

SHORTCUTS = {
    "batch": "images a turn; auto finds how many suit this machine",
    "seed": "of everything random",
    "device": "auto, cpu, cuda or mps",
    "precision": "auto, fp32 or bf16",
}
"""Recipe settings that have an option of their own."""


def add_recipe(command: argparse.ArgumentParser) -> None:
    """The recipe that a command plays."""
    command.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="a name (`ganvas recipes`) or a .yaml file; mnist, or folder with --data",
    )


def add_channels(command: argparse.ArgumentParser) -> None:
    """``--channels``."""
    command.add_argument(
        "--channels",
        type=int,
        choices=(1, 3),
        help="read images as grey (1) or in colour (3) (default: by what they all are)",
    )


def add_overwrite(command: argparse.ArgumentParser) -> None:
    """``--overwrite``."""
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a file that ganvas did not write (its own it replaces, and says so)",
    )


def add_plugin(command: argparse.ArgumentParser) -> None:
    """``--plugin``."""
    command.add_argument(
        "--plugin",
        action="append",
        metavar="FILE.py",
        help="a Python file with parts of your own; it is run; may be said again",
    )


def add_watchers(command: argparse.ArgumentParser) -> None:
    """``--logger`` and ``--listener``."""
    for option, what in (("logger", "log to"), ("listener", "tell every event")):
        command.add_argument(
            f"--{option}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"{what} a {option} that a plug-in registers; may be said again",
        )


def add_at(command: argparse.ArgumentParser) -> None:
    """``--at``: which checkpoint of a run."""
    command.add_argument(
        "--at",
        type=_clock,
        metavar="N|best",
        help="the checkpoint at N images, or the best one (default: the newest)",
    )


def add_shortcuts(command: argparse.ArgumentParser, *names: str) -> None:
    """Options for these settings of a recipe, and ``--compile``."""
    for name in names:
        command.add_argument(f"--{name}", metavar=name[0].upper(), help=SHORTCUTS[name])
    command.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="record whole rounds as CUDA graphs (default: where a trial finds it faster)",
    )


def _clock(text: str) -> int | str:
    """A number of images, or ``best``."""
    if text != "best" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of images nor best")
    return text if text == "best" else int(text)
