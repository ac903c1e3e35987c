"""What a run keeps of its user's own code: copies of what was executed, to read and to compare.

A copy is never executed because it lies in a run folder, which may come from anywhere; a user may
name one as a plug-in.
"""

import ast
import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ganvas.disk import explain, replace_file
from ganvas.errors import UsageError, UserError
from ganvas.recipes import own_parts
from ganvas.store import plugins
from ganvas.store.plugins import Plugin, hash_of

FOLDER = "plugins"
"""The folder of a run that holds the copies."""

DIFF_LINES = 12
"""Lines of a difference that an error shows, at most."""


@dataclass(frozen=True)
class KeptCode:
    """The files that a run was made with.

    plugins: the plug-in files by their paths, and the hash of each.
    modules: the modules beside them that they import, by their places there, and the hash of each.
    """

    plugins: Mapping[str, str]
    modules: Mapping[str, str]

    @classmethod
    def of(cls, loaded: Iterable[Plugin]) -> "KeptCode":
        """Of plug-ins that were executed."""
        loaded = list(loaded)
        own = {plugin.path.name for plugin in loaded}
        return cls(
            {str(plugin.path): plugin.hash for plugin in loaded},
            {
                place: hash_of(source)
                for place, source in plugins.sources(loaded).items()
                if place not in own
            },
        )

    def files(self) -> list[str]:
        """The plug-in files as they can be said from here."""
        return [short(path) for path in self.plugins]

    def named(self, run: Path) -> list[Plugin]:
        """The plug-ins of this process that are these, each recognised by its content, or else by
        its name.

        Raises:
            UsageError: some have not been named.
        """
        named = {path: _named(path, digest, run) for path, digest in self.plugins.items()}
        missing = [path for path, plugin in named.items() if plugin is None]
        if missing:
            raise UsageError(_asked_for(missing, [_kept(run, self.plugins[p]) for p in missing]))
        return [plugin for plugin in named.values() if plugin is not None]

    def changes(self, run: Path) -> list["Change"]:
        """What of the code is not what the run was made with; comments, docstrings and the form of
        a text are no code.

        Raises:
            UsageError: a plug-in has not been named.
        """
        named = self.named(run)
        now = plugins.sources(named)
        then = {place: digest for place, digest in self.modules.items() if place in now}
        then |= {
            plugin.path.name: digest
            for plugin, digest in zip(named, self.plugins.values(), strict=True)
        }
        found = (Change(place, _kept(run, then[place]), now[place]) for place in then)
        return [
            change
            for change in found
            if hash_of(change.now) != then[change.place] and change.code_differs()
        ]


@dataclass(frozen=True)
class Change:
    """A file of the user's own that has changed since a run was made with it.

    place: of the file, below the folder of its plug-in.
    kept: the run's copy; None for older runs, which kept none.
    now: what was executed in this process.
    """

    place: str
    kept: Path | None
    now: bytes

    def code_differs(self) -> bool:
        """Whether more than comments differs, as far as is known."""
        return self.kept is None or _code(self.kept.read_bytes()) != _code(self.now)

    def words(self) -> str:
        """What has changed, and where the copy lies, in words."""
        copy = "" if self.kept is None else f" (as it was, it lies in {self.kept})"
        return f"{self.place} has changed since this run was trained{copy}"

    def difference(self) -> str:
        """The first lines that differ, in code without comments; empty without a copy."""
        if self.kept is None:
            return ""
        then, now = (_code(text).splitlines() for text in (self.kept.read_bytes(), self.now))
        names = (str(self.kept), self.place)
        lines = list(difflib.unified_diff(then, now, *names, n=1, lineterm=""))
        more = [f"… and {len(lines) - DIFF_LINES} lines more"] * (len(lines) > DIFF_LINES)
        return "\n".join([*lines[:DIFF_LINES], *more])


@contextmanager
def blaming(changes: Iterable[Change]) -> Iterator[None]:
    """Errors within say, if there are changes, that these may be the cause, and what to do."""
    try:
        yield
    except UserError as error:
        copies = [f"`plugin={c.kept}`" for c in changes if c.kept is not None]
        said = "; ".join(f"{change.place} has changed since it was trained" for change in changes)
        if not said:
            raise
        help_ = f": as it was, it can be named with {' '.join(copies)}" if copies else ""
        raise type(error)(f"{error}; {said}{help_}") from error


def keep(run: Path, loaded: Iterable[Plugin], images: int = 0) -> None:
    """Keep copies of plug-ins in a run folder, beside those that are there.

    Args:
        run: the folder.
        loaded: the plug-ins.
        images: the clock from which on the run is made with them.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    folder = run / FOLDER
    texts = plugins.sources(loaded)
    if images or any((folder / place).exists() for place in texts):
        folder = folder / f"{images:09d}"
    for place, source in texts.items():
        path = folder / place
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, source)
        except OSError as error:
            raise explain(error, str(path)) from None


def short(path: str) -> str:
    """A path as it can be said from here: shorter where it lies below this folder; its name alone
    where there is no such file."""
    if not Path(path).is_file():
        return Path(path).name
    here = os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path
    return here


def _named(path: str, digest: str, run: Path) -> Plugin | None:
    """The plug-in of this process that is the one of a run; None where it has not been named."""
    loaded, kept = [*plugins.loaded(), *_imported()], _kept(run, digest)
    code = None if kept is None else _code(kept.read_bytes())
    tests = (
        lambda each: each.hash == digest,
        lambda each: code is not None and _code(each.sources[each.path.name]) == code,
        lambda each: each.path.name == Path(path).name,
    )
    for is_it in tests:
        found = [each for each in loaded if is_it(each)]
        if found:
            return found[0]
    return None


def _asked_for(files: Sequence[str], kept: Sequence[Path | None]) -> str:
    """What to do where plug-ins have not been named, of which some have copies."""
    names = ", ".join(Path(file).name for file in files)
    options = " ".join(f"`plugin={short(file)}`" for file in files)
    copies = ", ".join(str(copy) for copy in kept if copy is not None)
    if files[1:]:
        text, where = f"name them with {options} (they will be run)", "as they were, they lie"
    else:
        text, where = f"name it with {options} (it will be run)", "as it was, it lies"
    return f"this run uses parts of {names}: {text}" + (f"; {where} in {copies}" if copies else "")


def _imported() -> list[Plugin]:
    """Files whose parts are known here because the user imported them."""
    executed = {file for plugin in plugins.loaded() for file in plugin.files()}
    files = {part.file for part in own_parts.known() if part.file is not None} - executed
    return [Plugin(file, {file.name: file.read_bytes()}) for file in files if file.is_file()]


def _kept(run: Path, digest: str) -> Path | None:
    """The copy, in a run folder, of a source with this hash."""
    found = (path for path in sorted((run / FOLDER).rglob("*.py")) if path.is_file())
    return next((path for path in found if hash_of(path.read_bytes()) == digest), None)


def _code(source: bytes) -> str:
    """What of a source is code: comments, docstrings and its form are not. A text that cannot be
    parsed is all code."""
    try:
        return ast.unparse(_WithoutTexts().visit(ast.parse(source)))
    except (SyntaxError, ValueError):
        return source.decode(errors="replace")


class _WithoutTexts(ast.NodeTransformer):
    """Takes away texts that stand for themselves, such as docstrings."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node
