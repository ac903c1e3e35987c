"""Files of JSON objects, one a line: read whole, read on as they grow, and added to.

A line that is no JSON object (a kill cut it short) is left out, wherever it stands.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

KNOWN_BY = 256
"""Bytes before a place in a file by which it is recognised."""


@dataclass(frozen=True)
class Place:
    """How far a growing file has been read: two numbers to keep until it is read on.

    byte: the one after the last whole line that was read; 0 begins the file.
    check: CRC-32 of the bytes before it, at most 256 of them.
    """

    byte: int = 0
    check: int = 0


START = Place()
"""Where a file begins."""


class Part(NamedTuple):
    """What was read of a growing file.

    records: its new lines.
    place: where to read on.
    anew: whether the file no longer is the one that was read before: ``records`` begin it again.
    """

    records: list[dict[str, Any]]
    place: Place
    anew: bool


def read_on(path: Path, place: Place = START) -> Part:
    """The whole lines of a file after ``place``, without reading again what comes before it.

    A resume cuts ``log.jsonl`` back. Where the file is shorter than what was read of it, or other
    bytes stand before ``place`` than did (it was cut and has grown again: the last line is known by
    the seconds in it), all of it is read again, and ``anew`` says so.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        return Part([], START, place.byte > 0)
    with file:
        anew = _check(file, place.byte) != place.check
        begin = 0 if anew else place.byte
        file.seek(begin)
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        end = begin + len(whole)
        return Part(_records(whole), Place(end, _check(file, end)), anew)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, oldest first; none where there is no file."""
    return read_on(path).records


def append_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Add records in one write, on a new line whatever a kill has left of the last one.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    text = "".join(json.dumps(dict(record)) + "\n" for record in records).encode()
    with open(path, "ab+") as file:  # what is written goes to the end, wherever it was read
        if file.tell() and not _ends_a_line(file):
            text = b"\n" + text
        file.write(text)


def _ends_a_line(file: BinaryIO) -> bool:
    file.seek(-1, 2)
    return file.read(1) == b"\n"


def _check(file: BinaryIO, byte: int) -> int:
    start = max(0, byte - KNOWN_BY)
    file.seek(start)
    return zlib.crc32(file.read(byte - start))


def _records(content: bytes) -> list[dict[str, Any]]:
    found = []
    for line in content.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            found.append(record)
    return found
