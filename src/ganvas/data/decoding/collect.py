"""Images from the files of a folder or an archive: look at all headers, then decode what is wanted.

Two readings, so that the shape is known before the first pixel and memory is taken once.
"""

import contextlib
import math
from collections.abc import Callable, Container, Generator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import PIL
from torch import Tensor

from ganvas.data.dataset import Dataset, check_count, make_dataset, number_classes
from ganvas.data.decoding.decode import BRIGHTEST, Header, Unreadable, decode, quiet, read_header
from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.mapped import (
    InMemory,
    OnDisk,
    load_record,
    mapped_path,
    memory_share,
    open_mapped,
    save_record,
)
from ganvas.data.decoding.parallel import threaded
from ganvas.data.decoding.values import Values, has_equal_channels, values_of
from ganvas.data.labels.layout import Layout, lay_out
from ganvas.data.names import printable, some
from ganvas.data.part import Part
from ganvas.data.readers.files import LISTING, MEMBER_BYTES, TABLES, Entry, Files, may_be_table
from ganvas.errors import DataError
from ganvas.own_output import below, own_pictures, run_folders

Progress = Callable[[int, int], None]
REASONS = 3  # how many unreadable files a message names
TELL_EVERY = 64  # images between two calls of progress
FORMAT = 2  # of the decoded copies in the cache: raise it when decoding changes


@dataclass
class Survey:
    """headers and stamps by name, sorted; reasons by name; tables' bytes; what ganvas drew; how
    many other files were passed over; tables in the folder above; files that may be tables."""

    headers: dict[str, Header] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    tables: dict[str, bytes] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    others: int = 0
    above: tuple[str, ...] = ()
    unread: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Files in all, of whatever kind."""
        return len(self.headers) + len(self.reasons) + len(self.own) + self.others


@dataclass(frozen=True)
class Decoded:
    """pixels uint8 [N, C, H, W] of the files ``kept``, why others are not, what is troubling in
    them; its cached copy."""

    pixels: Tensor
    kept: list[str]
    reasons: dict[str, str]
    warnings: Sequence[str]
    path: Path | None = None
    fingerprint: str | None = None


def read_files(
    files: Files, part: Part, fit: Fit, progress: Progress | None, memory_bytes: int | None
) -> Dataset:
    """Load a folder or an archive.  Errors: DataError where it cannot give two images or more."""
    survey = look(files)
    layout = lay_out(list(survey.headers), set(survey.headers) | set(survey.reasons), survey.tables)
    chosen = part.join(layout.train, layout.test, files.name)
    check_count(len(chosen), files.name)
    headers = survey.headers.values()
    sizes = [(header.height, header.width) for header in headers]
    shape = fit.shape(sizes, all(header.grey for header in headers), files.name)
    decoded = decode_chosen(files, survey, layout, chosen, fit, shape, progress, memory_bytes)
    labels, classes = label(layout, decoded.kept)
    shape = (decoded.pixels.shape[1], *shape[1:])
    notes = [*notes_on(survey, decoded.reasons, decoded.kept, fit, shape), *layout.notes]
    attributes = layout.attributes_of(decoded.kept)
    dataset = make_dataset(
        decoded.pixels, labels, classes, files.name, notes, decoded.fingerprint, attributes,
        layout.attribute_names,
    )  # fmt: skip
    if decoded.path is not None and decoded.fingerprint is None:
        saved = dataset.pixels.shape, decoded.reasons, dataset.fingerprint, decoded.warnings
        save_record(decoded.path, *saved)
    lossy = sum(shows_jpeg(survey.headers[name], shape) for name in decoded.kept) / len(dataset)
    return replace(dataset, warnings=tuple(decoded.warnings), files=survey.count, lossy=lossy)


def shows_jpeg(header: Header, shape: tuple[int, int, int]) -> bool:
    """Whether an image in ``shape`` still shows what JPEG left out: not if it was much larger."""
    return header.format == "JPEG" and (header.height < 2 * shape[1] or header.width < 2 * shape[2])


def _whole(table: bytes, name: str) -> bytes:
    if len(table) > MEMBER_BYTES:
        raise DataError(f"{name} is larger than {MEMBER_BYTES >> 20} MiB: split the set")
    return table


def look(files: Files) -> Survey:
    """Every header.  Errors: DataError where no file is readable."""
    survey = Survey()

    def read(entry: Entry) -> tuple[Entry, Header | bytes | str]:
        try:
            with entry.open() as file:
                if entry.name.rsplit("/", 1)[-1] in (*TABLES, LISTING):
                    return entry, _whole(file.read(MEMBER_BYTES + 1), entry.name)
                return entry, read_header(file)
        except Unreadable as error:
            return entry, str(error)
        except OSError as error:
            return entry, f"cannot be opened: {error.strerror or error}"

    with quiet():
        results = sorted(threaded(read, files.entries()), key=lambda pair: pair[0].name)
    for entry, found in results:
        name = entry.name
        if isinstance(found, Header):
            survey.headers[name], survey.stamps[name] = found, entry.stamp
        elif isinstance(found, bytes):
            survey.tables[name] = found
        else:
            survey.reasons[name] = found
    leave_out_own(survey, files)
    survey.above = () if survey.tables else files.above
    check_readable(files, survey)
    return survey


def leave_out_own(survey: Survey, files: Files) -> None:
    """Take what ganvas itself wrote out of a survey: runs, sheets and samples."""
    runs = run_folders(files.others)
    survey.own = own_pictures({name: h.own for name, h in survey.headers.items()}, runs)
    for found in (survey.headers, survey.reasons, survey.tables):
        for name in [name for name in found if name in survey.own or below(name, runs)]:
            del found[name]
    others = [name for name in files.others if not below(name, runs)]
    survey.others = len(others)
    survey.unread = [] if survey.tables else sorted(filter(may_be_table, others))


def check_readable(files: Files, survey: Survey) -> None:
    if survey.headers:
        return
    if survey.reasons:
        raise DataError(
            f"{files.name}: none of its {len(survey.reasons)} images is readable: "
            f"{list_reasons(survey.reasons)}"
        )
    if survey.own:
        raise DataError(
            f"{files.name}: holds only pictures that ganvas drew (a run, sheets of samples), which "
            "are no data; give the folder of your own images"
        )
    others = f" ({survey.others} other files)" if survey.others else ""
    raise DataError(
        f"{files.name}: no image in it{others}; a GAN needs at least 2 images, "
        "as PNG, JPEG, WebP, GIF, BMP, TIFF or PPM"
    )


def decode_chosen(
    files: Files,
    survey: Survey,
    layout: Layout,
    chosen: list[str],
    fit: Fit,
    shape: tuple[int, int, int],
    progress: Progress | None,
    memory_bytes: int | None,
) -> Decoded:
    """In memory where that is small enough, else from or into a file in the cache."""
    most = memory_share() if memory_bytes is None else memory_bytes
    rest = sorted(name for name in set(layout.names) - set(chosen) if not survey.headers[name].grey)
    if len(chosen) * math.prod(shape) <= most:
        return fill(InMemory(len(chosen), shape), files, chosen, rest, fit, shape, progress)
    labels = layout.labels or {}
    stamps = [(name, survey.stamps[name], labels.get(name)) for name in chosen]
    classes = sorted(set(labels.values()))  # of all parts: they number a label
    parts = [FORMAT, PIL.__version__, files.identity, asdict(fit), shape, stamps, classes]
    if (attributes := layout.attributes_of(chosen)) is not None:  # the record holds a fingerprint
        parts += [layout.attribute_names, attributes.numpy().tobytes().hex()]
    path = mapped_path(parts)
    if record := load_record(path):
        reasons = record["reasons"]
        kept = [name for name in chosen if name not in reasons]
        pixels = open_mapped(path, record["shape"])
        return Decoded(pixels, kept, reasons, record["warnings"], path, record["fingerprint"])
    result = fill(OnDisk(shape, path), files, chosen, rest, fit, shape, progress)
    return replace(result, path=path)


def fill(
    store: InMemory | OnDisk,
    files: Files,
    chosen: Sequence[str],
    rest: Sequence[str],
    fit: Fit,
    shape: tuple[int, int, int],
    progress: Progress | None,
) -> Decoded:
    """Decode ``chosen`` into ``store``, as grey if the fit asks for no channels and neither they
    nor the ``rest`` of the set, whose headers do not say grey, have any colour."""
    rows = {name: row for row, name in enumerate(chosen)}
    reasons: dict[str, str] = {}
    values, first = Values(), None
    try:
        # closing(): on an error the threads and the warning filters are put away at once.
        with contextlib.closing(arrays(files, rows, fit, shape)) as results:
            for done, (name, result, wide) in enumerate(results, 1):
                if isinstance(result, str):
                    reasons[name] = result
                else:
                    store.write(rows[name], result)
                    first = result if first is None else first
                    found = values_of(result[None], wide)
                    values = values.joined(replace(found, varied=not np.array_equal(first, result)))
                if progress and (done % TELL_EVERY == 0 or done == len(chosen)):
                    progress(done, len(chosen))
        kept = [name for name in chosen if name not in reasons]
        if len(kept) < 2 and reasons:
            raise DataError(
                f"{files.name}: only {len(kept)} of its images can be decoded: "
                f"{list_reasons(reasons)}"
            )
        free = fit.channels is None and not values.coloured
        grey = free and not any_colour(files, rest, fit, shape)
        pixels = store.finish([rows[name] for name in kept], 1 if grey else shape[0])
        return Decoded(pixels, kept, reasons, values.warnings(fit.white))
    except BaseException:
        store.discard()
        raise


def any_colour(files: Files, names: Sequence[str], fit: Fit, shape: tuple[int, int, int]) -> bool:
    """Whether some of these images has channels that differ; the first such ends the look."""
    if not names:
        return False
    with contextlib.closing(arrays(files, set(names), fit, shape)) as results:
        return any(
            not isinstance(result, str) and not has_equal_channels(result[None])
            for _, result, _ in results
        )


def arrays(
    files: Files, names: Container[str], fit: Fit, shape: tuple[int, int, int]
) -> Generator[tuple[str, np.ndarray | str, int | None], None, None]:
    """(name, uint8 [C, H, W] or the reason against it, the largest value of a 16-bit file) in the
    files' own order."""
    side = 2 * max(shape[1:])
    enough = None if fit.size is None else (side, side)

    def read(entry: Entry) -> tuple[str, np.ndarray | str, int | None]:
        try:
            with entry.open() as file:
                image = decode(file, enough, fit.white)
            if fit.size is None and image.size != shape[:0:-1]:
                why = f"{image.width}x{image.height}, another size than the others"
                return entry.name, why, None
            return entry.name, fit.apply(image, shape), image.info.get(BRIGHTEST)
        except Unreadable as error:
            return entry.name, str(error), None
        except OSError as error:
            return entry.name, f"cannot be opened: {error.strerror or error}", None

    with quiet():
        yield from threaded(read, (entry for entry in files.entries() if entry.name in names))


def label(layout: Layout, kept: Sequence[str]) -> tuple[Tensor | None, tuple[str, ...]]:
    """Labels of ``kept``, numbered over all parts so that train and test agree."""
    if layout.labels is None:
        return None, ()
    known, classes = number_classes([layout.labels[name] for name in layout.names])
    index = {name: row for row, name in enumerate(layout.names)}
    return known[[index[name] for name in kept]], classes


def notes_on(
    survey: Survey,
    reasons: dict[str, str],
    kept: Sequence[str],
    fit: Fit,
    shape: tuple[int, int, int],
) -> list[str]:
    """What was skipped or converted, a sentence each."""
    headers = [survey.headers[name] for name in kept]
    bad = survey.reasons | reasons
    small = 0
    if fit.size is not None:
        small = sum(header.height < shape[1] or header.width < shape[2] for header in headers)
    wide = sum(header.mode == "I" or header.mode.startswith("I;16") for header in headers)
    grey = sum(header.grey for header in headers)
    three = "colour image(s) made grey" if fit.channels else "grey image(s) stored in colour"
    counts = {
        f"unreadable file(s) skipped: {list_reasons(bad)}": len(bad),
        "other file(s) ignored": survey.others,
        "picture(s) that ganvas drew passed over": len(survey.own),
        "file(s) with further pages or frames, of which only the first is used": sum(
            header.several for header in headers
        ),
        "image(s) with transparency composited on white": sum(h.transparent for h in headers),
        "16-bit image(s) scaled to 8 bits": wide,
        "CMYK image(s) converted to RGB": sum(header.mode == "CMYK" for header in headers),
        "grey image(s) given 3 channels": grey if shape[0] == 3 else 0,
        three: len(headers) - grey if shape[0] == 1 else 0,
        f"image(s) smaller than {shape[2]}x{shape[1]} enlarged": small,
    }
    notes = [
        f"{count:,} {text.replace('(s)', '' if count == 1 else 's', 1)}"
        for text, count in counts.items()
        if count
    ]
    if survey.unread:
        notes.append(
            f"not read: {some(survey.unread)}; labels are read from a labels.csv (image,label) "
            "beside the images"
        )
    return notes + [
        f"{table} in the folder above is not read: give that folder to use it"
        for table in survey.above
    ]


def list_reasons(reasons: dict[str, str]) -> str:
    """The first few files with their reasons."""
    shown = [f"{printable(name)} ({why})" for name, why in sorted(reasons.items())[:REASONS]]
    return ", ".join(shown) + (", …" if len(reasons) > REASONS else "")
