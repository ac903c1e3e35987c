"""The figures of samples against real images, each with its provenance."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from ganvas.errors import DataError, UsageError
from ganvas.evaluation.reals import Progress, Reals
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric_table import METRICS
from ganvas.version import versions

FORMAT = 1
PATH_LENGTH = "path-length"
NOUNS = {
    "digits": ("digits", "real digits"),
    "fashion": ("kinds of clothes", "real clothes"),
    "stacked-digits": ("numbers", "real numbers"),
}
"""What a feature network's classes are called, and real images of them."""


@dataclass(frozen=True)
class Evaluation:
    """The figures of one set of samples.

    figures: each with the same figure of reals against reals, where that has a meaning. skipped:
    metrics that could not be given, and why. provenance: what every record says beside its figure.
    comparable: the floor is that of as many reals as samples. samples; copy_candidates: the
    training images among which copies were looked for, if they were.
    """

    figures: list[tuple[Figure, Figure | None]]
    provenance: dict[str, Any]
    skipped: dict[str, str] = field(default_factory=dict)
    comparable: bool = True
    samples: FeatureSet | None = None
    copy_candidates: FeatureSet | None = None

    def __getitem__(self, name: str) -> Figure:
        """The figure of that name.  Errors: KeyError."""
        for figure, _ in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)

    def __contains__(self, name: str) -> bool:
        return any(figure.name == name for figure, _ in self.figures)

    def records(self) -> list[dict[str, Any]]:
        """One flat record a figure: plain data, complete in itself."""
        return [
            {
                "metric": figure.name,
                "value": figure.value,
                "low": figure.interval[0] if figure.interval else None,
                "high": figure.interval[1] if figure.interval else None,
                "better": figure.better,
                "floor": None if floor is None else floor.value,
                "floor_low": floor.interval[0] if floor and floor.interval else None,
                "floor_high": floor.interval[1] if floor and floor.interval else None,
                "note": figure.note,
                "details": figure.details,
                "comparable": self.comparable,
                **self.provenance,
            }
            for figure, floor in self.figures
        ]

    def log_numbers(self) -> dict[str, float]:
        """The figures as numbers of a log: ``metric/frechet``, ``metric/kid/low``, ``floor/kid``,
        the last being the same figure of real images."""
        numbers: dict[str, float] = {}
        for figure, baseline in self.figures:
            numbers[f"metric/{figure.name}"] = figure.value
            if figure.interval is not None:
                low, high = figure.interval
                numbers |= {f"metric/{figure.name}/low": low, f"metric/{figure.name}/high": high}
            if baseline is not None:
                numbers[f"floor/{figure.name}"] = baseline.value
        return numbers

    def words(self) -> str:
        """The figures that matter most, in a sentence; see ``words``."""
        return words({record["metric"]: record for record in self.records()})


def words(records: Mapping[str, Mapping[str, Any]]) -> str:
    """One evaluation's records, by metric, in words that need no explanation: ``10 of 10 digits,
    8.1 times as far from real digits as real digits are from each other (0.42 against 0.052,
    10,000 samples)``."""
    if "near" in records:
        return _points_words(records)
    parts = []
    name = next(iter(records.values()))["features"]["name"] if records else ""
    drawn, reals = NOUNS.get(name, ("", "real images"))
    if drawn and "modes" in records:
        details = records["modes"]["details"]
        parts.append(f"{details['drawn']:,} of {details['kinds']:,} {drawn}")
    distance = records.get("frechet", {})
    if distance.get("comparable") and (distance["floor"] or 0) > 0:
        parts.append(_distance_words(distance, reals))
    elif "kid" in records:
        parts.append(f"kernel distance {records['kid']['value']:.3g} (0: no difference)")
    return ", ".join(parts)


def _distance_words(record: Mapping[str, Any], reals: str) -> str:
    value, floor = max(0.0, record["value"]), record["floor"]
    times = value / floor
    shown = f"{times:.1f}" if times < 10 else f"{times:,.0f}"
    said = f"{shown} times as far from {reals} as {reals} are from each other"
    if times < 1.05:
        said = f"no farther from {reals} than {reals} are from each other"
    return f"{said} ({value:.3g} against {floor:.3g}, {record['samples']:,} samples)"


def _points_words(records: Mapping[str, Mapping[str, Any]]) -> str:
    value = {name: record["value"] for name, record in records.items()}
    wide = f"{value['spread-least']:.2f} to {value['spread-most']:.2f}"
    return (
        f"{value['modes']} {records['modes']['note']} modes, {value['near']:.1%} of points within "
        f"3 sigma of one, drawn {wide} times as wide as the real ones"
    )


def measure(
    samples: FeatureSet,
    reals: Reals,
    metrics: Iterable[str],
    about: dict[str, Any],
    *,
    asked: bool = False,
    progress: Progress | None = None,
) -> Evaluation:
    """The figures of samples against reals.

    Args:
        samples, reals: read by the same network.
        metrics: names of ``METRICS``. A Fréchet distance that has too few images gives way to KID.
        about: the subject, for the records.
        asked: the user chose these metrics: one that does not apply is an error.
        progress: called with (what, done, total).

    Raises:
        UsageError: one that was asked for does not apply.
        DataError: samples that no metric can use.
    """
    waiting = [name for name in metrics if name != PATH_LENGTH]
    figures: list[tuple[Figure, Figure | None]] = []
    skipped: dict[str, str] = {}
    tried: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if progress is not None:
            progress(f"measuring: {name}", len(tried), len(tried) + len(waiting) + 1)
        tried.append(name)
        try:
            found = METRICS[name].compute(samples, reals.compared_with(name))
        except NotApplicable as reason:
            skipped[name] = str(reason)
            if name == "frechet" and "kid" not in tried + waiting:
                waiting.append("kid")
            elif asked and name != "frechet":
                raise UsageError(f"{name}: {reason}") from None
            continue
        baselines = reals.real_baseline(name)
        figures += [(figure, baselines.get(figure.name)) for figure in found]
    if progress is not None:
        progress("measuring", len(tried), len(tried))
    bad = [figure.name for figure, _ in figures if not math.isfinite(figure.value)]
    if bad:
        raise DataError(f"{', '.join(bad)} is not a finite number: are all samples whole images?")
    provenance = {
        **about,
        "samples": len(samples),
        "reference": reals.provenance(),
        "features": {**asdict(reals.network.origin), "classes": len(reals.network.origin.classes)},
        "versions": versions(),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "format": FORMAT,
    }
    candidates = reals.copy_candidates if "authenticity" in tried else None
    return Evaluation(figures, provenance, skipped, reals.comparable, samples, candidates)


def formats_apart(provenance: Mapping[str, Any]) -> str:
    """A sentence where one side was stored with loss and the other was not; "" where alike."""
    samples, reals = provenance.get("lossy", 0.0), provenance["reference"].get("lossy", 0.0)
    if abs(samples - reals) < 0.5:
        return ""
    return (
        f"{reals:.0%} of the real images were stored as JPEG, {samples:.0%} of the samples: part "
        f"of a distance is what JPEG does to an image, so compare it only with such where both "
        f"sides were stored likewise (Parmar et al. 2022)"
    )


def check_metrics(metrics: Iterable[str] | None) -> list[str]:
    """The names asked for, or all.  Errors: UsageError for one that there is not."""
    names = list(METRICS) if metrics is None else list(dict.fromkeys(metrics))
    known = [*METRICS, PATH_LENGTH]
    for name in names:
        if name not in known:
            raise UsageError(f"no metric {name!r}: there are {', '.join(known)}")
    if not names:
        raise UsageError(f"name a metric: {', '.join(known)}")
    return names
