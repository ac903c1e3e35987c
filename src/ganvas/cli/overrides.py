"""``--generator.width 96`` on a command line, as dotted keys and values."""

import re
from collections.abc import Callable, Collection, Sequence

from ganvas.errors import UsageError

SOURCE = re.compile(r"--data[-_]([\w-]+)")


def split_overrides(
    words: Sequence[str], known: Collection[str]
) -> tuple[list[str], dict[str, object]]:
    """Part a command line into what argparse knows, and recipe settings by dotted name.

    ``--a.b 1`` and ``--a.b=1`` are the same; dashes in names stand for underscores; values are
    read as YAML. Of a setting given twice the last value counts, as of any option. This comes
    before argparse, which would take a setting's value for a positional.

    Raises:
        UsageError: a setting without a value.
    """

    def setting(option: str) -> str | None:
        return None if option in known or option == "--" else option[2:]

    rest, found = _split(words, setting)
    return rest, {name: _value(value) for name, value in found.items()}


def split_sources(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Part a command line into ``--data-a SRC``, for a game with several sources, and the rest.

    Raises:
        UsageError: a source without a value.
    """

    def source(option: str) -> str | None:
        named = SOURCE.fullmatch(option)
        return None if named is None else named.group(1)

    return _split(words, source)


def _split(
    words: Sequence[str], name_of: Callable[[str], str | None]
) -> tuple[list[str], dict[str, str]]:
    """The rest of a command line, and the texts of the options that ``name_of`` names."""
    rest: list[str] = []
    found: dict[str, str] = {}
    words = list(words)
    while words:
        word = words.pop(0)
        option, equals, value = word.partition("=")
        name = name_of(option) if option.startswith("--") else None
        if name is None:
            rest.append(word)
            continue
        if not equals:
            if not words or words[0].startswith("--"):
                raise UsageError(_without_value(option))
            value = words.pop(0)
        found[name.replace("-", "_")] = value
    return rest, found


def _without_value(name: str) -> str:
    from ganvas.recipes.other_names import ours

    here = ours(name[2:])
    return f"{name} needs a value" if here is None else f"no option {name}: here it is {here}"


def _value(text: str) -> object:
    from ganvas.recipes import yaml

    return yaml.read(text, f"the value {text!r}")
