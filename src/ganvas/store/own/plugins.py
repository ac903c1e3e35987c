"""A user's own Python files, executed on the user's word alone."""

import ast
import hashlib
import importlib
import linecache
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from ganvas import own_code
from ganvas.errors import UsageError, UserError

PluginFiles = str | Path | Iterable[str | Path] | None
"""What an argument ``plugin`` may be: a file, several, or none."""


@dataclass(frozen=True)
class Plugin:
    """A plug-in file that was executed in this process.

    path: the file.
    sources: what was executed: the file itself, and the modules beside it that it imports, by their
        places in its folder, such as ``mine.py`` and ``helpers.py``.
    modules: the names of these modules.
    """

    path: Path
    sources: Mapping[str, bytes]
    modules: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """The text "sha256:…" of the file itself."""
        return hash_of(self.sources[self.path.name])

    def files(self) -> list[Path]:
        """The file, and those of the modules."""
        return [self.path.parent / place for place in self.sources]

    def is_as(self, file: Path) -> bool:
        """Whether a file, with the modules beside it, is what was executed."""
        here = replace(self, path=file).files()
        return all(
            path.is_file() and path.read_bytes() == source
            for path, source in zip(here, self.sources.values(), strict=True)
        )


_loaded: dict[str, Plugin] = {}
"""The plug-ins of this process by the names of their modules."""


def load(plugin: PluginFiles) -> list[Plugin]:
    """Execute plug-in files, which call ``ganvas.register``; one that was executed in this process,
    and has not changed since, is not executed again.

    Raises:
        UsageError: there is no such file, or it fails; or two files would have the same name in a
            run folder.
    """
    given = [plugin] if isinstance(plugin, str | Path) else plugin or ()
    found = [_load(file) for file in dict.fromkeys(Path(each).resolve() for each in given)]
    sources(found)
    return found


def loaded() -> list[Plugin]:
    """All plug-ins that were executed in this process, in their newest form."""
    return list(_loaded.values())


def sources(plugins: Iterable[Plugin]) -> dict[str, bytes]:
    """What was executed of several plug-ins, by the places below their folders.

    Raises:
        UsageError: two files have the same place.
    """
    found: dict[str, bytes] = {}
    for plugin in plugins:
        for place, source in plugin.sources.items():
            if found.setdefault(place, source) != source:
                raise UsageError(f"two different files of your own are called {place}: rename one")
    return found


def hash_of(source: bytes) -> str:
    """The text "sha256:…" of a source."""
    return f"sha256:{hashlib.sha256(source).hexdigest()}"


def _load(file: Path) -> Plugin:
    name = f"ganvas_plugin_{file.stem}"
    if not file.is_file():
        raise UsageError(f"there is no plug-in file {file}")
    known = _loaded.get(name)
    if known is not None and file.name == known.path.name and known.is_as(file):
        _loaded[name] = replace(known, path=file)
    else:
        _forget(name, file.parent)
        _loaded[name] = _execute(file, name)
    return _loaded[name]


def _forget(name: str, folder: Path) -> None:
    """Have modules imported anew that an earlier form of a plug-in imported, and those of other
    plug-ins that would hide one of its folder."""
    earlier = _loaded.pop(name, None)
    own = () if earlier is None else earlier.modules
    others = [
        module
        for plugin in _loaded.values()
        if plugin.path.parent != folder
        for module in plugin.modules
        if any(file.is_file() for file in _files_of(module, folder))
    ]
    for module in (*own, *others):
        sys.modules.pop(module, None)


def _execute(file: Path, name: str) -> Plugin:
    spec = spec_from_file_location(name, file)
    if spec is None:
        raise UsageError(f"{file} is not a Python file")
    source, module = file.read_bytes(), module_from_spec(spec)
    # Dataclasses, annotations as text and pickles look a class up in its module.
    sys.modules[name] = module
    try:
        with _importable(file.parent):
            # What is kept in the run is what is executed, whatever lies in a cache of Python's.
            exec(compile(source, file, "exec", dont_inherit=True), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UsageError(f"the plug-in {file.name} failed: {_in_words(error)}") from error
    beside = _imported(source, file.parent)
    places = {path.relative_to(file.parent).as_posix(): path for path in beside.values()}
    texts = {place: path.read_bytes() for place, path in places.items()}
    return Plugin(file, {file.name: source, **texts}, tuple(beside))


def _in_words(error: BaseException) -> str:
    """An error, and the innermost line of the user's own code where it arose."""
    linecache.checkcache()  # the file may have been edited since a line of it was read
    if isinstance(error, UserError):
        return f"{error} ({own_code.place(error)})"
    return own_code.described(error)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Modules of a folder can be imported within, as by a script that lies there; nothing is
    written into the folder."""
    before = sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
        with suppress(ValueError):
            sys.path.remove(str(folder))


def _imported(source: bytes, folder: Path) -> dict[str, Path]:
    """The modules of a folder that a source imports, and those that they import, by their names."""
    found: dict[str, Path] = {}
    waiting = [source]
    while waiting:
        firsts = {name.partition(".")[0] for name in _imports(waiting.pop())} - {"ganvas"}
        for name, module in list(sys.modules.items()):
            path = _path_in(name, module, folder)
            if path is not None and name not in found and name.partition(".")[0] in firsts:
                found[name] = path
                waiting.append(path.read_bytes())
    return found


def _imports(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def _path_in(name: str, module: ModuleType | None, folder: Path) -> Path | None:
    """The file of a module that was found in a folder, not somewhere else or below it."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.startswith(str(folder)):
        return None
    return next((path for path in _files_of(name, folder) if path == Path(file)), None)


def _files_of(name: str, folder: Path) -> tuple[Path, Path]:
    """Where a module is looked for in a folder."""
    place = folder.joinpath(*name.split("."))
    return place.with_name(f"{place.name}.py"), place / "__init__.py"
