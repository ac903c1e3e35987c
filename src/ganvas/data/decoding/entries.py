"""The files of a folder or an archive, read by a few threads."""

from collections.abc import Callable, Generator, Iterable
from typing import BinaryIO, TypeVar

from ganvas.data.decoding.image_file import Unreadable, quiet
from ganvas.data.decoding.parallel import threaded
from ganvas.data.files import Entry

T = TypeVar("T")


def read_entries(
    entries: Iterable[Entry], read: Callable[[Entry, BinaryIO], T]
) -> Generator[tuple[Entry, T | str], None, None]:
    """Each entry with what ``read`` makes of its open file, in the order of the entries.

    Where it cannot be read, a text stands in its place: the reason.
    """

    def attempt(entry: Entry) -> tuple[Entry, T | str]:
        try:
            with entry.open() as file:
                return entry, read(entry, file)
        except Unreadable as error:
            return entry, str(error)
        except OSError as error:
            return entry, f"cannot be opened: {error.strerror or error}"

    with quiet():
        yield from threaded(attempt, entries)
