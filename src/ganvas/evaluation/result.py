"""What an evaluation found: figures, each with its provenance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ganvas.evaluation.in_words import in_words
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure
from ganvas.version import versions

FORMAT = 1
"""Of a record."""


@dataclass(frozen=True, repr=False)
class Evaluation:
    """The figures of one set of samples.

    figures: each beside the same figure of real items against others, its real baseline; that is
        None where it has no meaning.
    provenance: what every record says beside its figure; see ``provenance``.
    skipped: metrics that could not be given, and why.
    comparable: whether the real baseline is that of as many reals as samples.
    samples: what was measured; None of points of a mixture.
    copy_candidates: the training items among which copies were looked for; None where they were
        not.
    written: the files that were written of it.
    """

    figures: list[tuple[Figure, Figure | None]]
    provenance: dict[str, Any]
    skipped: dict[str, str] = field(default_factory=dict)
    comparable: bool = True
    samples: FeatureSet | None = None
    copy_candidates: FeatureSet | None = None
    written: list[Path] = field(default_factory=list)

    def __repr__(self) -> str:
        """The values of its figures."""
        values = ", ".join(f"{figure.name}={figure.value:.4g}" for figure, _ in self.figures)
        return f"Evaluation({values})"

    def __getitem__(self, name: str) -> Figure:
        """The figure of that name.

        Raises:
            KeyError: there is none.
        """
        for figure, _ in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)

    def __contains__(self, name: str) -> bool:
        """Whether there is a figure of that name."""
        return any(figure.name == name for figure, _ in self.figures)

    def records(self) -> list[dict[str, Any]]:
        """One flat record a figure: plain data, complete in itself.

        Its keys ``floor``, ``floor_low`` and ``floor_high`` are of the real baseline.
        """
        return [
            {
                "metric": figure.name,
                "value": figure.value,
                "low": _low(figure),
                "high": _high(figure),
                "better": figure.better,
                "floor": None if baseline is None else baseline.value,
                "floor_low": _low(baseline),
                "floor_high": _high(baseline),
                "note": figure.note,
                "details": figure.details,
                "comparable": self.comparable,
                **self.provenance,
            }
            for figure, baseline in self.figures
        ]

    def log_numbers(self) -> dict[str, float]:
        """The figures as numbers of a log: ``metric/frechet``, ``metric/kid/low``, and, of the real
        baseline, ``floor/kid``."""
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
        """The figures that matter most, in a sentence; see ``in_words``."""
        return in_words({record["metric"]: record for record in self.records()})

    def listed(self) -> str:
        """All figures, such as "kid 0.012, recall 0.8"."""
        return ", ".join(f"{figure.name} {figure.value:.4g}" for figure, _ in self.figures)


def provenance(
    about: Mapping[str, Any], count: int, reference: Mapping[str, Any], features: Mapping[str, Any]
) -> dict[str, Any]:
    """What every record of an evaluation says beside its figure.

    Args:
        about: of the samples: ``subject`` (where they are from), ``images_seen``, ``ema``,
            ``seed``, ``truncation``.
        count: of the samples.
        reference: what they were compared with.
        features: the network that read both.
    """
    return {
        **about,
        "samples": count,
        "reference": dict(reference),
        "features": dict(features),
        "versions": versions(),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "format": FORMAT,
    }


def _low(figure: Figure | None) -> float | None:
    return figure.interval[0] if figure and figure.interval else None


def _high(figure: Figure | None) -> float | None:
    return figure.interval[1] if figure and figure.interval else None
