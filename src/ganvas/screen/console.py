"""Text and tables on a screen, with names as they are. Imports nothing slow."""

from typing import TYPE_CHECKING

from ganvas.screen.surroundings import in_notebook

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDEST = 10_000
"""Columns of the widest table that is printed whole."""


def console(*, stderr: bool = False) -> "Console":
    """Shows text as it is: no markup, no emoji, no line broken but by the terminal itself."""
    from rich.console import Console

    return Console(
        stderr=stderr,
        force_jupyter=False,  # what rich does in a notebook needs ipywidgets
        force_terminal=False if in_notebook() else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def new_table() -> "Table":
    """A table without lines, whose columns are still to be added."""
    from rich.table import Table

    return Table(box=None, header_style="bold", pad_edge=False)


def show_table(table: "Table") -> None:
    """Print a table. Columns that are not to be wrapped are whole, whatever the screen's width."""
    screen = console()
    least = screen.measure(table, options=screen.options.update(max_width=WIDEST)).minimum
    screen.width = max(screen.width, least)
    screen.print(table, soft_wrap=False)
