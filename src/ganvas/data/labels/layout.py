"""From the names of the files to the parts (train, test), the labels and the attributes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from ganvas.data.dataset import class_order
from ganvas.data.labels.attributes import from_columns
from ganvas.data.labels.listing import read_listings
from ganvas.data.labels.matching import file
from ganvas.data.labels.tables import LABEL, Table, read_tables
from ganvas.data.names import some

# In any case; the first that is there is the part.
TRAIN_FOLDERS = ("train", "training")
TEST_FOLDERS = ("test", "testing", "val", "valid", "validation")
PARTS = {*TRAIN_FOLDERS, *TEST_FOLDERS}
PART = re.compile(
    rf"({'|'.join(sorted(PARTS))}|dev|eval|evaluation)"
    r"[-_ ]?(set|data|images?|imgs?|[ab]|[0-9]{1,4})?",
    re.IGNORECASE,
)
"""What other sets call their parts: ``train2017``, ``val_images``, ``testA``."""
SHARD = re.compile(
    r"(\w+[-_ ])?(shard|part|chunk|batch|fold|split|subset|image)(s|es)?[-_ ]?[0-9]+"
    r"|\w+-[0-9]{5}-of-[0-9]{5}",
    re.IGNORECASE,
)
SHARD_DIGITS = 5  # at least, in folders that are called by numbers


@dataclass
class Layout:
    """train and test: names in order (test is None without such a part).

    labels: a class name for each labelled file, or None.  notes: sentences for the screen.
    attributes: uint8 [N, A] for ``names``, 0 or 1, or None; ``attribute_names`` are A.
    """

    train: list[str]
    test: list[str] | None
    labels: dict[str, str] | None
    notes: list[str] = field(default_factory=list)
    attributes: Tensor | None = None
    attribute_names: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All images, the test part's after the others."""
        return self.train + (self.test or [])

    def attributes_of(self, names: Sequence[str]) -> Tensor | None:
        """The rows uint8 [len(names), A] of some of the images."""
        if self.attributes is None:
            return None
        index = {name: row for row, name in enumerate(self.names)}
        return self.attributes[[index[name] for name in names]]


def lay_out(names: Sequence[str], present: set[str], tables: Mapping[str, bytes]) -> Layout:
    """The layout of sorted ``names`` (readable images), ``present`` (all files, also unreadable).

    A single folder around everything does not count.  Labels come from the column ``label`` of a
    ``labels.csv`` or ``attributes.csv`` (header ``image,label,…``) beside the images or at the top,
    or from a ``dataset.json``; else from the sub-folders where there are at least two of them, no
    shards, and few images beside them; else from columns that are one-hot.  The attributes are the
    table's other columns.  Errors: DataError for a table that does not fit.
    """
    root = common_folder(names)
    train_root, test_root = part_folders(names, root)
    layout = Layout(list(names), None, None)
    if train_root != root:
        layout.train = [name for name in names if name.startswith(train_root)]
    if test_root is not None:
        layout.test = [name for name in names if name.startswith(test_root)]
    if unused := sorted(set(names) - set(layout.names)):
        layout.notes.append(
            f"{len(unused)} images in a further part not used ({some(unused)}): give its own folder"
        )
    roots = list(dict.fromkeys(["", root, train_root, test_root or train_root]))
    table = read_tables(roots, present, tables, layout.notes)
    layout.notes += [
        f"{name} is not read: a table belongs beside all the images, or to the top"
        for name in tables
        if name.rpartition("/")[0] not in {root.removesuffix("/") for root in roots}
    ]
    listed = False
    if table is None:
        table, listed = read_listings(roots, present, tables, layout.notes)
    if table is not None:
        label_by_tables(layout, table)
    if layout.labels is None:
        label_by_folders(layout, (train_root, test_root or train_root), listed)
    if layout.labels is None and table is not None:
        label_by_columns(layout, table)
    return layout


def few(names: Sequence[str]) -> int:
    """So many images beside folders may be strays, which do not make the folders no classes."""
    return max(1, len(names) // 10)


def tops_and_strays(names: Sequence[str], root: str) -> tuple[set[str], list[str]]:
    """The folders just below ``root``, and the images that are in none of them."""
    below = [name[len(root) :].partition("/") if name.startswith(root) else ("", "", name)
             for name in names]  # fmt: skip
    strays = [name for name, (_, slash, _) in zip(names, below, strict=True) if not slash]
    return {top for top, slash, _ in below if slash}, strays


def common_folder(names: Sequence[str]) -> str:
    """The folder around (nearly) all names, "" or ending in "/"; never one that is a part's."""
    root = ""
    while names:
        tops, strays = tops_and_strays(names, root)
        if len(strays) > few(names) or len(tops) != 1 or is_part(*tops):
            break
        root += tops.pop() + "/"
    return root


def is_part(folder: str) -> bool:
    return folder.lower() in PARTS


def part_folders(names: Sequence[str], root: str) -> tuple[str, str | None]:
    """The folder of the training part and that of the test part, if any."""
    tops, strays = tops_and_strays(names, root)
    train, test = (
        next((top for kind in kinds for top in sorted(tops) if top.lower() == kind), None)
        for kinds in (TRAIN_FOLDERS, TEST_FOLDERS)
    )
    if train is None or len(strays) > few(names) or not all(map(is_part, tops)):
        return root, None
    return f"{root}{train}/", None if test is None else f"{root}{test}/"


def label_by_folders(layout: Layout, roots: tuple[str, str], listed: bool) -> None:
    """Sub-folders as classes, where nearly every image lies in one and there are two or more.

    roots: of the training and of the test part.  listed: the set has StyleGAN's ``dataset.json``,
    so that folders called by numbers are its shards.
    """
    labels: dict[str, str] = {}
    strays: list[str] = []
    for root, names in zip(roots, (layout.train, layout.test or []), strict=True):
        for name in names:
            top, slash, _ = name[len(root) :].partition("/")
            if name.startswith(root) and slash:
                labels[name] = top
            else:
                strays.append(name)
    classes = class_order(set(labels.values()))
    if len(classes) < 2:
        return
    if sum(PART.fullmatch(each) is not None for each in classes) > 1:
        layout.notes.append(
            f"the folders {some(classes)} look like parts of a set, not classes: call two of them "
            "train and test, or give one of them"
        )
    elif are_shards(labels, listed):
        layout.notes.append(
            f"the folders {some(classes)} are numbered parts of one set, not classes: name classes "
            "in a labels.csv (image,label)"
        )
    elif len(strays) > few(layout.names):
        layout.notes.append(
            f"{len(strays)} images lie beside the folders {some(classes)}, which therefore are no "
            "classes: give each of these images a folder too"
        )
    else:
        leave_out(layout, strays, "in no class's folder")
        layout.labels = labels


def are_shards(labels: Mapping[str, str], listed: bool) -> bool:
    """Whether folders merely cut a set: they are called so, or by long numbers, through which the
    files' own names run on."""
    folders = set(labels.values())
    if all(SHARD.fullmatch(folder) for folder in folders):
        return True
    numbered = all(folder.isdecimal() for folder in folders)
    if not numbered or len({len(folder) for folder in folders}) > 1:
        return False
    files = [file(name) for name in sorted(labels)]
    run_on = files == sorted(set(files))
    return listed or (run_on and len(next(iter(folders))) >= SHARD_DIGITS)


def leave_out(layout: Layout, names: Sequence[str], why: str) -> None:
    """Take images out of a layout, with a note that names some."""
    if not names:
        return
    out = set(names)
    kept = [row for row, name in enumerate(layout.names) if name not in out]
    if layout.attributes is not None:
        layout.attributes = layout.attributes[kept]
    layout.train = [name for name in layout.train if name not in out]
    if layout.test is not None:
        layout.test = [name for name in layout.test if name not in out]
    plural = "" if len(names) == 1 else "s"
    layout.notes.append(f"{len(names)} image{plural} left out, {why}: {some(names)}")


def label_by_tables(layout: Layout, table: Table) -> None:
    """Labels and attributes from a table; images without a row are left out of the layout."""
    missing = [name for name in layout.names if name not in table.rows]
    leave_out(layout, missing, f"without a row in {table.name}")
    if LABEL in table.columns:
        place = table.columns.index(LABEL)
        layout.labels = {name: cells[place] for name, cells in table.rows.items()}
    others = [place for place, column in enumerate(table.columns) if column != LABEL]
    columns = [table.columns[place] for place in others]
    rows = [[table.rows[name][place] for place in others] for name in layout.names]
    layout.attributes, layout.attribute_names, notes = from_columns(columns, rows, table.name)
    layout.notes += notes


def label_by_columns(layout: Layout, table: Table) -> None:
    """Classes from two columns or more of 0 and 1, with one 1 in every row: one-hot."""
    names, rows = layout.attribute_names, layout.attributes
    if rows is None or len(names) < 2 or names != table.columns or not (rows.sum(1) == 1).all():
        return
    places = rows.argmax(1).tolist()
    layout.labels = {name: names[at] for name, at in zip(layout.names, places, strict=True)}
    layout.notes.append(f"the columns {some(names)} of {table.name} are one-hot: classes too")
