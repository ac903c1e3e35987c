"""From the names of files and their tables to parts (train, test), labels and attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from ganvas.data.labels.attributes import from_columns
from ganvas.data.labels.classes import class_order, number_classes
from ganvas.data.labels.folder_names import PART, are_shards, common_folder, few, part_folders
from ganvas.data.labels.listing import read_listings
from ganvas.data.labels.tables import LABEL, Table, read_tables
from ganvas.data.names import some


@dataclass
class Layout:
    """Which images are there, in which part, and what is known of each.

    train: the names of the training part's images, in order.
    test: those of the test part; None where there is none.
    labels: the name of its class for each image that has one; None without labels.
    notes: sentences for the screen.
    attributes: uint8 [N, A] for the N ``names``, 0 or 1; None without attributes.
    attribute_names: the A names.
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

    def labels_of(self, names: Sequence[str]) -> tuple[Tensor | None, tuple[str, ...]]:
        """Labels int64 [len(names)] of some of the images, and the names of all classes.

        Classes are numbered over all parts, so that the training and the test part agree.
        """
        if self.labels is None:
            return None, ()
        known, classes = number_classes([self.labels[name] for name in self.names])
        return known[self._rows(names)], classes

    def attributes_of(self, names: Sequence[str]) -> Tensor | None:
        """The rows uint8 [len(names), A] of some of the images."""
        return None if self.attributes is None else self.attributes[self._rows(names)]

    def _rows(self, names: Sequence[str]) -> list[int]:
        index = {name: row for row, name in enumerate(self.names)}
        return [index[name] for name in names]


def lay_out(names: Sequence[str], present: set[str], tables: Mapping[str, bytes]) -> Layout:
    """Which images are in which part, with their labels and attributes.

    A single folder around everything does not count. Labels come from the column ``label`` of a
    ``labels.csv`` or ``attributes.csv`` (header ``image,label,…``) beside the images or at the top,
    or from a ``dataset.json``; else from the sub-folders, where there are at least two of them, no
    shards, and few images beside them; else from columns that are one-hot. The attributes are the
    table's other columns.

    Args:
        names: the readable images, sorted.
        present: all images, also those that are not readable.
        tables: the bytes of each table by its name.

    Raises:
        DataError: a table does not fit.
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


def label_by_folders(layout: Layout, roots: tuple[str, str], listed: bool) -> None:
    """Take sub-folders for classes, where nearly every image lies in one and there are two or more.

    Args:
        layout: what is labelled; where folders are no classes, it gets a note that says why.
        roots: the folder of the training part and that of the test part.
        listed: whether the set has StyleGAN's ``dataset.json``, so that folders called by numbers
            are its shards.
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
    """Take two columns or more of 0 and 1 for classes, where every row has one 1: one-hot."""
    names, rows = layout.attribute_names, layout.attributes
    if rows is None or len(names) < 2 or names != table.columns or not (rows.sum(1) == 1).all():
        return
    places = rows.argmax(1).tolist()
    layout.labels = {name: names[at] for name, at in zip(layout.names, places, strict=True)}
    layout.notes.append(f"the columns {some(names)} of {table.name} are one-hot: classes too")
