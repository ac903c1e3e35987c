"""Errors a user can mend: their text is the whole message, shown without a traceback.

A message names a setting, or an argument of a Python call, by its path in backticks:
`data.size=64`, `new_data=True`, `game.loss`. It names no option of the command line, which words
these itself (see ``ganvas.cli.wording``).
"""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake or a bad input that the user can put right; the message says how.

    ``exit_code`` is what the command line ends with: 1, or what a subclass says.
    """

    exit_code = 1


class UsageError(UserError):
    """A wrong command, name, key or value: exit code 2."""

    exit_code = 2


class DataError(UserError):
    """Images or archives that cannot be read, or that do not fit what was asked."""


class NoSuchPart(DataError):
    """A source has no training, or no test, part."""


class CheckpointError(UserError):
    """A checkpoint that is damaged, or that does not belong to what is being restored."""


class RunBusy(UserError):
    """Another process is using this run folder."""


class NonFinite(UserError):
    """A loss or a weight stopped being a finite number."""


def unknown(name: str, choices: Iterable[str], what: str = "setting") -> str:
    """The message for a name that is not among ``choices``, with the nearest ones, or all."""
    choices = list(choices)
    near = nearest(name, choices)
    if near:
        return f"unknown {what} {name!r}: did you mean {' or '.join(near)}?"
    return f"unknown {what} {name!r}: choose one of {', '.join(choices)}"


def nearest(name: str, choices: Iterable[str]) -> list[str]:
    """Up to two of the choices that a name may have meant; the one that differs from it in capitals
    or in ``_`` for ``-`` alone."""
    plain, known = _plain(name), {_plain(each): each for each in choices}
    near = [plain] if plain in known else difflib.get_close_matches(plain, known, n=2, cutoff=0.6)
    return [known[each] for each in near]


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
