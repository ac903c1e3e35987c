"""One session of a run, from its first round to its report: the same for train and resume."""

from ganvas.errors import UsageError
from ganvas.report.run_page import write_report
from ganvas.screen.hints import call
from ganvas.store import evaluation_records
from ganvas.store.run import Run
from ganvas.training.evaluator import Evaluator
from ganvas.training.interrupt import REQUEST, interruptible
from ganvas.training.loop import Loop
from ganvas.training.run_pictures import save_outcome
from ganvas.training.writer import RunWriter

RESERVE = 2.0
"""Seconds kept of ``minutes`` for the last checkpoint, the time-lapse and the report."""


class Stopped(Exception):
    """A signal, or a request, stopped the run after its checkpoint was saved; its text says where.

    Args:
        run: what was saved.
        signal: its name, or ``request``.
    """

    def __init__(self, run: Run, signal: str) -> None:
        by = "on request" if signal == REQUEST else f"by {signal}"
        super().__init__(
            f"stopped {by} at {run.images:,} images and saved in {run.path}: go on with "
            f"`{call('resume', run.path)}`"
        )
        self.run = run
        self.signal = signal


def check_length(images: int | None, minutes: float | None) -> None:
    """Raise UsageError where a length is given twice."""
    if images is not None and minutes is not None:
        raise UsageError("`images` is not allowed with `minutes`: say how long in one of them")


def play(writer: RunWriter, evaluator: Evaluator | None, began: float) -> Run:
    """Play until the run ends, then write its outcome and its report.

    Args:
        writer: of the run's folder and its engine.
        evaluator: evaluates the generator now and then; None measures nothing.
        began: ``time.monotonic()`` from which the recipe's minutes count.

    Returns:
        The run, to look at.

    Raises:
        NonFinite: a loss stopped being finite.
        Stopped: a signal or a request stopped it; everything is saved.
    """
    minutes = writer.recipe.minutes
    deadline = None if minutes is None else began + 60 * minutes - RESERVE
    try:
        writer.stopwatch.deadline = deadline
        writer.news.begin()
        with interruptible() as asked:  # what comes after the last round lets the report be written
            Loop(writer.engine, writer, evaluator).play(deadline, asked)
            run = _conclude(writer, evaluator)
        writer.news.end(asked.signal, run.seconds)
    except BaseException as error:
        writer.news.fail(error)
        raise
    if asked.signal is not None:
        raise Stopped(run, asked.signal)
    return run


def _conclude(writer: RunWriter, evaluator: Evaluator | None) -> Run:
    """Write what there is to look at once the last round is played."""
    save_outcome(writer.path, writer.picture())
    if evaluator is not None and evaluator.newest is not None:
        evaluation_records.append(evaluator.newest.records(), writer.path)
    run = Run(writer.path)
    write_report(run)
    return run
