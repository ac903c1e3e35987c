"""``ganvas evaluate``."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganvas.cli.wording import worded
from ganvas.disk import explain
from ganvas.errors import RunBusy, UsageError
from ganvas.evaluation.in_words import counted, formats_apart, network_in_words
from ganvas.evaluation.result import Evaluation
from ganvas.metrics.figure import Figure
from ganvas.report.evaluate import evaluate
from ganvas.report.neighbours import save_neighbours
from ganvas.report.run_page import write_report
from ganvas.sampling.outputs import check_output
from ganvas.screen.console import console, new_table, show_table
from ganvas.screen.stages import Stages
from ganvas.store import evaluation_records
from ganvas.store.run import Run
from ganvas.store.run_folder import Lock, is_run


def execute(options: argparse.Namespace) -> None:
    """Evaluate, keep the figures where they belong, and print them."""
    check_neighbours(options)
    with Stages(stderr=True) as stages:
        found = evaluate(
            options.samples,
            data=options.data,
            metrics=None if options.metrics is None else options.metrics.split(","),
            features=options.features,
            count=options.count,
            reference=options.reference,
            fit=options.fit,
            channels=options.channels,
            at=options.at,
            seed=options.seed,
            truncation=options.truncation,
            device=options.device,
            plugin=options.plugin,
            progress=stages.update,
        )
    places: list[Path] = []
    try:
        places = write(found, options)
    finally:  # a disk that is full takes no figure away
        if options.json:
            print(json.dumps(found.records(), indent=1))
        else:
            show(found)
    for place in places:
        if not options.json:
            print(f"  {place}")


def check_neighbours(options: argparse.Namespace) -> None:
    """Raise UsageError for a picture that could not be written, before the work."""
    asked = None if options.metrics is None else options.metrics.split(",")
    if options.neighbours and asked is not None and "authenticity" not in asked:
        raise UsageError("--neighbours shows what authenticity finds: add it to --metrics")
    if options.neighbours and not Path(options.neighbours).absolute().parent.is_dir():
        raise UsageError(f"--neighbours {options.neighbours}: there is no such folder")
    if options.neighbours:
        check_output(Path(options.neighbours), overwrite=options.overwrite)


def write(found: Evaluation, options: argparse.Namespace) -> list[Path]:
    """Keep the figures in the run, if it is one; returns the paths of what was written."""
    path = Path(options.samples)
    inside = is_run(path)
    written = []
    try:
        if inside:
            written.append(evaluation_records.append(found.records(), path))
        if options.neighbours or inside:
            pairs = Path(options.neighbours or path / "neighbours.png")
            saved = save_neighbours(found, pairs)
            written += [pairs] if saved else []
            if options.neighbours and not saved:
                print(f"no {pairs}: these samples have no authenticity", file=sys.stderr)
        if inside:
            with Lock(path):
                written.append(write_report(Run(path, plugin=options.plugin)))
    except OSError as error:
        raise explain(error, str(error.filename)) from None
    except RunBusy:
        print(f"{path} is in use: its report is written when it ends", file=sys.stderr)
    return written


def show(found: Evaluation) -> None:
    """Print a table of the figures, what was left out, and what they mean in words."""
    print("\n".join(heading(found.provenance)))
    table = new_table()
    for column in ("metric", "value", "95% interval", "floor", ""):
        side = "right" if column in ("value", "floor") else "left"
        table.add_column(column, justify=side, no_wrap=bool(column))
    for figure, baseline in found.figures:
        table.add_row(*row(figure, baseline))
    show_table(table)
    print(f"\n↓ lower, ↑ higher is better; floor: {found.provenance['reference']['floor']}")
    for name, reason in found.skipped.items():
        console().print(f"left out: {name}: {worded(reason)}", style="yellow")
    if apart := formats_apart(found.provenance):
        console().print(worded(apart), style="yellow")
    if words := found.words():
        console().print(worded(words), style="bold")


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
