"""``ganvas evaluate``, as a call: a run, or samples from anywhere, against real items."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import torch

from ganvas.data import Dataset
from ganvas.data.builtin.clouds import CLOUDS
from ganvas.domains import Points
from ganvas.engine.device import Device, choose_device
from ganvas.errors import UsageError
from ganvas.evaluation.feature_choice import choose_features, unknown
from ganvas.evaluation.given_samples import GivenSamples
from ganvas.evaluation.measure import measure, measure_path_length
from ganvas.evaluation.measure_points import measure_points, of_points
from ganvas.evaluation.metric_choice import (
    PATH_LENGTH,
    check_metrics,
    metrics_for,
    needing_features,
)
from ganvas.evaluation.real_features import RealFeatures, Reference
from ganvas.evaluation.result import Evaluation
from ganvas.evaluation.samples import Progress
from ganvas.features import FeatureNetwork, load_features
from ganvas.features.no_features import no_features
from ganvas.metrics.figure import Figure
from ganvas.metrics.metric_table import METRICS
from ganvas.report.kept_evaluation import check_kept, keep
from ganvas.report.run_samples import RunSamples, about_run
from ganvas.sampling.sampler import Sampler
from ganvas.screen.evaluation_table import show_evaluation
from ganvas.screen.guarded import Guarded
from ganvas.screen.stages import shown_stages
from ganvas.screen.surroundings import is_wanted
from ganvas.store import run_folder
from ganvas.store.own import plugins
from ganvas.store.own.plugins import PluginFiles
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
    save: bool = False,
    neighbours: str | Path | None = None,
    show: bool | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure samples against real items, or a run's points against the mixture they come from.

    Nothing is written but what ``save`` and ``neighbours`` ask for, and cached features of reals.

    Args:
        samples: a run (its folder, or a ``Run``), which draws ``count`` samples; or samples: a
            ``.npz``, a folder, an archive, a tensor, an array or a ``Dataset``.
        data: the real items: a path or built-in name, or items in memory; of several sources, a
            dictionary as for ``train``. A run knows its own.
        metrics: names of metrics, your own too, and ``path-length`` for runs; None takes all that
            apply but that.
        features: a feature network's name, ``FILE.py:function`` or ``module:callable``; ``auto``
            chooses by the data.
        count: samples, and items of the reference, at most.
        reference: ``held-out`` items, ``training`` items, or the former where there are any.
        fit: bring real images of another size to that of given samples: ``keep``, ``crop``,
            ``pad`` or ``stretch``. Without it, a difference in size is an error.
        channels: read given samples, and real images, as grey (1) or in colour (3).
        at: images seen of the run's checkpoint, or ``best``.
        seed: of latents, or of the choice among given samples.
        truncation: as for ``Run.sample``.
        device: where networks run.
        plugin: the file of the run's own parts, or of your own metrics and features; or several.
        save: keep the figures in the run, where its report and ``ganvas.compare`` find them, with a
            picture of samples beside their nearest training items, and write its report anew.
        neighbours: a file for that picture; None puts it into the run, where ``save`` is asked for.
        show: whether to show how far it is, and then the figures; None does in a terminal and in a
            notebook, and not where the output goes to a file.
        progress: called with (what, done, total); a screen then does not show how far it is.

    Raises:
        UserError: something the user can mend; see ``ganvas.errors``.
        NotKept: the disk is full or cannot be written; the error has the ``evaluation``.
    """
    plugins.load(plugin)
    asked, place = check_metrics(metrics), choose_device(device)
    run = _opened(samples, at)
    _check(run, asked or [], count, (fit, channels), at, truncation)
    check_kept(run, save, neighbours, asked)
    mixture = None if run is None else _mixture(run, data)
    with shown_stages(show, progress) as progress:
        if run is not None and mixture is not None:
            options = {"features": features, "reference": reference}
            found = _evaluate_points(run, mixture, asked, count, seed, truncation, options)
        else:
            how = {"count": count, "seed": seed}
            if run is not None:
                drawn = RunSamples(run, data, place, truncation=truncation, **how)
            else:
                drawn = GivenSamples(samples, data, fit=fit, channels=channels, **how)
            found = _against_reals(drawn, asked, features, count, reference, place, progress)
    if is_wanted(show):
        Guarded("the figures are there")(show_evaluation, found)
    return keep(found, run.path if save and run is not None else None, neighbours)


def _against_reals(
    drawn: RunSamples | GivenSamples,
    asked: list[str] | None,
    features: str,
    count: int,
    reference: Reference,
    place: torch.device,
    progress: Progress | None,
) -> Evaluation:
    """Measure samples against real items.

    asked: metrics; None takes all that apply.
    """
    network, names, skipped = _network_for(drawn.real.training, features, asked)
    _check_smooth(names, network)
    number = {"count": count, "samples": len(drawn)}
    read, required = network.to(place), asked is not None
    reals = RealFeatures(drawn.real, read, **number, reference=reference, progress=progress)
    items, about = drawn.samples(progress), drawn.about
    found = measure(items, reals, names, about, required=required, progress=progress)
    found.skipped.update(skipped)
    if isinstance(drawn, RunSamples) and PATH_LENGTH in names:
        figure = _path_length(drawn.run, network, place, count, drawn.seed)
        found.figures.append((figure, None))
    return found


def _opened(samples: Any, at: int | Literal["best"] | None) -> Run | None:
    """The run that is to draw samples; None where they are drawn already."""
    if isinstance(samples, Run):
        if at is not None:
            raise UsageError("this run is open already: give at to ganvas.load")
        return samples
    if isinstance(samples, str | Path) and run_folder.is_run(Path(samples)):
        return Run(samples, at=at)
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


def _network_for(
    items: Dataset, features: str, asked: list[str] | None
) -> tuple[FeatureNetwork, list[str], dict[str, str]]:
    """The feature network; the metrics that can be measured with it; and why others cannot.

    Raises:
        UsageError: a metric that was asked for cannot be measured, or none can.
    """
    names = metrics_for(items.domain, asked)
    needing = needing_features(names)
    if not needing and features == "auto":
        return no_features(), names, {}
    chosen = choose_features(features, items)
    if chosen is not None:
        return load_features(chosen), names, {}
    others, reason = [name for name in names if name not in needing], unknown(items.domain)
    if asked is not None or not others:
        raise UsageError(f"{', '.join(needing)}: {reason}")
    return no_features(), others, {", ".join(needing): reason}


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


def _mixture(run: Run, data: Any) -> str | None:
    """The mixture that a run's points are measured against: ``data``, or that which it was trained
    on; None where samples are compared with items.

    Raises:
        UsageError: another source than a mixture, in place of one.
    """
    known = run.record.known(run.recipe.game.target)
    if known.domain != Points() or known.data not in CLOUDS or isinstance(data, Dataset):
        return None
    if data is not None and (not isinstance(data, str) or data not in CLOUDS):
        raise UsageError(f"this run draws points: `data` may be {', '.join(CLOUDS)}, not {data!r}")
    return known.data if data is None else data


def _evaluate_points(
    run: Run,
    mixture: str,
    asked: list[str] | None,
    count: int,
    seed: int,
    truncation: float | None,
    options: dict[str, Any],
) -> Evaluation:
    """Measure ``count`` points of a run against a mixture.

    asked: further metrics; None takes all that say that they read points.
    options: options that only other items have; each must be ``auto``.

    Raises:
        UsageError: one of those options, or a metric that does not read points.
    """
    given = [f"`{option}`" for option, value in options.items() if value != "auto"]
    metrics = of_points(METRICS if asked is None else asked)
    given += ["`metrics`"] if asked is not None and metrics != asked else []
    if given:
        raise UsageError(
            f"{', '.join(given)}: points of a mixture have figures of their own, and those of "
            f"metrics that say that they read points"
        )
    points = run.sample(count, seed=seed, truncation=truncation)
    return measure_points(points, mixture, about_run(run, seed, truncation), metrics)
