"""``ganvas evaluate``, as a call."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import torch

from ganvas import keys
from ganvas.data.builtin.clouds import CLOUDS
from ganvas.engine.device import Device, choose_device
from ganvas.errors import UsageError
from ganvas.evaluation.evaluation import PATH_LENGTH, Evaluation, check_metrics, measure
from ganvas.evaluation.point_evaluation import measure_points
from ganvas.evaluation.reals import Progress, Reals, Reference
from ganvas.features import FeatureNetwork
from ganvas.metrics.figure import Figure
from ganvas.metrics.perceptual_path import path_length
from ganvas.report.subject import about_run, of_run, of_samples
from ganvas.sampling import generate
from ganvas.store import folder
from ganvas.store.run import Run

COUNT = 10_000
PAIRS = 100
"""Pairs of latents that a path length needs."""


def evaluate(
    subject: Any,
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
    plugin: str | Path | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure samples against real images, or a run's points against the mixture they come from.

    Nothing is written, but for cached features of reals.

    Args:
        subject: a run (its folder, or a ``Run``), which draws ``count`` samples; or samples: a
            ``.npz``, a folder, an archive, a tensor or array.
        data: the real images: a path or built-in name, or images in memory. A run knows its own.
        metrics: names of ``metrics.table.METRICS``, and ``path-length`` for runs; by default all
            that apply but that.
        features: a feature network's name; ``auto`` chooses by the data.
        count: samples, and images of the reference, at most.
        reference: ``held-out`` images, ``training`` images, or the former where there are any.
        fit: bring real images of another size to that of given samples: ``keep``, ``crop``,
            ``pad`` or ``stretch``. Without it, a difference in size is an error.
        channels: read given samples, and real images, as grey (1) or in colour (3).
        at: images seen of the run's checkpoint, or ``best``. seed: of latents or of the choice.
            truncation: as for ``Run.sample``. device: where networks run. plugin: the run's parts.
        progress: called with (what, done, total).

    Raises:
        UserError: something the user can mend; see ``ganvas.errors``.
    """
    if count < 2:
        raise UsageError(f"`count` must be at least 2, not {count}")
    names = check_metrics(metrics)
    place = choose_device(device)
    run = None
    if isinstance(subject, Run):
        if at is not None or plugin is not None:
            raise UsageError("this run is open already: give at and plugin to ganvas.load")
        run = subject
    elif isinstance(subject, str | Path) and folder.is_run(Path(subject)):
        run = Run(subject, at=at, plugin=plugin)
    elif plugin is not None:
        raise UsageError("`plugin` is for runs; these samples are drawn already")
    _check(run, names, count, (fit, channels), at, truncation)
    if run is not None and run.draws_points:
        drawn: dict[str, Any] = {"data": data, "count": count, "seed": seed}
        asked_for = {"metrics": metrics, "features": features, "reference": reference}
        return evaluate_points(run, truncation=truncation, **drawn, **asked_for)
    common: dict[str, Any] = {"count": count, "seed": seed, "progress": progress}
    if run is not None:
        found = of_run(run, data, features, place, truncation=truncation, **common)
    else:
        found = of_samples(subject, data, features, place, fit=fit, channels=channels, **common)
    if PATH_LENGTH in names and not found.network.smooth:
        raise UsageError(
            f"{PATH_LENGTH} needs small differences, and {found.network.name} rounds images"
        )
    reals = Reals(
        found.sources,
        found.network,
        count=count,
        samples=len(found.samples),
        reference=reference,
        progress=progress,
    )
    asked = metrics is not None
    result = measure(found.samples, reals, names, found.about, asked=asked, progress=progress)
    if run is not None and PATH_LENGTH in names:
        result.figures.append((_path_length(run, found.network, place, count, seed), None))
    return result


def _check(
    run: Run | None,
    metrics: list[str],
    count: int,
    read: tuple[str | None, int | None],
    at: object,
    truncation: float | None,
) -> None:
    """Refuse what would be passed over in silence."""
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


def _path_length(
    run: Run, network: FeatureNetwork, device: torch.device, count: int, seed: int
) -> Figure:
    """Over a fifth as many pairs as there are samples."""
    pairs, size = count // 5, run.recipe.generator.latent
    starts, ends = (generate.latents(seed, pairs, size, first) for first in (0, pairs))
    starts, ends = starts.to(device), ends.to(device)
    places = torch.rand(pairs, generator=keys.generator(seed, PATH_LENGTH)).to(device)
    found = path_length(
        run.generator, lambda images: network(images).features, starts, ends, places
    )
    return Figure(PATH_LENGTH, found.value, found[1:], note=f"{pairs:,} pairs of latents")


def evaluate_points(
    run: Run, *, data: Any, count: int, seed: int, truncation: float | None, **others: Any
) -> Evaluation:
    """Measure ``count`` points of a run against the mixture ``data``, by default its own.

    Raises:
        UsageError: another source, or options (``others``) that only images have.
    """
    name = run.record.data if data is None else data
    if not isinstance(name, str) or name not in CLOUDS:
        raise UsageError(f"this run draws points: `data` may be {', '.join(CLOUDS)}, not {data!r}")
    given = [f"--{option}" for option, value in others.items() if value not in (None, "auto")]
    if given:
        raise UsageError(f"{', '.join(given)}: for images; points have figures of their own")
    points = run.sample(count, seed=seed, truncation=truncation)
    return measure_points(points, name, about_run(run, seed, truncation))
