"""Which file a table means: names travel through spreadsheets, Windows and macOS."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable

from ganvas.data.files import ENDINGS

Key = Callable[[str], str]


class Matcher:
    """Finds files by the names that tables give them.

    As written first: a path from the table's folder, or just a file. Else without minding accents'
    two spellings (NFC, NFD) and capitals; else by the name without its ending; else by a number
    whose leading zeros were lost.

    Args:
        root: the table's folder, "" or ending in "/".
        present: the names of all images.
    """

    def __init__(self, root: str, present: Iterable[str]) -> None:
        self.root = root
        self._paths = {path[len(root) :]: path for path in present if path.startswith(root)}
        self._indices: list[dict[str, list[str]]] = []  # by LOOKS, as far as they were needed

    def find(self, name: str) -> list[str]:
        """The full paths that ``name`` may mean: one, none, or several that look alike."""
        name = name.replace("\\", "/").removeprefix("./")
        if name in self._paths:
            return [self._paths[name]]
        for level, (of_file, of_name) in enumerate(LOOKS):
            if level == len(self._indices):
                self._indices.append(self._index(of_file))
            if found := self._indices[level].get(of_name(name)):
                return found
        return []

    def _index(self, key: Key) -> dict[str, list[str]]:
        index: dict[str, list[str]] = defaultdict(list)
        for name, path in self._paths.items():
            index[key(name)].append(path)
        index.pop("", None)
        return index


def file(path: str) -> str:
    """The name of a file without its folders."""
    return path.rpartition("/")[2]


def folded(path: str) -> str:
    """A path in the one spelling of its accents, without capitals."""
    return unicodedata.normalize("NFC", path).casefold()


def stem(path: str) -> str:
    """A path so, and without the ending of an image; other dots stay."""
    name, dot, ending = folded(path).rpartition(".")
    return name if dot and ending in ENDINGS else folded(path)


def number(path: str) -> str:
    """A path so, its file's number without zeros before it; "" where the name is no number."""
    folder, slash, name = stem(path).rpartition("/")
    return folder + slash + (name.lstrip("0") or "0") if name.isdecimal() else ""


LOOKS: tuple[tuple[Key, Key], ...] = (
    (file, str),
    (folded, folded),
    (lambda path: folded(file(path)), folded),
    (stem, stem),
    (lambda path: stem(file(path)), stem),
    (number, number),
    (lambda path: number(file(path)), number),
)
"""What a file and a table's name must have in common, the strictest first."""
