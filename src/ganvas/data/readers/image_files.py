"""Where a folder or an archive of image files becomes a ``Dataset``.

It is read twice: all headers first, so that the shape is known before the first pixel and memory is
taken once; then the pixels of the images that are wanted.
"""

import math
from dataclasses import asdict, replace
from pathlib import Path

import PIL

from ganvas.data.dataset import Dataset, check_count, make_dataset
from ganvas.data.decoding.decoder import Decoded, Decoder
from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.image_file import Header
from ganvas.data.decoding.notes import notes_on
from ganvas.data.decoding.parallel import Progress
from ganvas.data.decoding.storage import (
    InMemory,
    OnDisk,
    load_record,
    memory_share,
    open_stored,
    save_record,
    stored_path,
)
from ganvas.data.decoding.survey import read_headers
from ganvas.data.files import Files
from ganvas.data.labels.layout import lay_out
from ganvas.data.part import Part
from ganvas.domains import Image

FORMAT = 2
"""Of the decoded copies in the cache: raise it when decoding changes."""


def read_files(
    files: Files, part: Part, fit: Fit, progress: Progress | None, memory_bytes: int | None
) -> Dataset:
    """Load a folder or an archive; the arguments are those of ``load_dataset``.

    Raises:
        DataError: it cannot give two images or more.
    """
    return ImageFiles(files, part, fit).load(progress, memory_bytes)


class ImageFiles:
    """The wanted images of a folder or an archive, known by their headers.

    Args:
        files: the folder or the archive.
        part: which of its images are wanted.
        fit: how they come to one shape.

    Raises:
        DataError: it has not two readable images, or they have no shape in common.
    """

    def __init__(self, files: Files, part: Part, fit: Fit) -> None:
        self.files = files
        self.fit = fit
        self.survey = survey = read_headers(files)
        headers = survey.headers
        self.layout = lay_out(list(headers), set(headers) | set(survey.reasons), survey.tables)
        self.chosen = part.join(self.layout.train, self.layout.test, files.name)
        check_count(len(self.chosen), files.name)
        sizes = [(header.height, header.width) for header in headers.values()]
        grey = all(header.grey for header in headers.values())
        self.shape = fit.shape(sizes, grey, files.name)

    def load(self, progress: Progress | None, memory_bytes: int | None) -> Dataset:
        """Decode them: in memory where they are small enough, else from or to a file in the cache.

        Raises:
            DataError: fewer than two can be decoded.
        """
        most = memory_share() if memory_bytes is None else memory_bytes
        small = len(self.chosen) * math.prod(self.shape) <= most
        decoded = self._decode(progress) if small else self._stored(progress)
        dataset = self._dataset(decoded)
        if decoded.path is not None and decoded.fingerprint is None:
            saved = dataset.pixels.shape, decoded.reasons, dataset.fingerprint, decoded.warnings
            save_record(decoded.path, *saved)
        return dataset

    def _decode(self, progress: Progress | None, path: Path | None = None) -> Decoded:
        """Decode them into memory, or into a new file at ``path``."""
        headers = self.survey.headers
        others = set(self.layout.names) - set(self.chosen)
        rest = sorted(name for name in others if not headers[name].grey)
        store = InMemory(len(self.chosen), self.shape) if path is None else OnDisk(self.shape, path)
        decoder = Decoder(self.files, self.fit, self.shape)
        return replace(decoder.fill(store, self.chosen, rest, progress), path=path)

    def _stored(self, progress: Progress | None) -> Decoded:
        """Open the file in the cache that holds them, or decode them into it."""
        path = self._path()
        record = load_record(path)
        if record is None:
            return self._decode(progress, path)
        reasons = record["reasons"]
        kept = [name for name in self.chosen if name not in reasons]
        pixels = open_stored(path, record["shape"])
        return Decoded(pixels, kept, reasons, record["warnings"], path, record["fingerprint"])

    def _path(self) -> Path:
        """The file in the cache: another one when a file, a label or a setting changes."""
        layout = self.layout
        labels = layout.labels or {}
        stamps = [(name, self.survey.stamps[name], labels.get(name)) for name in self.chosen]
        classes = sorted(set(labels.values()))  # of all parts: they number a label
        kind = [FORMAT, PIL.__version__, self.files.identity, asdict(self.fit), self.shape]
        parts = [*kind, stamps, classes]
        attributes = layout.attributes_of(self.chosen)
        if attributes is not None:  # the record holds a fingerprint, which depends on them
            parts += [layout.attribute_names, attributes.numpy().tobytes().hex()]
        return stored_path(parts)

    def _dataset(self, decoded: Decoded) -> Dataset:
        """The decoded images with their labels, their attributes, and what there is to say."""
        layout, survey, kept = self.layout, self.survey, decoded.kept
        labels, classes = layout.labels_of(kept)
        shape = (decoded.pixels.shape[1], *self.shape[1:])
        notes = [*notes_on(survey, decoded.reasons, kept, self.fit, shape), *layout.notes]
        dataset = make_dataset(
            Image(*shape), decoded.pixels, labels, classes, self.files.name, notes,
            decoded.fingerprint, layout.attributes_of(kept), layout.attribute_names,
        )  # fmt: skip
        lossy = sum(shows_jpeg(survey.headers[name], shape) for name in kept) / len(dataset)
        return replace(dataset, warnings=tuple(decoded.warnings), files=survey.count, lossy=lossy)


def shows_jpeg(header: Header, shape: tuple[int, int, int]) -> bool:
    """Whether an image in ``shape`` still shows what JPEG left out: not if it was much larger."""
    return header.format == "JPEG" and (header.height < 2 * shape[1] or header.width < 2 * shape[2])
