"""Names: the one order they stand in, and how a screen shows them."""

import re
from collections.abc import Sequence

NAMED = 5  # how many names a message gives
NUMBER = re.compile(r"([0-9]+)")


def natural(name: str) -> tuple[list[str | tuple[int, str]], str]:
    """A key to sort by: numbers inside a name count as numbers, so img2 comes before img10."""
    parts = NUMBER.split(name)  # every second one is a number
    numbers = [digits.lstrip("0") for digits in parts[1::2]]
    key: list[str | tuple[int, str]] = list(parts)
    key[1::2] = [(len(digits), digits) for digits in numbers]
    return key, name


def some(names: Sequence[str]) -> str:
    """The first few names, safe on one line of a screen."""
    shown = ", ".join(printable(name) for name in names[:NAMED])
    return shown + (", …" if len(names) > NAMED else "")


def printable(name: str) -> str:
    """A file name without control characters or undecodable bytes."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
