"""The figures of samples against real items."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import torch

from ganvas import keys
from ganvas.errors import DataError, UsageError
from ganvas.evaluation.metric_choice import PATH_LENGTH
from ganvas.evaluation.real_features import RealFeatures
from ganvas.evaluation.result import Evaluation, provenance
from ganvas.evaluation.samples import Progress, Samples
from ganvas.features import FeatureNetwork
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric_table import METRICS
from ganvas.metrics.perceptual_path import path_length
from ganvas.sampling.sampler import Sampler


def measure(
    samples: Samples,
    reals: RealFeatures,
    metrics: Iterable[str],
    about: Mapping[str, Any],
    *,
    required: bool = False,
    progress: Progress | None = None,
) -> Evaluation:
    """The figures of samples against reals.

    Args:
        samples: read by the network of ``reals``.
        reals: what to compare them with.
        metrics: names of ``METRICS``; a Fréchet distance that has too few items gives way to KID.
            ``path-length`` is passed over.
        about: of the samples, for the records; see ``provenance``.
        required: whether a metric that does not apply is an error; else it is skipped.
        progress: called with (what, done, total).

    Raises:
        UsageError: a metric that is required does not apply, or figures share a name.
        DataError: samples that no metric can use.
    """
    read = samples.features(reals.network, progress)
    names = [name for name in metrics if name != PATH_LENGTH]
    figures, skipped, tried = _figures(read, reals, names, required, progress)
    bad = [figure.name for figure, _ in figures if not math.isfinite(figure.value)]
    if bad:
        raise DataError(
            f"{', '.join(bad)} is not a finite number: are all samples whole "
            f"{reals.real.domain.noun}?"
        )
    origin = reals.network.origin
    features = {**asdict(origin), "classes": len(origin.classes)}
    facts = provenance(about, len(read), reals.provenance(), features)
    candidates = reals.copy_candidates if "authenticity" in tried else None
    return Evaluation(figures, facts, skipped, reals.comparable, read, candidates)


def _figures(
    samples: FeatureSet,
    reals: RealFeatures,
    metrics: list[str],
    required: bool,
    progress: Progress | None,
) -> tuple[list[tuple[Figure, Figure | None]], dict[str, str], list[str]]:
    """Figures beside their real baselines; why metrics were skipped; all that were tried."""
    figures: list[tuple[Figure, Figure | None]] = []
    skipped: dict[str, str] = {}
    waiting, tried = list(metrics), []
    tell = progress or (lambda what, done, total: None)
    while waiting:
        name = waiting.pop(0)
        tell(f"measuring: {name}", len(tried), len(tried) + len(waiting) + 1)
        tried.append(name)
        try:
            found = METRICS[name].figures(name, samples, reals.compared_with(name))
        except NotApplicable as reason:
            skipped[name] = str(reason)
            if name == "frechet" and "kid" not in tried + waiting:
                waiting.append("kid")
            elif required and name != "frechet":
                raise UsageError(f"{name}: {reason}") from None
            continue
        _check_names(name, [*(figure for figure, _ in figures), *found])
        baselines = reals.real_baseline(name)
        figures += [(figure, baselines.get(figure.name)) for figure in found]
    tell("measuring", len(tried), len(tried))
    return figures, skipped, tried


def _check_names(metric: str, figures: list[Figure]) -> None:
    """Raise UsageError where two figures have one name: a log or a record would hold only one."""
    names = [figure.name for figure in figures]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(
            f"the metric {metric} returned a second figure {', '.join(sorted(twice))}: give each a "
            f"name of its own"
        )


def measure_path_length(
    sampler: Sampler,
    network: FeatureNetwork,
    device: torch.device,
    *,
    count: int,
    seed: int,
) -> Figure:
    """How evenly items change along the latent space, over a fifth as many pairs of latents as an
    evaluation has samples.

    Args:
        sampler: makes the items.
        network: reads them; one that is ``smooth``.
        device: where both are.
        count: of samples.
        seed: of the latents.
    """
    pairs = count // 5
    starts, ends = (sampler.space.draw(seed, pairs, first) for first in (0, pairs))
    places = torch.rand(pairs, generator=keys.generator(seed, PATH_LENGTH)).to(device)
    found = path_length(
        sampler,
        lambda items: network(items).features,
        starts.to(device),
        ends.to(device),
        places,
    )
    return Figure(PATH_LENGTH, found.value, found[1:], note=f"{pairs:,} pairs of latents")
