"""What a run has to show, as plain data: series against images seen, newest figures, facts.

Pages are made of it, and whatever else shows runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.report.code_of import code_of
from ganvas.store import evaluation_records
from ganvas.store.run import Run
from ganvas.words import duration

POINTS = 400
"""Log records of a run that its curves show, at most."""

Log = Sequence[Mapping[str, Any]]
"""Records of a log, oldest first."""

Records = Mapping[str, Mapping[str, Any]]
"""Records of evaluations, by metric."""


@dataclass(frozen=True)
class Curves:
    """Numbers that belong together, against images seen.

    name: what they have in common, such as ``loss``.
    clock: images seen, [n], ascending.
    lines: the values of each by its name, [n]; NaN where one was not logged.
    """

    name: str
    clock: list[int]
    lines: dict[str, list[float]]


@dataclass(frozen=True)
class MetricCourse:
    """One figure of the evaluations during training, against images seen.

    name: of the figure, such as ``kid``.
    clock: images seen, [n], ascending.
    values: [n].
    interval: lower and upper ends of the 95% intervals, [n] each; None where there are none.
    real_baseline: the newest real baseline; None where there is none.
    """

    name: str
    clock: list[int]
    values: list[float]
    interval: tuple[list[float], list[float]] | None
    real_baseline: float | None


@dataclass(frozen=True)
class RunModel:
    """All that a run has to show.

    path: its folder.
    images: seen so far.
    facts: what it is and how it went, in a few words each.
    curves: of what was logged of training, in the log's order.
    newest: the newest record of each metric.
    courses: of the figures that were measured during training.
    settings: what the data, the machine and the software were, the user's own too, in words, by
        name.
    recipe: the text of ``recipe.yaml``.
    """

    path: Path
    images: int
    facts: list[str]
    curves: list[Curves]
    newest: Records
    courses: list[MetricCourse]
    settings: dict[str, str]
    recipe: str


def run_model(run: Run) -> RunModel:
    """What a run has to show, from what its folder holds."""
    log = run.log
    return RunModel(
        path=run.path,
        images=run.images,
        facts=_facts(run, log),
        curves=training_curves(log),
        newest=evaluation_records.newest(run.path),
        courses=metric_courses(log),
        settings=_settings(run),
        recipe=(run.path / "recipe.yaml").read_text(encoding="utf-8"),
    )


def training_curves(log: Log) -> list[Curves]:
    """The curves of training in a log, ``loss/generator`` and ``loss/discriminator`` together."""
    numbers = logged_numbers(log)
    families: dict[str, dict[str, list[float]]] = {}
    for name, values in numbers.lines.items():
        families.setdefault(name.split("/")[0], {})[_last_word(name)] = values
    return [Curves(_last_word(name), numbers.clock, lines) for name, lines in families.items()]


def logged_numbers(log: Log) -> Curves:
    """All numbers of training in a log, by their whole names."""
    log = [record for record in log if not _is_evaluation(record) and "total" not in record]
    log = log[:: max(1, len(log) // POINTS)]
    names = dict.fromkeys(name for record in log for name in record)
    lines = {
        name: [record.get(name, float("nan")) for record in log]
        for name in names
        if name not in ("images", "seconds")
    }
    return Curves("training", [record["images"] for record in log], lines)


def metric_courses(log: Log) -> list[MetricCourse]:
    """The courses of all figures in a log, in its order."""
    keys = (key.split("/") for record in log for key in record if key.startswith("metric/"))
    names = dict.fromkeys(parts[1] for parts in keys if len(parts) == 2)
    return [_course(log, name) for name in names]


def _course(log: Log, name: str) -> MetricCourse:
    key = f"metric/{name}"
    log = [record for record in log if key in record]
    interval = None
    if f"{key}/low" in log[0]:
        interval = ([r[f"{key}/low"] for r in log], [r[f"{key}/high"] for r in log])
    clock, values = [r["images"] for r in log], [r[key] for r in log]
    return MetricCourse(name, clock, values, interval, log[-1].get(f"floor/{name}"))


def _is_evaluation(record: Mapping[str, Any]) -> bool:
    """Whether a log record is of an evaluation; see ``Evaluation.log_numbers``."""
    return any(name.startswith("metric/") for name in record)


def _last_word(name: str) -> str:
    return name.split("/")[-1].replace("_", " ")


def _facts(run: Run, log: Log) -> list[str]:
    record, seconds = run.record, run.seconds
    facts = [
        f"recipe {run.recipe.name}",
        f"{run.images:,} of {run.recipe.images:,} images seen",
        *(
            f"its minutes allow {r['total']:,}, as it found after {r['images']:,}"
            for r in log
            if "total" in r
        ),
        duration(seconds),
        f"{run.images / seconds:,.0f} images/s" if seconds else "",
        f"{record.machine}: {record.choices.words()}",
        f"begun {record.created}",
    ]
    return [fact for fact in facts if fact]


def _settings(run: Run) -> dict[str, str]:
    record = run.record
    return {
        "data": "; ".join(source.words() for source in record.sources),
        **({"of the data": "; ".join(record.notes)} if record.notes else {}),
        "fingerprint": record.fingerprint,
        "device": record.choices.words(),
        **code_of(run),
        **record.versions,
    }
