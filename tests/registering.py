"""Parts that a test registers are known to no other test."""

from collections.abc import Iterator
from contextlib import contextmanager

from ganvas.extend.register import CLASSES, FUNCTIONS, OBJECTS
from ganvas.recipes import own_parts
from ganvas.recipes.parts import FAMILIES
from ganvas.store.own import plugins


@contextmanager
def forgotten_afterwards() -> Iterator[None]:
    """Within, parts may be registered; afterwards there are those that there were."""
    tables = [sort.table for sort in (*OBJECTS, *CLASSES, *FUNCTIONS)]
    tables += [FAMILIES, *FAMILIES.values(), own_parts._known, own_parts._classes, plugins._loaded]
    tables.append(own_parts._made)
    before = [(table, dict(table)) for table in tables]
    try:
        yield
    finally:
        for table, entries in before:
            table.clear()
            table.update(entries)
