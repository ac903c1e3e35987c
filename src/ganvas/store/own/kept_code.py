"""What a run keeps of its user's own code: copies of what was executed, to read and to compare.

A copy is never executed because it lies in a run folder, which may come from anywhere; a user may
name one as a plug-in.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganvas.disk import explain, replace_file
from ganvas.errors import UsageError
from ganvas.recipes import own_parts
from ganvas.store.own import plugins
from ganvas.store.own.change import Change
from ganvas.store.own.plugins import Plugin, hash_of
from ganvas.store.own.source_code import code_of

FOLDER = "plugins"
"""The folder of a run that holds the copies."""


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
            raise UsageError(
                _asked_for(missing, [kept_copy(run, self.plugins[p]) for p in missing])
            )
        return [plugin for plugin in named.values() if plugin is not None]

    def changes(self, run: Path) -> list[Change]:
        """What of the code is not what the run was made with; comments, docstrings and the form of
        a text are no code.

        Raises:
            UsageError: a plug-in has not been named.
        """
        named = self.named(run)
        now = {
            place: (plugin.path.parent / place, source)
            for plugin in named
            for place, source in plugin.sources.items()
        }
        then = {place: digest for place, digest in self.modules.items() if place in now}
        then |= {
            plugin.path.name: digest
            for plugin, digest in zip(named, self.plugins.values(), strict=True)
        }
        found = (
            _change(place, kept_copy(run, digest), *now[place])
            for place, digest in then.items()
            if hash_of(now[place][1]) != digest
        )
        return [change for change in found if change.then != change.now]


def keep(run: Path, loaded: Iterable[Plugin], images: int = 0) -> None:
    """Keep copies of plug-ins in a run folder.

    Args:
        run: the folder.
        loaded: the plug-ins.
        images: the clock from which on the run is made with them.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    for place, source in plugins.sources(loaded).items():
        put(run, place, source, images)


def put(run: Path, place: str, source: bytes, images: int = 0) -> None:
    """Keep one copy in a run folder. What lies there and differs moves to a folder that is named by
    the clock until which the run was made with it.

    Args:
        run: the folder.
        place: of the file below that of the copies.
        source: its content.
        images: the clock from which on the run is made with it.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    path = run / FOLDER / place
    earlier = until(path, run, images)
    try:
        if path.is_file() and path.read_bytes() != source and not earlier.exists():
            earlier.parent.mkdir(parents=True, exist_ok=True)
            path.replace(earlier)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, source)
    except OSError as error:
        raise explain(error, str(path)) from None


def until(copy: Path, run: Path, images: int) -> Path:
    """Where the newest copy of a file lies once the run has gone on, at this clock, with another
    form of it."""
    return run / FOLDER / f"{images:09d}" / copy.relative_to(run / FOLDER)


def short(path: str) -> str:
    """A path as it can be said from here: shorter where it lies below this folder; its name alone
    where there is no such file."""
    if not Path(path).is_file():
        return Path(path).name
    here = os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path
    return here


def _named(path: str, digest: str, run: Path) -> Plugin | None:
    """The plug-in of this process that is the one of a run; None where it has not been named."""
    loaded, kept = [*plugins.loaded(), *_imported()], kept_copy(run, digest)
    code = None if kept is None else code_of(kept.read_bytes())
    tests = (
        lambda each: each.hash == digest,
        lambda each: code is not None and code_of(each.sources[each.path.name]) == code,
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


def kept_copy(run: Path, digest: str) -> Path | None:
    """The copy, in a run folder, of a source with this hash; the newest before earlier ones."""
    every = sorted((run / FOLDER).rglob("*.py"), key=lambda path: (len(path.parts), path))
    found = (path for path in every if path.is_file())
    return next((path for path in found if hash_of(path.read_bytes()) == digest), None)


def _change(place: str, kept: Path | None, file: Path, now: bytes) -> Change:
    then = None if kept is None else code_of(kept.read_bytes())
    return Change(place, kept, short(str(file)), then, code_of(now))
