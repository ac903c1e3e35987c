"""The figures of an evaluation as a table, and what they mean in words."""

from collections.abc import Callable, Mapping
from typing import Any

from ganvas.evaluation.in_words import counted, formats_apart, network_in_words
from ganvas.evaluation.result import Evaluation
from ganvas.metrics.figure import Figure
from ganvas.screen.console import console, new_table, show_table


def show_evaluation(found: Evaluation, worded: Callable[[str], str] = str) -> None:
    """Print a table of the figures, what was left out, and what they mean in words.

    Args:
        found: the figures.
        worded: makes a user's text of a text of Python.
    """
    screen = console()
    screen.print("\n".join(heading(found.provenance)))
    table = new_table()
    for column in ("metric", "value", "95% interval", "floor", ""):
        side = "right" if column in ("value", "floor") else "left"
        table.add_column(column, justify=side, no_wrap=bool(column))
    for figure, baseline in found.figures:
        table.add_row(*row(figure, baseline))
    show_table(table)
    screen.print(f"\n↓ lower, ↑ higher is better; floor: {found.provenance['reference']['floor']}")
    for name, reason in found.skipped.items():
        screen.print(f"left out: {name}: {worded(reason)}", style="yellow")
    if apart := formats_apart(found.provenance):
        screen.print(worded(apart), style="yellow")
    if words := found.words():
        screen.print(worded(words), style="bold")


OTHER_HEADINGS = {"points": "{samples:,} points of {reference[data]}"}
"""What else is said over figures, by the name of what read the items."""


def heading(about: Mapping[str, Any]) -> list[str]:
    """What was compared with what, in lines."""
    reference, network = about["reference"], about["features"]
    clock = "" if about["images_seen"] is None else f" at {about['images_seen']:,} images seen"
    if network["name"] in OTHER_HEADINGS:
        return [f"{about['subject']}{clock}: {OTHER_HEADINGS[network['name']].format(**about)}", ""]
    size = "" if network["size"] is None else f", at {network['size'][1]}x{network['size'][0]}"
    return [
        f"{about['subject']}{clock}: {about['samples']:,} samples against {counted(reference)}",
        f"{network_in_words(network)}{size}",
        "",
    ]


def row(figure: Figure, baseline: Figure | None) -> tuple[str, ...]:
    """One line of the table."""
    interval = "" if figure.interval is None else "{:.3g} to {:.3g}".format(*figure.interval)
    beside = "" if baseline is None else f"{baseline.value:.4g}"
    arrow = "↓" if figure.better == "lower" else "↑"
    return f"{figure.name} {arrow}", f"{figure.value:.4g}", interval, beside, figure.note
