"""``ganvas data``: what is in a source of images."""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path

from ganvas.cli.wording import worded
from ganvas.data import Inspection, contact_sheet, inspect_source, load_dataset
from ganvas.data.decoding.fit import Fit, fit_text
from ganvas.data.names import printable
from ganvas.domains.pictures import save_png
from ganvas.errors import DataError
from ganvas.recipes.build.batch import largest_batch
from ganvas.recipes.recipe_table import find
from ganvas.sampling.outputs import check_output

SHEET = 128
"""Largest side, in pixels, at which a contact sheet shows images of no chosen size."""

NAMES = 5
"""Unreadable files that are named."""


def execute(options: argparse.Namespace) -> None:
    """Print what a source holds, and write a contact sheet of it."""
    before = check_output(Path(options.out), overwrite=options.overwrite)
    how = {name: getattr(options, name) for name in ("split", "fit", "channels", "white")}
    found = inspect_source(options.source, size=options.size, **how)
    print(f"{found.name}: {found.count:,} {found.noun}")
    for name, text in _facts(found).items():
        print(f"  {name:<12}{worded(printable(text))}")
    for note in (*found.notes, *(f"warning: {text}" for text in found.warnings)):
        print(f"  {worded(printable(note))}")
    if not found.count:
        raise DataError("none of these images can be read")
    size = options.size
    if size is None and found.sizes:
        size = min(*found.sizes.most_common(1)[0][0], SHEET)
    items = load_dataset(options.source, size=size, **how)
    save_png(contact_sheet(items), Path(options.out))
    print(f"  contact sheet: {options.out}{before}")
    if found.sizes:
        print(f"  {_training(found, items.shape[0], options)}")


def _training(found: Inspection, channels: int, options: argparse.Namespace) -> str:
    """What ``ganvas train`` would make of a source, in a sentence."""
    recipe = find("folder")
    fit = Fit(options.size or recipe.data.size, channels, options.fit)
    text, shape = fit_text(list(found.sizes.elements()), channels == 1, fit, found.name)
    height, width = (0, 0) if shape is None else shape[1:]
    small = sum(n for (h, w), n in found.sizes.items() if h < height or w < width)
    also = f", {small:,} enlarged" if small else ""
    also += f", in batches of {min(recipe.batch, largest_batch(recipe, found.count))}"
    label = "class" if found.classes else "attributes" if found.attributes else ""
    also += (
        f"; --condition.kind {label} conditions the networks on each one's {label}" if label else ""
    )
    given = {name: getattr(options, name) for name in ("size", "channels", "white", "split", "fit")}
    settings = "".join(
        f" --data.{name} {value}"
        for name, value in given.items()
        if value not in (None, getattr(recipe.data, name))
    )
    command = f"ganvas train --data {shlex.quote(options.source)}{settings}"
    kind = "grey" if channels == 1 else "in colour"
    return f"{command} would see {text}, {kind}{also}"


def _facts(found: Inspection) -> dict[str, str]:
    """What there is to say of a source, by name; what it has not is left out."""
    repeats = sum(len(group) - 1 for group in found.duplicates)
    shares = {name: f"{n / max(1, found.count):.1%}" for name, n in found.attributes.items()}
    facts = {
        "sizes": _counts({f"{w}x{h}": n for (h, w), n in found.sizes.most_common()}),
        "modes": _counts(found.modes),
        "formats": _counts(found.formats),
        "classes": _counts(found.classes, most=20),
        "attributes": _some([f"{name} {share}" for name, share in shares.items()], most=12),
        "fit": found.fit,
        "repeats": f"{repeats:,} images repeat an earlier one" if repeats else "",
        "unreadable": ", ".join(f"{name} ({why})" for name, why in found.unreadable[:NAMES]),
    }
    if len(found.unreadable) > NAMES:
        facts["unreadable"] += f" and {len(found.unreadable) - NAMES:,} more"
    return {name: text for name, text in facts.items() if text}


def _counts(counts: Mapping[str, int], most: int = 6) -> str:
    return _some([f"{name} {count:,}" for name, count in counts.items()], most)


def _some(words: list[str], most: int) -> str:
    """The first of them, and how many more there are."""
    more = [f"{len(words) - most:,} more"] if len(words) > most else []
    return ", ".join([*words[:most], *more])
