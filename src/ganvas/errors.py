"""Errors a user can mend: their text is the whole message, shown without a traceback.

A message names a setting, or an argument of a Python call, by its path in backticks:
`data.size=64`, `new_data=True`, `game.loss`. It names no option of the command line, which words
these itself (see ``ganvas.cli.wording``).
"""


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
