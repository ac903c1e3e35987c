"""The first reading of a folder or an archive: every header, before any pixel is decoded."""

from dataclasses import dataclass, field
from typing import BinaryIO

from ganvas.data.decoding.entries import read_entries
from ganvas.data.decoding.image_file import Header, read_header
from ganvas.data.files import LISTING, MEMBER_BYTES, TABLES, Entry, Files, may_be_table
from ganvas.data.names import some_reasons
from ganvas.errors import DataError
from ganvas.own_output import below, own_pictures, run_folders


@dataclass
class Survey:
    """What a folder or an archive holds.

    headers: of the readable images, by name, sorted.
    stamps: what tells whether a file has changed, by name.
    reasons: why an image is not readable, by name.
    tables: the bytes of tables of labels and of attributes, by name.
    own: the names of pictures that ganvas drew.
    others: how many other files there are.
    above: the names of tables in the folder around this one.
    unread: the names of files that may be tables, but are not read.
    """

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
        """The number of all files, of whatever kind."""
        return len(self.headers) + len(self.reasons) + len(self.own) + self.others


def read_headers(files: Files) -> Survey:
    """Read the header of every image, and every table.

    Raises:
        DataError: no image is readable.
    """
    survey = Survey()
    results = read_entries(files.entries(), _read)
    for entry, found in sorted(results, key=lambda pair: pair[0].name):
        name = entry.name
        if isinstance(found, Header):
            survey.headers[name], survey.stamps[name] = found, entry.stamp
        elif isinstance(found, bytes):
            survey.tables[name] = found
        else:
            survey.reasons[name] = found
    _leave_out_own(survey, files)
    survey.above = () if survey.tables else files.above
    _check_readable(files, survey)
    return survey


def _read(entry: Entry, file: BinaryIO) -> Header | bytes:
    """An image's header, or a table's bytes."""
    if entry.name.rsplit("/", 1)[-1] in (*TABLES, LISTING):
        return _whole(file.read(MEMBER_BYTES + 1), entry.name)
    return read_header(file)


def _whole(table: bytes, name: str) -> bytes:
    if len(table) > MEMBER_BYTES:
        raise DataError(f"{name} is larger than {MEMBER_BYTES >> 20} MiB: split the set")
    return table


def _leave_out_own(survey: Survey, files: Files) -> None:
    """Take what ganvas itself wrote out of a survey: runs, sheets and samples."""
    runs = run_folders(files.others)
    survey.own = own_pictures({name: h.own for name, h in survey.headers.items()}, runs)
    for found in (survey.headers, survey.reasons, survey.tables):
        for name in [name for name in found if name in survey.own or below(name, runs)]:
            del found[name]
    others = [name for name in files.others if not below(name, runs)]
    survey.others = len(others)
    survey.unread = [] if survey.tables else sorted(filter(may_be_table, others))


def _check_readable(files: Files, survey: Survey) -> None:
    if survey.headers:
        return
    if survey.reasons:
        raise DataError(
            f"{files.name}: none of its {len(survey.reasons)} images is readable: "
            f"{some_reasons(survey.reasons)}"
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
