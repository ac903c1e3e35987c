"""Which file a table means: names travel through spreadsheets, Windows and macOS."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property

from ganvas.data.decode import ENDINGS

Key = Callable[[str], str]


class Matcher:
    """Finds files by the names that tables give them.

    As written first: a path from the table's folder, or just a file.  Else without minding
    accents' two spellings (NFC, NFD) and capitals; else by the name without its ending; else by a
    number whose leading zeros were lost.
    """

    def __init__(self, root: str, present: Iterable[str]) -> None:
        self.root = root
        self._paths = {path[len(root) :]: path for path in present if path.startswith(root)}

    def find(self, name: str) -> list[str]:
        """The full paths that ``name`` may mean: one, none, or several that look alike."""
        name = name.replace("\\", "/").removeprefix("./")
        if name in self._paths:
            return [self._paths[name]]
        for index, key in self._indices:
            if found := index.get(key(name)):
                return found
        return []

    @cached_property
    def _indices(self) -> list[tuple[dict[str, list[str]], Key]]:
        """Each from keys to files, with what makes a key of a table's name."""
        return [
            (self._index(file), file),
            (self._index(folded), folded),
            (self._index(lambda path: folded(file(path))), folded),
            (self._index(stem), stem),
            (self._index(lambda path: stem(file(path))), stem),
            (self._index(number), number),
        ]

    def _index(self, key: Key) -> dict[str, list[str]]:
        index: dict[str, list[str]] = defaultdict(list)
        for name, path in self._paths.items():
            index[key(name)].append(path)
        index.pop("", None)
        return index


def file(path: str) -> str:
    return path.rpartition("/")[2]


def folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def stem(path: str) -> str:
    """Without the ending of an image; other dots stay."""
    name, dot, ending = folded(path).rpartition(".")
    return name if dot and ending in ENDINGS else folded(path)


def number(path: str) -> str:
    """A file's number without zeros before it; "" where its name is none."""
    name = stem(file(path))
    return (name.lstrip("0") or "0") if name.isdecimal() else ""
