"""Which metrics are measured: those that were asked for, or all that read the items."""

from collections.abc import Iterable

from ganvas.domains import DOMAINS, Domain
from ganvas.errors import UsageError
from ganvas.metrics.metric_table import METRICS, unknown_metric

PATH_LENGTH = "path-length"
"""The one metric that needs a generator, not samples: it is measured apart from ``METRICS``."""


def check_metrics(metrics: Iterable[str] | None) -> list[str] | None:
    """The names asked for, once each; None for None.

    Raises:
        UsageError: there is none of such a name, or none is asked for.
    """
    if metrics is None:
        return None
    names, known = list(dict.fromkeys(metrics)), [*METRICS, PATH_LENGTH]
    for name in names:
        if name not in known:
            raise UsageError(unknown_metric(name, known))
    if not names:
        raise UsageError(f"name a metric: {', '.join(known)}")
    return names


def metrics_for(domain: Domain, asked: list[str] | None) -> list[str]:
    """The metrics asked for; for None, all but the path length that read items of the domain.

    Raises:
        UsageError: one that was asked for reads other items.
    """
    if asked is None:
        return [name for name in METRICS if reads(name, domain)]
    for name in asked:
        if not reads(name, domain):
            raise UsageError(refusal(name, domain))
    return asked


def reads(metric: str, domain: Domain) -> bool:
    """Whether a metric reads items of the domain."""
    return metric == PATH_LENGTH or METRICS[metric].reads in (None, domain.name)


def refusal(metric: str, domain: Domain) -> str:
    """Why a metric cannot be measured of items of the domain."""
    wanted = str(METRICS[metric].reads)
    noun = DOMAINS[wanted].noun if wanted in DOMAINS else wanted
    others = ", ".join(name for name in METRICS if reads(name, domain))
    return f"the metric {metric} reads {noun}, and these are {domain.noun}: there are {others}"


def needing_features(metrics: Iterable[str]) -> list[str]:
    """Those of the metrics that need a feature network."""
    return [name for name in metrics if name == PATH_LENGTH or METRICS[name].needs_features]
