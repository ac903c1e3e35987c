"""From the names of the files to the parts (train, test), the labels and the attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from ganvas.data.attributes import from_columns
from ganvas.data.names import some
from ganvas.data.tables import LABEL, Table, read_tables

TEST_FOLDERS = ("test", "val", "valid", "validation")  # the first that is there is the test part


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
    else from the sub-folders where there are at least two of them and no image beside them; the
    attributes from the table's other columns.  Errors: DataError for a table that does not fit.
    """
    root = common_folder(names)
    train_root, test_root = part_folders(names, root)
    layout = Layout([name for name in names if name.startswith(train_root)], None, None)
    if test_root is not None:
        layout.test = [name for name in names if name.startswith(test_root)]
    if unused := len(names) - len(layout.train) - len(layout.test or []):
        layout.notes.append(f"{unused} images in a further part not used: give its own folder")
    roots = list(dict.fromkeys(["", root, train_root, test_root or train_root]))
    if table := read_tables(roots, present, tables, layout.notes):
        label_by_tables(layout, table)
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


def label_by_tables(layout: Layout, table: Table) -> None:
    """Labels and attributes from a table; images without a row are left out of the layout."""
    listed = layout.names
    layout.train = [name for name in layout.train if name in table.rows]
    if layout.test is not None:
        layout.test = [name for name in layout.test if name in table.rows]
    if missing := [name for name in listed if name not in table.rows]:
        plural = "" if len(missing) == 1 else "s"
        layout.notes.append(
            f"{len(missing)} image{plural} left out, without a row in {table.name}: {some(missing)}"
        )
    if LABEL in table.columns:
        place = table.columns.index(LABEL)
        layout.labels = {name: cells[place] for name, cells in table.rows.items()}
    others = [place for place, column in enumerate(table.columns) if column != LABEL]
    columns = [table.columns[place] for place in others]
    rows = [[table.rows[name][place] for place in others] for name in layout.names]
    layout.attributes, layout.attribute_names, notes = from_columns(columns, rows, table.name)
    layout.notes += notes
