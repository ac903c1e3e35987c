"""``ganvas bench``."""

import argparse
import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from ganvas.bench import picture
from ganvas.bench.bench import bench
from ganvas.bench.layers import Layer
from ganvas.bench.report import Report
from ganvas.cli.out_of_memory import memory_explained
from ganvas.cli.wording import worded
from ganvas.disk import explain, replace_file
from ganvas.errors import UsageError
from ganvas.report.page import page
from ganvas.sampling.outputs import check_output
from ganvas.screen.console import console, new_table, show_table
from ganvas.store.own import plugins
from ganvas.training.resolve import chooses_data, resolve, without_auto
from ganvas.words import duration

NAMED = ("batch", "device", "precision", "compile")
"""Settings that have an option of their own."""


def execute(options: argparse.Namespace) -> None:
    """Measure, and print what was found."""
    place = check_place(options.out, options.overwrite)
    if options.workers is not None and not options.plain:
        raise UsageError("--workers load images for the plain loop, which --no-plain leaves out")
    plugins.load(options.plugin)
    given = {name: getattr(options, name) for name in NAMED}
    overrides = {**options.overrides, **{k: v for k, v in given.items() if v is not None}}
    overrides, fit = without_auto(overrides)
    recipe = resolve(options.recipe, options.data, overrides)
    chosen = options.data is not None or chooses_data(overrides, recipe)
    with memory_explained(), console(stderr=True).status("") as status:
        report = bench(
            recipe,
            given=chosen,
            fit=fit,
            seconds=options.seconds,
            plain=options.plain,
            workers=options.workers or 0,
            tell=lambda what: status.update(Text(f"measuring: {what}")),
        )
    try:
        if place is not None:
            write(report, place)
    finally:  # a picture that cannot be written takes no figure away
        if options.json:
            print(json.dumps(report.record(), indent=1))
        else:
            show(report)
    if place is not None and not options.json:
        print(f"picture: {place}")


def check_place(out: str | None, overwrite: bool = False) -> Path | None:
    """Where the picture goes.

    Raises:
        UsageError: nothing could be written there; this is said before the work.
    """
    if out is None:
        return None
    path = Path(out)
    if path.suffix not in (".png", ".html"):
        raise UsageError(f"--out {out}: end it with .png or .html")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: there is no such folder")
    check_output(path, overwrite=overwrite)
    return path


def write(report: Report, path: Path) -> None:
    """Write the picture; a page where the path ends with .html."""
    try:
        if path.suffix == ".png":
            replace_file(path, picture.png(report))
        else:
            replace_file(path, page(f"{report.recipe}: bench", [picture.svg(report)]))
    except OSError as error:
        raise explain(error, str(path)) from None


def show(report: Report) -> None:
    """Print the speed, the tables, and the sentence that sums them up."""
    print("\n".join(facts(report)), end="\n\n")
    for table in (parts(report), layers(report)):
        show_table(table)
        print()
    console().print(report.words(), style="bold")


def facts(report: Report) -> list[str]:
    """The figures of the whole step, a line each."""
    ours, reached, work = report.ours, report.reached, report.layers.gflop
    lines = [
        f"{report.recipe}: batch {report.batch}; {report.data}",
        f"  machine     {report.processor}: {report.choices.words()}",
        *([f"  chosen      {worded(report.choices.why)}"] if report.choices.why else []),
        f"  images/s    {ours.median:,.1f} ({ours.low:,.1f} to {ours.high:,.1f} in "
        f"{len(ours.chunks)} chunks); warm-up {duration(ours.warm_up)}",
    ]
    if report.plain is not None and report.ratio is not None:
        ratio = report.ratio
        lines.append(
            f"  plain loop  {report.plain.median:,.1f}; ratio {ratio.median:.2f} "
            f"({ratio.low:.2f} to {ratio.high:.2f} in {len(ratio.pairs)} pairs)"
        )
    if report.clock != report.batch:
        lines.append(f"  clock       {report.clock / report.batch:g} times as many images drawn")
    lines += [
        f"  arithmetic  {work:,.1f} GFLOP a step, {work / report.batch:.3g} an image; "
        f"{1e3 * report.teraflops:,.0f} GFLOP/s",
        f"  matrix rate {1e3 * report.rate:,.0f} GFLOP/s (product "
        f"{1e3 * max(report.products):,.0f}, convolution {1e3 * max(report.convolutions):,.0f}); "
        f"a step reaches {reached.median:.0%} ({reached.low:.0%} to {reached.high:.0%})",
    ]
    if report.memory is not None:
        lines.append(f"  memory      {report.memory / 1e6:,.0f} MB more at the peak")
    return lines


def parts(report: Report) -> Table:
    """The parts of a step, move by move."""
    table = _table("move", "part", "ms", "share")
    last = None
    for part in report.parts:
        move = part.move if part.move != last else ""
        last = part.move
        table.add_row(move, part.name, f"{part.milliseconds:.2f}", f"{part.share:.1%}")
    table.add_row("", "step", f"{sum(p.milliseconds for p in report.parts):.2f}", "")
    return table


def layers(report: Report) -> Table:
    """The layers of each network, a line each; times in milliseconds."""
    found = report.layers
    table = _table("layer", "forward", "backward", "share", "GFLOP", "GFLOP/s")
    last = None
    for layer in found.layers:
        network, _, place = layer.name.partition(".")
        if network != last:
            table.add_row(network)
        last = network
        table.add_row(f"  {place} {layer.kind}", *costs(layer, found.milliseconds))
    share = f"{found.elsewhere_ms / found.milliseconds:.1%}"
    table.add_row("elsewhere", f"{found.elsewhere_ms:.2f}", "", share)
    table.add_row("step", f"{found.milliseconds:.2f}", "", "", f"{found.gflop:.2f}")
    return table


def costs(layer: Layer, whole: float) -> list[str]:
    """A layer's figures for its line; ``whole``: milliseconds of a step."""
    spent = layer.milliseconds
    cells = [f"{layer.forward_ms:.2f}", f"{layer.backward_ms:.2f}", f"{spent / whole:.1%}"]
    if layer.gflop and spent:
        cells += [f"{layer.gflop:.2f}", f"{1e3 * layer.gflop / spent:,.0f}"]
    return cells


def _table(*columns: str) -> Table:
    table = new_table()
    for column in columns:
        words = column in ("move", "part", "layer")
        table.add_column(column, justify="left" if words else "right", no_wrap=True)
    return table
