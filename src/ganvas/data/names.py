"""Names as a screen shows them: a few of many, on one line."""

from collections.abc import Sequence

NAMED = 5  # how many names a message gives


def some(names: Sequence[str]) -> str:
    """The first few names, safe on one line of a screen."""
    shown = ", ".join(printable(name) for name in names[:NAMED])
    return shown + (", …" if len(names) > NAMED else "")


def printable(name: str) -> str:
    """A file name without control characters or undecodable bytes."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
