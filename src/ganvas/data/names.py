"""Names: the one order they stand in, and how a screen shows them."""

import re
from collections.abc import Mapping, Sequence

NAMED = 5
"""How many names a message gives."""

EXPLAINED = 3
"""How many unreadable files a message gives, with the reason of each."""

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
    listed = ", ".join(printable(name) for name in names[:NAMED])
    return listed + (", …" if len(names) > NAMED else "")


def printable(name: str) -> str:
    """A file name without control characters or undecodable bytes."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)


def some_reasons(reasons: Mapping[str, str]) -> str:
    """The first few unreadable files, each with the reason why it is not read."""
    texts = [f"{printable(name)} ({why})" for name, why in sorted(reasons.items())[:EXPLAINED]]
    return ", ".join(texts) + (", …" if len(reasons) > EXPLAINED else "")
