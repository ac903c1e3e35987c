"""``ganvas compare``."""

import argparse
from pathlib import Path

from ganvas.cli.wording import worded
from ganvas.report.compare.comparison import compare
from ganvas.sampling.outputs import check_output
from ganvas.store.own import plugins


def execute(options: argparse.Namespace) -> None:
    """Print several runs side by side, and write a page of plots."""
    plugins.load(options.plugin)
    out, table = Path(options.out), None if options.csv is None else Path(options.csv)
    before = check_output(out, overwrite=options.overwrite)
    if table is not None:
        check_output(table, overwrite=options.overwrite)
    found = compare(options.runs)
    print(worded(str(found)))  # a page that cannot be written takes no figure away
    print(f"\nplots: {found.save(out)}{before}")
    if table is not None:
        print(f"table: {found.to_csv(table)}")
