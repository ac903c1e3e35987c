"""Parts of a run that a script or a notebook registered, and no plug-in."""

import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ganvas.disk import explain, replace_file
from ganvas.errors import UsageError
from ganvas.recipes import own_parts
from ganvas.recipes.own_parts import OwnPart
from ganvas.store.kept_code import FOLDER
from ganvas.store.plugins import Plugin

NOT_OF_A_RUN = frozenset({"recipe", "logger", "listener"})
"""Sorts of parts that nobody needs to open a run: its recipe stands in its folder as a whole."""


@dataclass(frozen=True)
class RegisteredPart:
    """What a run notes of such a part.

    what: what it is, such as ``generator`` or ``loss``.
    kind: its name in recipes.
    made_by: the name of its class, or of what was registered.
    file: the name of the file that registered it; empty for a notebook.
    source: the place of its source in the run folder; empty where Python had none.
    """

    what: str
    kind: str
    made_by: str
    file: str = ""
    source: str = ""

    @classmethod
    def of(cls, part: OwnPart) -> "RegisteredPart":
        """Of a part that is registered now."""
        name = re.sub(r"[^\w.-]", "_", f"{part.what}-{part.kind}")
        source = "" if _source(part) is None else f"{FOLDER}/{name}.py"
        file = "" if part.file is None else part.file.name
        return cls(part.what, part.kind, part.made_by, file, source)

    def __str__(self) -> str:
        return f"{self.what} {self.kind!r} ({self.made_by} of {self.file or 'a notebook'})"


def parted(
    used: Iterable[OwnPart], named: Iterable[Plugin], loaded: Iterable[Plugin]
) -> tuple[list[Plugin], list[OwnPart]]:
    """The plug-ins of a run, and its parts that are of none. A plug-in that registered nothing but
    recipes, loggers and listeners is not of the run, unless it has a part that the run uses.

    Args:
        used: the parts of the user's own that the run uses.
        named: plug-ins that were named for it.
        loaded: all of this process, of which one that has such a part counts as named.
    """
    found, others = [plugin for plugin in named if _may_matter(plugin)], []
    for part in used:
        plugin = next((each for each in loaded if part.file in each.files()), None)
        if plugin is None:
            others.append(part)
        elif plugin not in found:
            found.append(plugin)
    return found, others


def _may_matter(plugin: Plugin) -> bool:
    """Whether a run may be another one without a plug-in; one that registers nothing does something
    else."""
    files = plugin.files()
    sorts = {part.what for part in own_parts.known() if part.file in files}
    return not sorts or not sorts <= NOT_OF_A_RUN


def keep(run: Path, parts: Iterable[OwnPart]) -> None:
    """Keep the sources of parts in a run folder, where Python has them.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    for part in parts:
        source, path = _source(part), run / RegisteredPart.of(part).source
        if source is not None:
            try:
                path.parent.mkdir(exist_ok=True)
                replace_file(path, source.encode())
            except OSError as error:
                raise explain(error, str(path)) from None


def check(parts: Sequence[RegisteredPart], run: Path) -> None:
    """Raise UsageError where a part of a run has not been registered in this process."""
    known = {(part.what, part.kind) for part in own_parts.known()}
    missing = [part for part in parts if (part.what, part.kind) not in known]
    if not missing:
        return
    it, its, what = ("them", "their", "parts") if missing[1:] else ("it", "its", "a part")
    kept = [str(run / part.source) for part in missing if part.source]
    where = f"; as it was, {its} source lies in {', '.join(kept)}" if kept else ""
    raise UsageError(
        f"this run's {', '.join(map(str, missing))}: {what} of your own, registered in Python. "
        f"Register {it} before the run is opened, or put {it} into a file and name that with "
        f"`plugin=FILE`{where}"
    )


def _source(part: OwnPart) -> str | None:
    """The source of a class or a function, or of the functions that an object holds; None where
    Python has none."""
    made = own_parts.registered(part)
    pieces = [made] if inspect.isclass(made) or inspect.isfunction(made) else vars(made).values()
    functions = [each for each in pieces if inspect.isclass(each) or inspect.isfunction(each)]
    with suppress(OSError, TypeError):
        texts = [textwrap.dedent(inspect.getsource(each)) for each in functions]
        return "\n\n".join(dict.fromkeys(texts)) or None
    return None
