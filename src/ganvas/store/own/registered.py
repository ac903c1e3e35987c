"""Parts of a run that a script or a notebook registered, and no plug-in."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganvas.errors import UsageError
from ganvas.recipes import own_parts
from ganvas.recipes.own_parts import OwnPart
from ganvas.store.own import kept_code, source_code
from ganvas.store.own.change import Change
from ganvas.store.own.plugins import Plugin

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
    roots: the names and expressions in the source that make the part.
    excerpt: whether the source is less than a file, such as the cell of a notebook.
    """

    what: str
    kind: str
    made_by: str
    file: str = ""
    source: str = ""
    roots: list[str] = field(default_factory=list)
    excerpt: bool = True

    @classmethod
    def of(cls, part: OwnPart) -> "RegisteredPart":
        """Of a part that is registered now."""
        known, file = part.source, "" if part.file is None else part.file.name
        if known is None:
            return cls(part.what, part.kind, part.made_by, file)
        return cls(
            part.what,
            part.kind,
            part.made_by,
            file,
            f"{kept_code.FOLDER}/{_place(part)}",
            list(known.roots),
            known.file is None,
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.made_by} of {self.file or 'a notebook'})"

    @property
    def name(self) -> str:
        """Such as ``loss 'mine'``."""
        return f"{self.what} {self.kind!r}"

    def now(self) -> OwnPart | None:
        """The part that has its name in this process."""
        known = own_parts.known()
        return next((each for each in known if (each.what, each.kind) == self._key), None)

    def code(self, run: Path, roots: Iterable[str] = ()) -> dict[str, str] | None:
        """The code that the run keeps of it; None where it keeps none.

        Args:
            run: the run folder.
            roots: what makes the part, for older runs, which did not note it.
        """
        path = run / self.source
        if not self.source or not path.is_file():
            return None
        return source_code.code_of_part(path.read_bytes(), self.roots or roots)

    def change(self, run: Path) -> Change | None:
        """What of it has changed since the run was made; None where nothing has, as far as is
        known."""
        part = self.now()
        source = None if part is None else part.source
        then = None if source is None else self.code(run, source.roots)
        if source is None or then is None:
            return None
        now = source_code.code_of_part(source.text, source.roots)
        pair = source_code.compared(then, now, [*self.roots, *source.roots])
        file = "this notebook" if source.file is None else kept_code.short(str(source.file))
        change = Change(self.name, run / self.source, file, *pair, not self.excerpt)
        return None if change.then == change.now else change

    @property
    def _key(self) -> tuple[str, str]:
        return self.what, self.kind


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


def keep(run: Path, parts: Iterable[OwnPart], images: int = 0) -> None:
    """Keep the sources of parts in a run folder, where Python has them: the whole file, or of a
    notebook the cell.

    Args:
        run: the folder.
        parts: the parts.
        images: the clock from which on the run is made with them.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    for part in parts:
        if part.source is not None:
            kept_code.put(run, _place(part), part.source.text, images)


def changes(parts: Iterable[RegisteredPart], run: Path) -> list[Change]:
    """What of the parts of a run is not what the run was made with."""
    return [change for part in parts if (change := part.change(run)) is not None]


def check(parts: Sequence[RegisteredPart], run: Path, named: Iterable[Plugin] = ()) -> None:
    """Raise UsageError where a part of a run has not been registered in this process.

    Args:
        parts: those of the run.
        run: its folder.
        named: the plug-ins that were named to open it.
    """
    missing = [part for part in parts if part.now() is None]
    if not missing:
        return
    it, what = ("them", "parts") if missing[1:] else ("it", "a part")
    tried = "; ".join(_in_vain(plugin, missing) for plugin in named)
    names = ", ".join(map(str, missing))
    said = tried or f"this run's {names}: {what} of your own, registered in Python"
    kept = dict.fromkeys(_copy(part, run) for part in missing if part.source)
    where = f"; as it was, {' and '.join(kept)}" if kept else ""
    raise UsageError(
        f"{said}. Register {it} before the run is opened, or put {it} into a file and name that "
        f"with `plugin=FILE`{where}"
    )


def _copy(part: RegisteredPart, run: Path) -> str:
    """Where the source of a part lies, in words."""
    if part.excerpt:
        return f"an excerpt with the {part.name} lies in {run / part.source}"
    return f"{Path(part.source).name} lies in {run / part.source}"


def _in_vain(plugin: Plugin, missing: Iterable[RegisteredPart]) -> str:
    """That a plug-in was run and parts are missing still, in words."""
    names = ", ".join(part.name for part in missing)
    is_script = b"__main__" in plugin.sources[plugin.path.name]
    where = ' (it may stand under `if __name__ == "__main__"`)' if is_script else ""
    return f"{plugin.path.name} was run, but registers no {names}{where}"


def _place(part: OwnPart) -> str:
    """Where the source of a part lies below the copies of a run: under the name of its file, unless
    it has none of its own."""
    file = None if part.source is None else part.source.file
    sources = [each.source for each in own_parts.known() if each.source is not None]
    others = {each.file.name for each in sources if each.file not in (None, file)}
    if file is None or file.stem == "__init__" or file.name in others:
        return re.sub(r"[^\w.-]", "_", f"{part.what}-{part.kind}") + ".py"
    return file.name
