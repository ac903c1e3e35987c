"""Runs beside each other, as plain data: what differs in them, what was logged, their figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.errors import UsageError
from ganvas.report.code_of import code_of
from ganvas.report.model import Records, logged_numbers, metric_courses
from ganvas.screen.hints import call
from ganvas.store import evaluation_records, run_folder
from ganvas.store.run import Run

SAME = {
    "feature network": lambda r: tuple(
        r["features"][k] for k in ("name", "version", "hash", "resize")
    ),
    "reference": lambda r: tuple(r["reference"][k] for k in ("fingerprint", "images", "part")),
    "number of samples": lambda r: r["samples"],
}
"""What must agree for two figures to be compared."""

APART_ANYWAY = ("name",)
"""Settings that say nothing of a run's course."""

Series = Mapping[str, tuple[list[int], list[float]]]
"""The clock, in images seen, and the values of a number, [n] each, by the run's name."""


@dataclass(frozen=True)
class ComparedRuns:
    """What there is to say of several runs beside each other.

    paths: the run folders by the runs' names, which are as short as they can be.
    images: images that each run has seen, by its name.
    figures: the newest record of each metric, by the run's name, then by the metric's; a run that
        was never evaluated has none.
    settings: the settings that differ, by their dotted names: the value of each run that has such
        a setting, by the run's name. The code of a user's own is among them; see ``code_of``.
    courses: the metrics that were followed during training, by name.
    curves: the numbers that at least two runs have logged, by name.
    warnings: what may not be compared, and why; runs without figures.
    """

    paths: Mapping[str, Path]
    images: Mapping[str, int]
    figures: Mapping[str, Records]
    settings: Mapping[str, Mapping[str, Any]]
    courses: Mapping[str, Series]
    curves: Mapping[str, Series]
    warnings: list[str]

    @property
    def metrics(self) -> list[str]:
        """Every metric that some run has, in the order of the first ones."""
        return list(dict.fromkeys(name for known in self.figures.values() for name in known))


def read_runs(runs: Iterable[str | Path | Run]) -> ComparedRuns:
    """What the folders of runs say.

    Raises:
        UsageError: there is no run at a path, or fewer than two runs are given.
    """
    found = {name: Run(path) for name, path in named_runs(runs).items()}
    logs = {name: run.log for name, run in found.items()}
    figures = {name: evaluation_records.newest(run.path) for name, run in found.items()}
    images = {name: run.images for name, run in found.items()}
    numbers = {name: logged_numbers(log) for name, log in logs.items()}
    return ComparedRuns(
        paths={name: run.path for name, run in found.items()},
        images=images,
        figures=figures,
        settings=differing({name: {**run.settings, **code_of(run)} for name, run in found.items()}),
        courses=_by_number(
            {
                name: {each.name: (each.clock, each.values) for each in metric_courses(log)}
                for name, log in logs.items()
            }
        ),
        curves={
            number: series
            for number, series in _by_number(
                {
                    name: {line: (curves.clock, values) for line, values in curves.lines.items()}
                    for name, curves in numbers.items()
                }
            ).items()
            if len(series) > 1
        },
        warnings=[
            *differences(figures),
            *(
                f"{name} has no figures yet: `{call('evaluate', run.path, save=True)}`"
                for name, run in found.items()
                if not figures[name]
            ),
            *_older(figures, images),
        ],
    )


def named_runs(runs: Iterable[str | Path | Run]) -> dict[str, Path]:
    """The folders of runs by their names, with as many folders above as tell them apart.

    Raises:
        UsageError: there is no run there, or there are fewer than two.
    """
    given = [run.path if isinstance(run, Run) else run_folder.find(run) for run in runs]
    places = {path.resolve(): path for path in reversed(given)}
    paths = [path for path in dict.fromkeys(given) if places[path.resolve()] is path]
    if len(paths) < 2:
        raise UsageError("name at least two different runs to compare")
    parts = [path.absolute().parts for path in paths]
    names = [
        next(
            name
            for depth in range(1, len(own) + 1)
            if [other[-depth:] for other in parts].count(own[-depth:]) == 1
            for name in ["/".join(own[-depth:])]
        )
        for own in parts
    ]
    return dict(zip(names, paths, strict=True))


def differing(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The settings that differ, by their dotted names, of recipes as plain data by run."""
    flat = {run: _flat(plain) for run, plain in settings.items()}
    names = dict.fromkeys(name for values in flat.values() for name in values)
    found = {
        name: {run: values[name] for run, values in flat.items() if name in values}
        for name in names
        if name not in APART_ANYWAY
    }
    return {
        name: values
        for name, values in found.items()
        if len(values) < len(flat) or any(v != next(iter(values.values())) for v in values.values())
    }


def differences(figures: Mapping[str, Records]) -> list[str]:
    """Sentences on figures that must not be compared, because they were measured otherwise."""
    found: dict[str, list[str]] = {}
    for metric in dict.fromkeys(name for known in figures.values() for name in known):
        records = [known[metric] for known in figures.values() if metric in known]
        for what, of in SAME.items():
            if len({of(record) for record in records}) > 1:
                found.setdefault(what, []).append(metric)
    return [
        f"not comparable, measured with another {what}: {', '.join(metrics)}"
        for what, metrics in found.items()
    ]


def _older(figures: Mapping[str, Records], images: Mapping[str, int]) -> list[str]:
    """Sentences on figures of earlier clocks than a run's own."""
    found: list[str] = []
    for name, known in figures.items():
        clocks = {record["images_seen"] for record in known.values()} - {None, images[name]}
        if clocks:
            then = " and ".join(f"{clock:,}" for clock in sorted(clocks))
            found.append(
                f"{name} has figures of {then} images seen; now it has seen {images[name]:,}"
            )
    return found


def _flat(plain: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in plain.items():
        is_group = isinstance(value, Mapping)
        found |= _flat(value, f"{above}{name}.") if is_group else {f"{above}{name}": value}
    return found


def _by_number(
    runs: Mapping[str, Mapping[str, tuple[list[int], list[float]]]],
) -> dict[str, dict[str, tuple[list[int], list[float]]]]:
    """By the number, then by the run, what is given by the run, then by the number."""
    found: dict[str, dict[str, tuple[list[int], list[float]]]] = {}
    for run, series in runs.items():
        for number, values in series.items():
            found.setdefault(number, {})[run] = values
    return found
