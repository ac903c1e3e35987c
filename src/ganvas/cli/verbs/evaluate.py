"""``ganvas evaluate``."""

import argparse
import json
from pathlib import Path

from ganvas.cli.wording import worded
from ganvas.evaluation.result import Evaluation
from ganvas.report.evaluate import evaluate
from ganvas.report.kept_evaluation import NotKept
from ganvas.sampling.outputs import check_output
from ganvas.screen.evaluation_table import show_evaluation
from ganvas.screen.stages import Stages
from ganvas.store.run_folder import is_run


def execute(options: argparse.Namespace) -> None:
    """Evaluate, keep the figures where they belong, and print them."""
    if options.neighbours:
        check_output(Path(options.neighbours), overwrite=options.overwrite)
    try:
        found = _evaluate(options)
    except NotKept as error:  # a disk that is full takes no figure away
        _print(error.evaluation, options)
        raise
    _print(found, options)


def _evaluate(options: argparse.Namespace) -> Evaluation:
    with Stages(stderr=True) as stages:
        return evaluate(
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
            save=is_run(Path(options.samples)),
            neighbours=options.neighbours,
            show=False,  # here it goes to the error stream, and figures may be JSON
            progress=stages.update,
        )


def _print(found: Evaluation, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(found.records(), indent=1))
        return
    show_evaluation(found, worded)
    for place in found.written:
        print(f"  {place}")
