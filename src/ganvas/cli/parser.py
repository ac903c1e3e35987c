"""The parser of the ``ganvas`` command, joined from its commands' arguments."""

import argparse
from types import ModuleType
from typing import NoReturn

from ganvas import __version__
from ganvas.cli.arguments import (
    bench,
    compare,
    data,
    evaluate,
    recipes,
    resume,
    runs,
    sample,
    show,
    train,
)
from ganvas.errors import UsageError

COMMANDS: dict[str, ModuleType] = {
    "train": train,
    "resume": resume,
    "sample": sample,
    "evaluate": evaluate,
    "bench": bench,
    "compare": compare,
    "recipes": recipes,
    "show": show,
    "runs": runs,
    "data": data,
}
"""What each command takes, in the order of the help."""

PLAYING = ("train", "bench")
"""Commands that take the settings of a recipe beside their own options."""


class Parser(argparse.ArgumentParser):
    """argparse whose errors end with what to do, in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError where argparse would print and exit."""
        raise UsageError(f"{message} (see `{self.prog} --help`)")

    def refuse(self, words: list[str]) -> NoReturn:
        """Refuse words it does not know; another program's name of a setting is answered with ours.

        Raises:
            UsageError: always.
        """
        from ganvas.recipes.other_names import ours

        here = ours(words[0].lstrip("-").partition("=")[0]) if words[0].startswith("--") else None
        known = "" if here is None else f": at the start of a run, `ganvas train`, it is {here}"
        self.error(f"unrecognized arguments: {' '.join(words)}{known}")


def build_parser() -> tuple[Parser, dict[str, frozenset[str]]]:
    """The parser, and the options of each command that plays a recipe: others are settings."""
    parser = Parser(
        prog="ganvas",
        description="Train, measure, understand and ship generative adversarial networks.",
        epilog="Begin with `ganvas train`: digits in five minutes, on any machine.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ganvas {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    options: dict[str, frozenset[str]] = {}
    for name, takes in COMMANDS.items():
        command = commands.add_parser(
            name, help=takes.HELP, description=takes.HELP, allow_abbrev=False
        )
        takes.add_arguments(command)
        options[name] = frozenset(command._option_string_actions)
    return parser, {name: options[name] for name in PLAYING}
