"""Images that are there more than once, found by a digest of their decoded pixels."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from ganvas.data.decoding.entries import read_entries
from ganvas.data.decoding.image_file import BRIGHTEST, decode
from ganvas.data.decoding.values import Values, values_of
from ganvas.data.files import Entry, Files


def digests_of(
    files: Files, names: set[str], white: int | None
) -> tuple[dict[str, bytes], dict[str, str], Values]:
    """Digests of the files of these names.

    Returns:
        The digest of each file's decoded pixels by its name; the reason why there is none, by the
        names of the others; the values of all pixels.
    """

    def read(_: Entry, file: BinaryIO) -> tuple[bytes, Values]:
        image = decode(file, white=white)
        pixels = np.asarray(image)
        planes = np.moveaxis(np.atleast_3d(pixels), 2, 0)[None]
        return digest(pixels), values_of(planes, image.info.get(BRIGHTEST))

    digests: dict[str, bytes] = {}
    reasons: dict[str, str] = {}
    values = Values()
    wanted = (entry for entry in files.entries() if entry.name in names)
    for entry, found in read_entries(wanted, read):
        if isinstance(found, str):
            reasons[entry.name] = found
            continue
        digests[entry.name] = found[0]
        values = values.joined(found[1])
    varied = len(set(digests.values())) != 1 or len(digests) == 1  # one alone is no repeat
    return digests, reasons, replace(values, varied=varied)


def digest(pixels: np.ndarray) -> bytes:
    """16 bytes that differ where pixels or their shape do."""
    start = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    start.update(np.ascontiguousarray(pixels).data)
    return start.digest()


def repeats(digests: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, ...], ...]:
    """Groups of names, of two or more, whose digests are equal."""
    groups: dict[bytes, list[str]] = defaultdict(list)
    for name, value in digests:
        groups[value].append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
