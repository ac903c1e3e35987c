"""A setting as texts below the command line write it, `data.size=64`, becomes `--data.size 64`.

Errors, warnings and notes are read by users of Python and of the command line. They name a setting
by its path in backticks, and a call as Python has it; here both become what can be typed.
"""

import ast
import re
from contextlib import suppress
from shlex import quote

SWITCHES = frozenset({"accept_changed_plugin", "compile", "new_data", "overwrite"})
"""Arguments whose option takes no value: ``new_data=True`` is ``--new-data``."""

ARGUMENTS = frozenset(
    {"accept_changed_plugin"}
    | {"at", "attributes", "batch", "channels", "compile", "count", "data", "device", "features"}
    | {"fit", "images", "label", "metrics", "minutes", "name", "neighbours", "new_data", "out"}
    | {"overwrite", "plugin", "precision", "reference", "seconds", "seed", "seeds", "start"}
    | {"truncation", "workers"}
)
"""Arguments of Python calls that are options here; the settings of a recipe are beside them."""

REPEATED = frozenset({"plugin"})
"""Arguments that may have several values, each with its own option."""

ALWAYS = frozenset({"save"})
"""Arguments that say what a command does anyway."""

OTHER_NAMES = {"start": "from", "attributes": "attr"}
"""What is called otherwise here."""

NAME = r"[a-z]\w*(?:\.\w+)*"
QUOTED = re.compile(r"(``?)([^`]+)\1")
CALL = re.compile(r"ganvas\.[a-z]+\(.*\)", re.DOTALL)
GIVEN = re.compile(rf"({NAME})=(.*?)(?=\s+{NAME}=|$)", re.DOTALL)


def worded(text: str) -> str:
    """A text from below as the command line says it.

    `data.size=64` becomes --data.size 64, `data.fit` becomes --data.fit, and
    `ganvas.train(images=96)` becomes `ganvas train --images 96`. Other words in backticks, such as
    `ganvas resume`, stay as they are. Double backticks, as documentation has them, are kept.
    """
    return QUOTED.sub(_span, text)


def _span(found: re.Match[str]) -> str:
    marks, inside = found.groups()
    if CALL.fullmatch(inside):
        with suppress(SyntaxError, ValueError):  # a text of the user's may only look like a call
            return f"{marks}{_command(inside)}{marks}"
    if GIVEN.match(inside):
        option = GIVEN.sub(lambda given: _option(*given.groups()), inside)
    elif re.fullmatch(NAME, inside) and _is_known(inside):
        option = _flag(inside)
    else:
        return found.group()
    return f"{marks}{option}{marks}" if len(marks) == 2 else option


def _command(call: str) -> str:
    """``ganvas.train('mnist', images=96)`` as it is typed."""
    tree = ast.parse(call, mode="eval").body
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Attribute):
        return call
    words = ["ganvas", tree.func.attr, *(quote(str(_literal(node))) for node in tree.args)]
    for keyword in tree.keywords:
        value = _literal(keyword.value)
        given = value if isinstance(value, dict) else {str(keyword.arg): value}
        given = {name: each for name, each in given.items() if name not in ALWAYS}
        for name, each in given.items():
            several = each if name in REPEATED and isinstance(each, list) else [each]
            words += [_option(name, str(one)) for one in several]
    return " ".join(words)


def _literal(node: ast.expr) -> object:
    """A value; of a name that stands for one, such as RUN, the name."""
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)


def _option(name: str, value: str) -> str:
    if name in SWITCHES and value in ("True", "False"):
        return _flag(name if value == "True" else f"no_{name}")
    return f"{_flag(name)} {quote(value)}"


def _flag(name: str) -> str:
    """Dashes join the words of an option; a setting inside another keeps its underscores."""
    name = OTHER_NAMES.get(name, name)
    return f"--{name if '.' in name else name.replace('_', '-')}"


def _is_known(name: str) -> bool:
    if name in ARGUMENTS:
        return True
    from ganvas.games.gan import GAN  # slow to import, and needed only here
    from ganvas.recipes.flat import types

    # What only some game has: the kind of a network, the optimiser of a player, a source.
    first = name.partition(".")[0]
    own = name.endswith(".kind") or first.endswith("_optimiser") or first.startswith("data_")
    return own or first in types(GAN())
