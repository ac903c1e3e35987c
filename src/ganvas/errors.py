"""Errors a user can mend: their text is the whole message, shown without a traceback."""


class UserError(Exception):
    """A mistake or a bad input that the user can put right; the message says how. Exit code 1."""

    exit_code = 1


class UsageError(UserError):
    """A wrong command, name, key or value. Exit code 2."""

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
