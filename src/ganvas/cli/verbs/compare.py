"""``ganvas compare``."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganvas.cli.wording import worded
from ganvas.disk import explain
from ganvas.report.comparison import differences, gather, metrics_of
from ganvas.report.comparison_page import write_page
from ganvas.sampling.outputs import check_output
from ganvas.screen.console import console, new_table, show_table
from ganvas.store import plugins


def execute(options: argparse.Namespace) -> None:
    """Print the metrics of several runs side by side, and write a page of plots."""
    plugins.load(options.plugin)
    before = check_output(Path(options.out), overwrite=options.overwrite)
    found = gather(options.runs)
    table = new_table()
    for name in ("metric", *found):
        table.add_column(name, no_wrap=True)
    table.add_column("floor", justify="right")
    table.add_column("better")
    for metric in metrics_of(found):
        cells = [_cell(known.get(metric)) for known in found.values()]
        record = next(known[metric] for known in found.values() if metric in known)
        floor = "" if record["floor"] is None else f"{record['floor']:.4g}"
        table.add_row(metric, *cells, floor, record["better"])
    try:
        page = write_page(options.runs, Path(options.out))
    except OSError as error:
        raise explain(error, options.out) from None
    finally:  # a page that cannot be written takes no figure away
        show_table(table)
        for text in differences(found):
            console().print(f"warning: {worded(text)}", style="yellow")
    print(f"\nplots: {page}{before}")


def _cell(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return ""
    low, high = record["low"], record["high"]
    interval = "" if low is None else f" ({low:.4g} to {high:.4g})"
    return f"{record['value']:.4g}{interval}"
