"""What an evaluation leaves behind: its figures in the run, a picture of neighbours, a report."""

import warnings
from pathlib import Path

from ganvas.disk import explain
from ganvas.errors import RunBusy, UsageError, UserError
from ganvas.evaluation.result import Evaluation
from ganvas.report.neighbours import save_neighbours
from ganvas.report.run_page import write_report
from ganvas.store import evaluation_records
from ganvas.store.run import Run
from ganvas.store.run_folder import Lock


class NotKept(UserError):
    """The figures were measured, and could not be written.

    Args:
        text: why.
        evaluation: the figures.
    """

    def __init__(self, text: str, evaluation: Evaluation) -> None:
        super().__init__(text)
        self.evaluation = evaluation


def check_kept(
    run: Run | None, save: bool, neighbours: str | Path | None, metrics: list[str] | None
) -> None:
    """Refuse what could not be written, before the work.

    Args:
        run: that which is measured; None of samples from elsewhere.
        save: whether the figures shall be kept in the run.
        neighbours: a file for the picture; None where none was named.
        metrics: those that were asked for; None takes all.

    Raises:
        UsageError: figures to keep, and no run; a picture of what is not measured, or in a folder
            that is not there.
    """
    if save and run is None:
        raise UsageError(
            "`ganvas.evaluate(RUN, save=True)` keeps figures in a run; these samples are of none"
        )
    if neighbours is None:
        return
    if metrics is not None and "authenticity" not in metrics:
        raise UsageError("`neighbours` shows what authenticity finds: add it to `metrics`")
    if not Path(neighbours).absolute().parent.is_dir():
        raise UsageError(f"`neighbours={neighbours}`: there is no such folder")


def keep(found: Evaluation, path: Path | None, neighbours: str | Path | None) -> Evaluation:
    """Write the figures, the picture and the report, as far as that is asked for.

    Args:
        found: the figures.
        path: the run folder to keep them in; None keeps none.
        neighbours: a file for the picture; None puts it into the run.

    Returns:
        The same; ``written`` has the paths.

    Raises:
        NotKept: the disk is full or cannot be written.
    """
    try:
        if path is not None:
            found.written.append(evaluation_records.append(found.records(), path))
        pairs = neighbours or (None if path is None else path / "neighbours.png")
        if pairs is not None and save_neighbours(found, Path(pairs)):
            found.written.append(Path(pairs))
        elif neighbours is not None:
            warnings.warn(f"no {neighbours}: these samples have no authenticity", stacklevel=3)
        if path is not None:
            with Lock(path):
                found.written.append(write_report(Run(path)))
    except RunBusy:
        warnings.warn(f"{path} is in use: its report is written when it ends", stacklevel=3)
    except OSError as error:
        raise NotKept(str(explain(error, str(error.filename))), found) from None
    except UserError as error:
        raise NotKept(str(error), found) from None
    return found
