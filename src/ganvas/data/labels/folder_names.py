"""What the names of folders say: which are parts of a set, and which merely cut it in pieces."""

import re
from collections.abc import Mapping, Sequence

from ganvas.data.labels.matching import file

TRAIN_FOLDERS = ("train", "training")
"""In capitals or not; the first that is there is the part."""

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
"""What sets call the pieces that they are cut in: ``shard-3``, ``data-00001-of-00010``."""

SHARD_DIGITS = 5
"""At least so many digits, where pieces are called by numbers."""


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
    """Whether a folder is called as a part of a set, in capitals or not."""
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


def are_shards(labels: Mapping[str, str], listed: bool) -> bool:
    """Whether folders merely cut a set in pieces, so that they are no classes.

    They do if they are called so, or by long numbers while the names of the files run on from one
    folder to the next.

    Args:
        labels: a folder for each file.
        listed: whether the set has StyleGAN's ``dataset.json``, whose folders are its pieces.
    """
    folders = set(labels.values())
    if all(SHARD.fullmatch(folder) for folder in folders):
        return True
    numbered = all(folder.isdecimal() for folder in folders)
    if not numbered or len({len(folder) for folder in folders}) > 1:
        return False
    files = [file(name) for name in sorted(labels)]
    run_on = files == sorted(set(files))
    return listed or (run_on and len(next(iter(folders))) >= SHARD_DIGITS)
