"""``ganvas evaluate``, as a call: a run, or samples from anywhere, against real images."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import torch

from ganvas.data.builtin.clouds import CLOUDS
from ganvas.engine.device import Device, choose_device
from ganvas.errors import UsageError
from ganvas.evaluation.feature_choice import choose_features
from ganvas.evaluation.given_samples import GivenSamples
from ganvas.evaluation.measure import (
    PATH_LENGTH,
    check_domain,
    check_metrics,
    measure,
    measure_path_length,
)
from ganvas.evaluation.measure_points import measure_points
from ganvas.evaluation.real_features import RealFeatures, Reference
from ganvas.evaluation.result import Evaluation
from ganvas.evaluation.samples import Progress
from ganvas.features import FeatureNetwork, load_features
from ganvas.metrics.figure import Figure
from ganvas.report.run_samples import RunSamples, about_run
from ganvas.sampling.sampler import Sampler
from ganvas.store import run_folder
from ganvas.store.plugins import PluginFiles
from ganvas.store.run import Run

COUNT = 10_000
"""Samples of an evaluation, by default."""

PAIRS = 100
"""Pairs of latents that a path length needs."""


def evaluate(
    samples: Any,
    *,
    data: Any = None,
    metrics: Iterable[str] | None = None,
    features: str = "auto",
    count: int = COUNT,
    reference: Reference = "auto",
    fit: str | None = None,
    channels: int | None = None,
    at: int | Literal["best"] | None = None,
    seed: int = 0,
    truncation: float | None = None,
    device: Device = "auto",
    plugin: PluginFiles = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure samples against real images, or a run's points against the mixture they come from.

    Nothing is written, but for cached features of reals.

    Args:
        samples: a run (its folder, or a ``Run``), which draws ``count`` samples; or samples: a
            ``.npz``, a folder, an archive, a tensor or array.
        data: the real images: a path or built-in name, or images in memory. A run knows its own.
        metrics: names of ``metrics.metric_table.METRICS``, and ``path-length`` for runs; None takes
            all that apply but that.
        features: a feature network's name; ``auto`` chooses by the data.
        count: samples, and images of the reference, at most.
        reference: ``held-out`` images, ``training`` images, or the former where there are any.
        fit: bring real images of another size to that of given samples: ``keep``, ``crop``,
            ``pad`` or ``stretch``. Without it, a difference in size is an error.
        channels: read given samples, and real images, as grey (1) or in colour (3).
        at: images seen of the run's checkpoint, or ``best``.
        seed: of latents, or of the choice among given samples.
        truncation: as for ``Run.sample``.
        device: where networks run.
        plugin: the file of the run's own parts, or several.
        progress: called with (what, done, total).

    Raises:
        UserError: something the user can mend; see ``ganvas.errors``.
    """
    names = check_metrics(metrics)
    place = choose_device(device)
    run = _opened(samples, at, plugin)
    _check(run, names, count, (fit, channels), at, truncation)
    if run is not None and run.sampler.domain.name in APART:
        asked = {"metrics": metrics, "features": features, "reference": reference}
        return APART[run.sampler.domain.name](run, data, count, seed, truncation, asked)
    if run is not None:
        check_domain(run.sampler.domain, names)
        drawn = RunSamples(run, data, place, count=count, seed=seed, truncation=truncation)
    else:
        drawn = GivenSamples(samples, data, count=count, seed=seed, fit=fit, channels=channels)
    network = load_features(choose_features(features, drawn.real.training)).to(place)
    _check_smooth(names, network)
    reals = RealFeatures(
        drawn.real, network, count=count, samples=len(drawn), reference=reference, progress=progress
    )
    read = drawn.samples(progress)
    required = metrics is not None
    found = measure(read, reals, names, drawn.about, required=required, progress=progress)
    if run is not None and PATH_LENGTH in names:
        found.figures.append((_path_length(run, network, place, count, seed), None))
    return found


def _opened(samples: Any, at: int | Literal["best"] | None, plugin: PluginFiles) -> Run | None:
    """The run that is to draw samples; None where they are drawn already."""
    if isinstance(samples, Run):
        if at is not None or plugin is not None:
            raise UsageError("this run is open already: give at and plugin to ganvas.load")
        return samples
    if isinstance(samples, str | Path) and run_folder.is_run(Path(samples)):
        return Run(samples, at=at, plugin=plugin)
    if plugin is not None:
        raise UsageError("`plugin` is for runs; these samples are drawn already")
    return None


def _check(
    run: Run | None,
    metrics: list[str],
    count: int,
    read: tuple[str | None, int | None],
    at: object,
    truncation: float | None,
) -> None:
    """Refuse what would be passed over in silence.

    read: how given samples are read, ``fit`` and ``channels``.
    """
    if count < 2:
        raise UsageError(f"`count` must be at least 2, not {count}")
    if run is None and PATH_LENGTH in metrics:
        raise UsageError(f"{PATH_LENGTH} needs a run, which can draw between its latents")
    if run is None and (at is not None or truncation is not None):
        raise UsageError("`at` and `truncation` are for runs; these samples are drawn already")
    if run is not None and read != (None, None):
        raise UsageError(
            "`fit` and `channels` are for samples in files: a run's recipe says how its images fit"
        )
    if PATH_LENGTH in metrics and (truncation is not None or count < 5 * PAIRS):
        raise UsageError(f"{PATH_LENGTH} needs `count={5 * PAIRS}` or more, and no `truncation`")


def _check_smooth(metrics: list[str], network: FeatureNetwork) -> None:
    if PATH_LENGTH in metrics and not network.smooth:
        raise UsageError(f"{PATH_LENGTH} needs small differences, and {network.name} rounds images")


def _path_length(
    run: Run, network: FeatureNetwork, place: torch.device, count: int, seed: int
) -> Figure:
    sampler = run.sampler
    if not isinstance(sampler, Sampler):
        raise UsageError(f"{PATH_LENGTH} needs a run whose samples are made of latents")
    return measure_path_length(sampler, network, place, count=count, seed=seed)


def _evaluate_points(
    run: Run,
    data: Any,
    count: int,
    seed: int,
    truncation: float | None,
    asked: dict[str, Any],
) -> Evaluation:
    """Measure ``count`` points of a run against the mixture ``data``, by default its own.

    asked: options that only images have; each must be None or ``auto``.

    Raises:
        UsageError: another source, or one of those options.
    """
    name = run.record.known(run.recipe.game.target).data if data is None else data
    if not isinstance(name, str) or name not in CLOUDS:
        raise UsageError(f"this run draws points: `data` may be {', '.join(CLOUDS)}, not {name!r}")
    given = [f"`{option}`" for option, value in asked.items() if value not in (None, "auto")]
    if given:
        raise UsageError(f"{', '.join(given)}: for images; points have figures of their own")
    points = run.sample(count, seed=seed, truncation=truncation)
    return measure_points(points, name, about_run(run, seed, truncation))


APART = {"points": _evaluate_points}
"""How a run is measured whose domain has figures of its own, by the domain's name."""
