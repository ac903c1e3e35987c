"""Runs beside each other, as plain data: their newest figures, and which may not be compared."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from shlex import quote

from ganvas.errors import UsageError
from ganvas.report.model import Records
from ganvas.store import evaluation_records, run_folder

SAME = {
    "feature network": lambda r: tuple(
        r["features"][k] for k in ("name", "version", "hash", "resize")
    ),
    "reference": lambda r: tuple(r["reference"][k] for k in ("fingerprint", "images", "part")),
    "number of samples": lambda r: r["samples"],
}
"""What must agree for two figures to be compared."""


def gather(runs: Iterable[str | Path]) -> dict[str, Records]:
    """Each run's newest record of every metric, by the run's name.

    Raises:
        UsageError: there is no run there, it was never evaluated, or there is but one.
    """
    found = {}
    for name, path in named_runs(runs).items():
        newest = evaluation_records.newest(path)
        if not newest:
            raise UsageError(f"{path} has no figures yet: `ganvas evaluate {quote(str(path))}`")
        found[name] = newest
    return found


def named_runs(runs: Iterable[str | Path]) -> dict[str, Path]:
    """The folders of runs by their names, or by their paths where names would be the same.

    Raises:
        UsageError: there is no run there, or there is but one.
    """
    paths = list(dict.fromkeys(run_folder.find(run) for run in runs))
    if len(paths) < 2:
        raise UsageError("name at least two different runs to compare")
    short = len({path.name for path in paths}) == len(paths)
    return {path.name if short else str(path): path for path in paths}


def metrics_of(runs: Mapping[str, Records]) -> list[str]:
    """Every metric that some run has, in the order of the first ones."""
    return list(dict.fromkeys(name for records in runs.values() for name in records))


def differences(runs: Mapping[str, Records]) -> list[str]:
    """Sentences on figures that must not be compared, because they were measured otherwise."""
    found: dict[str, list[str]] = {}
    for metric in metrics_of(runs):
        records = [known[metric] for known in runs.values() if metric in known]
        for what, of in SAME.items():
            if len({of(record) for record in records}) > 1:
                found.setdefault(what, []).append(metric)
    return [
        f"not comparable, measured with another {what}: {', '.join(metrics)}"
        for what, metrics in found.items()
    ]
