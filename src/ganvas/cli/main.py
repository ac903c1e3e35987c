"""The ``ganvas`` command: its words and how its errors look. Imports nothing slow."""

import errno
import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module

from ganvas import own_code
from ganvas.cli.overrides import split_overrides, split_sources
from ganvas.cli.parser import build_parser
from ganvas.cli.screen import screens
from ganvas.cli.wording import worded
from ganvas.errors import UserError

TRACEBACK = "GANVAS_TRACEBACK"
"""The environment variable that asks for the whole traceback of an error."""

BEGAN = time.monotonic()
"""When this command began: ``--minutes`` count from here, start-up included."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 failed, 2 usage, or 128 and the number of the
    signal that stopped it."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    with screens() as screen:
        code = _run(arguments)
        screen.flush()
        if screen.lost is None or isinstance(screen.lost, BrokenPipeError):
            return code
        print(f"ganvas: not all that was said could be written: {screen.lost}", file=sys.stderr)
        # What counts of a run lies in its folder.
        playing = arguments[:1] in (["train"], ["resume"])
        return code or int(not playing)


def _run(arguments: list[str]) -> int:
    parser, known = build_parser()
    overrides: dict[str, object] = {}
    try:
        sources: dict[str, str] = {}
        if arguments[:1] in (["train"], ["resume"]):
            arguments, sources = split_sources(arguments)
        if arguments and arguments[0] in known:
            arguments, overrides = split_overrides(arguments, known[arguments[0]])
        options, unknown = parser.parse_known_args(arguments)
        if unknown:
            parser.refuse(unknown)
        if options.command is None:
            parser.print_help()
            return 0
        options.overrides, options.sources = overrides, sources
        verb = import_module(f"ganvas.cli.verbs.{options.command}")  # such as verbs/train.py
        return verb.execute(options) or 0
    except KeyboardInterrupt:
        print("ganvas: stopped", file=sys.stderr)
        return 130
    except Exception as error:
        said = _said(error)
        if said is None:
            raise
        if os.environ.get(TRACEBACK):
            traceback.print_exception(error)
        print(f"ganvas: {said}", file=sys.stderr)
        return error.exit_code if isinstance(error, UserError) else 1


def _said(error: Exception) -> str | None:
    """An error in a line; None for one of ganvas itself, which only a traceback can explain."""
    if isinstance(error, UserError):
        return worded(str(error))
    if own_code.place(error) is not None:
        return f"{own_code.described(error)}; {TRACEBACK}=1 shows the whole traceback"
    return _disk(error) if isinstance(error, OSError) else None


def _disk(error: OSError) -> str:
    """A file that cannot be read or written, as a sentence."""
    place = f" ({error.filename})" if error.filename else ""
    hint = "; free some room, then `ganvas resume` goes on" if error.errno == errno.ENOSPC else ""
    return f"{error.strerror or error}{place}{hint}"
