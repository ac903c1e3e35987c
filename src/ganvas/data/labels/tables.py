"""Tables beside the images: what labels.csv and attributes.csv say of each image."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from ganvas.data.files import TABLES
from ganvas.data.labels.matching import Matcher
from ganvas.data.names import some
from ganvas.errors import DataError

IMAGE = "image"
"""The column that names the image."""

LABEL = "label"
"""The column of classes; every other one holds attributes."""


@dataclass(frozen=True)
class Table:
    """What a table says of images.

    name: the file's, for notes and errors.
    columns: the names of the columns, without ``image``.
    rows: the cells of an image, one for each column, by its full name.
    """

    name: str
    columns: tuple[str, ...]
    rows: dict[str, list[str]]


def read_tables(
    roots: Sequence[str], present: set[str], files: Mapping[str, bytes], notes: list[str]
) -> Table | None:
    """All tables that lie at ``roots``, as one; None, with a note, where none is of use.

    Tables of one name at several roots are stacked; those of two names are joined by image, so
    that an image needs a row in both.

    Args:
        roots: the folders where a table may lie, "" or ending in "/".
        present: the names of all images.
        files: the bytes of each table by its name.
        notes: gets a sentence on a table that is of no use.

    Raises:
        DataError: a table does not fit, or is of no use beside one of its name that is.
    """
    found: list[Table] = []
    for base in TABLES:
        tables = [
            read_table(root, base, files[root + base], present, notes)
            for root in roots
            if root + base in files
        ]
        used = [table for table in tables if table is not None]
        if used and len(used) < len(tables):
            raise DataError(f"{notes[-1]}, as in the other {base}, or take this one away")
        if used:
            found.append(reduce(stack, used))
    return reduce(join, found) if found else None


def stack(first: Table, second: Table) -> Table:
    """The rows of both; an image's row in the second counts."""
    if first.columns != second.columns:
        raise DataError(
            f"{first.name} has other columns beside the training and the test images; "
            "give all of them the same, in the same order"
        )
    return Table(first.name, first.columns, first.rows | second.rows)


def join(first: Table, second: Table) -> Table:
    """The columns of both, for the images that have a row in both."""
    if twice := [column for column in first.columns if column in second.columns]:
        raise DataError(f"{first.name} and {second.name} both have a column {twice[0]!r}; keep one")
    rows = {
        name: cells + second.rows[name] for name, cells in first.rows.items() if name in second.rows
    }
    return Table(f"{first.name} and {second.name}", first.columns + second.columns, rows)


def read_table(
    root: str, base: str, data: bytes, present: set[str], notes: list[str]
) -> Table | None:
    """One table; None, with a note, where it has no column ``image`` and another, or no row.

    Columns without a name are passed over; ``image`` and ``label`` may be in capitals.
    """
    name = root + base
    header, *lines = read_cells(name, data) or [[]]
    header = [each.lower() if each.lower() in (IMAGE, LABEL) else each for each in header]
    places = [place for place, column in enumerate(header) if column and column != IMAGE]
    if IMAGE not in header or not places or not lines:
        what = f"its header is {','.join(header)!r}" if lines else "it has no row"
        notes.append(
            f"{name} is of no use, {what}: name one column image, another label or an attribute"
        )
        return None
    if twice := [column for column in header if column and header.count(column) > 1]:
        raise DataError(f"{name}: two columns are called {twice[0]!r}; rename one")
    places.insert(0, header.index(IMAGE))
    check_length(name, len(header), lines)
    rows = [[line[place] if place < len(line) else "" for place in places] for line in lines]
    columns = tuple(header[place] for place in places)
    check_whole(name, columns, rows)
    return Table(base, columns[1:], resolve(name, root, columns[1:], rows, present))


def check_length(name: str, columns: int, lines: Sequence[list[str]]) -> None:
    """Check that no row has more cells than the header; in a table of two columns it may.

    Raises:
        DataError: a row has.
    """
    long = next((line for line in lines if columns > 2 and any(line[columns:])), None)
    if long is not None:
        raise DataError(
            f"{name}: the row of {long[0]!r} has more cells than the header; "
            "quote what holds commas"
        )


def check_whole(name: str, columns: Sequence[str], rows: Sequence[list[str]]) -> None:
    """Check that no cell is empty.

    Raises:
        DataError: a cell is.
    """
    if short := [row for row in rows if "" in row]:
        raise DataError(
            f"{name}: {len(short)} rows lack an image or a value, the first of them "
            f"{columns[short[0].index('')]!r} ({some([','.join(short[0])])}); fill them in"
        )


def read_cells(name: str, data: bytes) -> list[list[str]]:
    """Rows of stripped cells, the header first.

    Cells are apart by commas or, as some spreadsheets write them, by semicolons. Equal cells are
    one object: tables are large.
    """
    known: dict[str, str] = {}
    try:
        text = data.decode("utf-8-sig")
        top = text.partition("\n")[0]
        apart = ";" if ";" in top and "," not in top else ","
        return [
            [known.setdefault(cell, cell) for cell in map(str.strip, row)]
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=apart, strict=True)
            if row
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}: not a UTF-8 CSV file ({error}); save it as one") from None


def resolve(
    name: str,
    root: str,
    columns: Sequence[str],
    rows: Sequence[list[str]],
    present: set[str],
) -> dict[str, list[str]]:
    """The cells of each image by its full name, from rows that begin with a name for ``Matcher``.

    Raises:
        DataError: a name stands for no image or for several, or an image has two rows that differ.
    """
    matcher = Matcher(root, present)
    found: dict[str, list[str]] = {}
    absent: list[str] = []
    several: list[str] = []
    for image, *cells in rows:
        paths = matcher.find(image)
        if len(paths) != 1:
            (several if paths else absent).append(image)
        elif found.setdefault(paths[0], cells) != cells:
            what = "labels" if columns == (LABEL,) else "rows that differ"
            raise DataError(f"{name}: {image} has two {what}; keep one")
    if several:
        raise DataError(
            f"{name}: {len(several)} names stand for several files: {some(several)}; write their "
            "paths from the table's folder on"
        )
    if absent:
        raise DataError(
            f"{name} names {len(absent)} images that are not there: {some(absent)}; write their "
            "paths from the table's folder on, add the files or remove the rows"
        )
    return found
