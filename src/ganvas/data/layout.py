"""From the names of the files to the parts (train, test) and the labels."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ganvas.data.files import TABLE
from ganvas.errors import DataError

TEST_FOLDERS = ("test", "val", "valid", "validation")  # the first that is there is the test part
NAMED = 5  # how many files a message names


@dataclass
class Layout:
    """train and test: names in order (test is None without such a part).

    labels: a class name for each labelled file, or None.  notes: sentences for the screen.
    """

    train: list[str]
    test: list[str] | None
    labels: dict[str, str] | None
    notes: list[str] = field(default_factory=list)


def lay_out(names: Sequence[str], present: set[str], tables: Mapping[str, bytes]) -> Layout:
    """The layout of sorted ``names`` (readable images), ``present`` (all files, also unreadable).

    A single folder around everything does not count.  Labels come from a ``labels.csv`` (header
    ``image,label``) beside the images or at the top, else from the sub-folders where there are at
    least two of them and no image beside them.  Errors: DataError for a table that does not fit.
    """
    root = common_folder(names)
    train_root, test_root = part_folders(names, root)
    layout = Layout([name for name in names if name.startswith(train_root)], None, None)
    if test_root is not None:
        layout.test = [name for name in names if name.startswith(test_root)]
    if unused := len(names) - len(layout.train) - len(layout.test or []):
        layout.notes.append(f"{unused} images in a further part not used: give its own folder")
    roots = list(dict.fromkeys(["", root, train_root, test_root or train_root]))
    used = [top for top in roots if top + TABLE in tables]
    if used:
        label_by_tables(layout, used, present, tables)
    if layout.labels is None:
        label_by_folders(layout, train_root, test_root)
    return layout


def common_folder(names: Sequence[str]) -> str:
    """The folder around all names, "" or ending in "/"; never one that is a part's."""
    root = ""
    while names:
        tops = {name[len(root) :].split("/", 1)[0] for name in names if "/" in name[len(root) :]}
        plain = any("/" not in name[len(root) :] for name in names)
        if plain or len(tops) != 1 or tops & {"train", *TEST_FOLDERS}:
            break
        root += tops.pop() + "/"
    return root


def part_folders(names: Sequence[str], root: str) -> tuple[str, str | None]:
    """The folder of the training part and that of the test part, if any."""
    tops = {name[len(root) :].split("/", 1)[0] for name in names if "/" in name[len(root) :]}
    plain = any("/" not in name[len(root) :] for name in names)
    if plain or "train" not in tops or tops - {"train", *TEST_FOLDERS}:
        return root, None
    test = next((top for top in TEST_FOLDERS if top in tops), None)
    return f"{root}train/", None if test is None else f"{root}{test}/"


def label_by_folders(layout: Layout, train_root: str, test_root: str | None) -> None:
    """Sub-folders as classes, where every image lies in one and there are two or more."""
    labels: dict[str, str] = {}
    for root, names in ((train_root, layout.train), (test_root or "", layout.test or [])):
        for name in names:
            top, slash, _ = name[len(root) :].partition("/")
            if not slash:
                return
            labels[name] = top
    if len(set(labels.values())) >= 2:
        layout.labels = labels


def label_by_tables(
    layout: Layout, roots: Sequence[str], present: set[str], tables: Mapping[str, bytes]
) -> None:
    """Labels from each root's table; images without a row are left out of the layout."""
    labels: dict[str, str] = {}
    for root in roots:
        rows = read_table(root + TABLE, tables[root + TABLE], layout)
        if rows is None:
            return
        labels |= resolve(root, rows, present)
    listed = layout.train + (layout.test or [])
    layout.train = [name for name in layout.train if name in labels]
    if layout.test is not None:
        layout.test = [name for name in layout.test if name in labels]
    if missing := [name for name in listed if name not in labels]:
        plural = "" if len(missing) == 1 else "s"
        layout.notes.append(
            f"{len(missing)} image{plural} left out, without a row in {TABLE}: {some(missing)}"
        )
    layout.labels = labels


def read_table(name: str, data: bytes, layout: Layout) -> list[tuple[str, str]] | None:
    """(image, label) rows; None, with a note, where the header is another one."""
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}: not a UTF-8 CSV file ({error}); save it as one") from None
    header = list(rows[0]) if rows else []
    if not {"image", "label"} <= set(header):
        text = ",".join(str(column) for column in header)
        layout.notes.append(
            f"{name} gives no labels, its header is {text!r}: name two columns image and label"
        )
        return None
    if short := [row for row in rows if not row["image"] or not row["label"]]:
        raise DataError(f"{name}: {len(short)} rows lack an image or a label; fill them in")
    return [(row["image"].strip(), row["label"].strip()) for row in rows]


def resolve(root: str, rows: Sequence[tuple[str, str]], present: set[str]) -> dict[str, str]:
    """Full name to label; a row may name a path from the table's folder, or just a file."""
    by_base: dict[str, list[str]] = {}
    for name in present:
        if name.startswith(root):
            by_base.setdefault(name.rsplit("/", 1)[-1], []).append(name)
    labels: dict[str, str] = {}
    absent: list[str] = []
    for image, label in rows:
        alone = by_base.get(image, [])
        name = root + image if root + image in present else alone[0] if len(alone) == 1 else None
        if name is None:
            absent.append(image)
        elif labels.setdefault(name, label) != label:
            raise DataError(f"{root + TABLE}: {image} has two labels; keep one")
    if absent:
        raise DataError(
            f"{root + TABLE} names {len(absent)} images that are not there: {some(absent)}; "
            "add the files or remove the rows"
        )
    return labels


def some(names: Sequence[str]) -> str:
    """The first few names, safe on one line of a screen."""
    shown = ", ".join(printable(name) for name in names[:NAMED])
    return shown + (", …" if len(names) > NAMED else "")


def printable(name: str) -> str:
    """A file name without control characters or undecodable bytes."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
