"""The second reading of a folder or an archive: its images, decoded to one shape."""

import contextlib
from collections.abc import Container, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from torch import Tensor

from ganvas.data.decoding.entries import read_entries
from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.image_file import BRIGHTEST, Unreadable, decode
from ganvas.data.decoding.parallel import Progress
from ganvas.data.decoding.storage import InMemory, OnDisk
from ganvas.data.decoding.values import Values, has_equal_channels, values_of
from ganvas.data.files import Entry, Files
from ganvas.data.names import some_reasons
from ganvas.errors import DataError

TELL_EVERY = 64
"""Images between two calls of ``progress``."""

Pixels = tuple[np.ndarray, int | None]
"""An image uint8 [C, H, W], and the largest value in its file where that has 16 bits."""


@dataclass(frozen=True)
class Decoded:
    """The images of a folder or an archive.

    pixels: uint8 [N, C, H, W].
    kept: the N names of their files.
    reasons: why other files could not be decoded, by name.
    warnings: sentences on what will trouble training.
    path: the file in the cache that holds the pixels; None where they are in memory.
    fingerprint: that of the ``Dataset`` made of them; None where it is not known yet.
    """

    pixels: Tensor
    kept: list[str]
    reasons: dict[str, str]
    warnings: Sequence[str]
    path: Path | None = None
    fingerprint: str | None = None


class Decoder:
    """Decodes files of one folder or archive to images of one shape.

    Args:
        files: the folder or the archive.
        fit: how an image comes to the shape.
        shape: (C, H, W) of every image.
    """

    def __init__(self, files: Files, fit: Fit, shape: tuple[int, int, int]) -> None:
        self.files = files
        self.fit = fit
        self.shape = shape

    def fill(
        self,
        store: InMemory | OnDisk,
        chosen: Sequence[str],
        rest: Sequence[str],
        progress: Progress | None,
    ) -> Decoded:
        """Decode the files ``chosen`` into ``store``.

        They become grey, whatever the shape says, if the fit asks for no number of channels and
        neither they nor the ``rest`` of the set, whose headers do not say grey, have any colour.

        Raises:
            DataError: fewer than two of them can be decoded.
        """
        rows = {name: row for row, name in enumerate(chosen)}
        try:
            reasons, values = self._write(store, rows, progress)
            kept = [name for name in chosen if name not in reasons]
            if len(kept) < 2 and reasons:
                raise DataError(
                    f"{self.files.name}: only {len(kept)} of its images can be decoded: "
                    f"{some_reasons(reasons)}"
                )
            grey = self.fit.channels is None and not values.coloured and not self.any_colour(rest)
            pixels = store.finish([rows[name] for name in kept], 1 if grey else self.shape[0])
            return Decoded(pixels, kept, reasons, values.warnings(self.fit.white))
        except BaseException:
            store.discard()
            raise

    def any_colour(self, names: Sequence[str]) -> bool:
        """Whether any of these images has channels that differ; the first such ends the search."""
        if not names:
            return False
        with contextlib.closing(self._arrays(set(names))) as results:
            return any(
                not isinstance(found, str) and not has_equal_channels(found[0][None])
                for _, found in results
            )

    def _write(
        self, store: InMemory | OnDisk, rows: dict[str, int], progress: Progress | None
    ) -> tuple[dict[str, str], Values]:
        """Decode each file into its row; the reasons against some, and the values of the others."""
        reasons: dict[str, str] = {}
        values, first = Values(), None
        # closing(): on an error the threads and the warning filters are put away at once.
        with contextlib.closing(self._arrays(rows)) as results:
            for done, (entry, found) in enumerate(results, 1):
                if isinstance(found, str):
                    reasons[entry.name] = found
                else:
                    array, wide = found
                    store.write(rows[entry.name], array)
                    first = array if first is None else first
                    varied = not np.array_equal(first, array)
                    values = values.joined(replace(values_of(array[None], wide), varied=varied))
                if progress and (done % TELL_EVERY == 0 or done == len(rows)):
                    progress(done, len(rows))
        return reasons, values

    def _arrays(self, names: Container[str]) -> Generator[tuple[Entry, Pixels | str], None, None]:
        """The images of these names, in the files' own order."""
        wanted = (entry for entry in self.files.entries() if entry.name in names)
        return read_entries(wanted, self._read)

    def _read(self, entry: Entry, file: BinaryIO) -> Pixels:
        """One image in the shape."""
        side = 2 * max(self.shape[1:])
        enough = None if self.fit.size is None else (side, side)
        image = decode(file, enough, self.fit.white)
        if self.fit.size is None and image.size != self.shape[:0:-1]:
            raise Unreadable(f"{image.width}x{image.height}, another size than the others")
        return self.fit.apply(image, self.shape), image.info.get(BRIGHTEST)
