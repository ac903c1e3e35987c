"""What is in a source, and what of it will trouble training."""

from collections import Counter
from dataclasses import dataclass, field

from ganvas.data.names import some

FEW = 20
"""Images in a class, or with or without an attribute."""

SMALL = 100
"""Images in a set."""

UNEVEN = 10
"""Times as many images in the largest class as in the smallest."""

MANY_REPEATS = 0.01
"""The share of images that repeat others."""


@dataclass(frozen=True)
class Inspection:
    """What is in a source.

    name: what to call it.
    count: the number of items.
    fit: what the fit would do, as text.
    sizes: how many images have each (height, width), most common first; empty for other items.
    modes: how many have each of PIL's modes, most common first.
    formats: how many have each of PIL's formats, most common first.
    classes: how many each class has, by its name; {} without labels.
    attributes: how many have each attribute, most common first; {} without attributes.
    duplicates: groups of names whose decoded pixels are equal.
    unreadable: (name, reason) of each file that is not readable.
    notes: sentences on what was skipped or converted.
    warnings: sentences on what will trouble training.
    noun: what a screen calls several items.
    """

    name: str
    count: int
    fit: str
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    classes: dict[str, int] = field(default_factory=dict)
    attributes: dict[str, int] = field(default_factory=dict)
    duplicates: tuple[tuple[str, ...], ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    noun: str = "images"


def warnings_of(found: Inspection) -> list[str]:
    """Plain sentences on what will trouble training, from the numbers of an inspection."""
    sentences = []
    if found.count < SMALL:
        plural = "them" if found.count > 1 else "it"
        images = f"{found.count} image{'s' if found.count > 1 else ''}"
        sentences.append(f"only {images}: a GAN will learn {plural} by heart")
    sentences += _on_classes(found.classes)
    # One that all or none have stands in the notes.
    has = found.attributes.items()
    rare = [name for name, number in has if 0 < min(number, found.count - number) < FEW]
    if rare:
        sentences.append(
            f"fewer than {FEW} images have, or lack, {len(rare)} of the "
            f"{len(found.attributes)} attributes: {some(rare)}"
        )
    extra = sum(len(group) - 1 for group in found.duplicates)
    if extra > MANY_REPEATS * found.count:
        sentences.append(f"{extra} images repeat others exactly")
    if found.unreadable:
        sentences.append(f"{len(found.unreadable)} files could not be read")
    return sentences


def _on_classes(classes: dict[str, int]) -> list[str]:
    sentences = [
        f"class {name!r} has only {number} image{'s' if number > 1 else ''}"
        for name, number in classes.items()
        if number < FEW
    ]
    if classes and max(classes.values()) > UNEVEN * min(classes.values()):
        sentences.append(
            f"the classes are uneven: {min(classes.values())} to {max(classes.values())} images"
        )
    return sentences
