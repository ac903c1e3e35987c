"""``ganvas show``."""

import argparse

from ganvas.cli.wording import worded
from ganvas.data.names import printable
from ganvas.store import checkpoint, run_folder
from ganvas.store.run import Run
from ganvas.words import duration


def execute(options: argparse.Namespace) -> None:
    """Print what a run is, how far it is and its newest figures."""
    run = Run(options.run, plugin=options.plugin)
    record = run.record
    print(f"{run.path}: recipe {run.settings['name']}")
    status = run.status
    if status is not None and status.state != "ended":
        print(f"  state       {worded(printable(status.words()))}")
    of = f"{run.images:,} of {run.settings['images']:,} seen"
    print(f"  images      {of} in {duration(run.seconds)}")
    words = [source.words() for source in record.sources]
    for index, text in enumerate([*words, *map(worded, record.notes)]):
        print(f"  {'' if index else 'data':<12}{printable(text)}")
    print(f"  machine     {record.machine}: {record.choices.words()}")
    kept = [path.name for path in checkpoint.complete(run.path / "checkpoints")]
    print(f"  checkpoints {', '.join(kept)}")
    if run.best is not None:
        best = run.best
        print(f"  best        {best['images']:09d}: {best['metric']} {best['value']:.4g}")
    print(f"  disk        {run_folder.size(run.path) / 1e6:,.1f} MB")
    newest = {name: value for line in run.log for name, value in line.items()}
    for name, value in newest.items():
        if "/" in name:
            print(f"  {name:<28} {value:.4g}")
    for name in ("samples.png", "report.html"):
        if (run.path / name).is_file():
            print(f"  {name:<12}{run.path / name}")
