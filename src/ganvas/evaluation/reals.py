"""The real images of an evaluation: a reference, training images, the floor between them."""

import contextlib
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ganvas import keys
from ganvas.cache import cache_path
from ganvas.data import Dataset, load_dataset
from ganvas.disk import replace_file
from ganvas.errors import DataError, NoSuchPart, UsageError
from ganvas.features import FeatureNetwork, Reading, extract
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric_table import METRICS

Progress = Callable[[str, int, int], None]
Reference = Literal["auto", "held-out", "training"]
SMALL = 64 * 64
"""Input pixels up to which a feature network reads all training images, not a part of them."""


@dataclass(frozen=True)
class Sources:
    """training: what was, or could be, trained on. held_out: others of the kind, if there are.
    part: what to call the former."""

    training: Dataset
    held_out: Dataset | None
    part: str = "training"


def load_sources(source: Any, split: str = "train", **options: Any) -> Sources:
    """The training images of a source, and its test part.

    Where there is no test part and ``split`` is the first N images, the others are held out.

    Args:
        source, options: as for ``load_dataset``.
        split: what was trained on.

    Raises:
        DataError: the source cannot be read.
    """
    training = load_dataset(source, split=split, **options)
    how = {key: options[key] for key in ("fit", "white") if key in options}
    return Sources(training, held_out(source, split, training, **how))


def held_out(source: Any, split: str, training: Dataset, **how: Any) -> Dataset | None:
    """Dataset of a source that are not among its ``training`` ones, in their shape; or None.

    how: ``fit`` and ``white``, as for ``load_dataset``.
    """
    options = {"size": training.shape[1:], "channels": training.shape[0], **how}
    if split in ("all", "test"):
        return None
    try:
        return load_dataset(source, split="test", **options)
    except NoSuchPart:
        pass
    first = re.fullmatch(r"0?:(\d+)", split)
    if first is None:
        return None
    try:
        return load_dataset(source, split=f"{first[1]}:", **options)
    except DataError:  # there is nothing after the first N
        return None


class Reals:
    """Sides to compare samples with, read by one feature network when they are first wanted.

    Args:
        sources: the images.
        network: reads them; results are cached on disk by the images' and the network's hash.
        count: images of the reference, at most; the same ones in every evaluation.
        samples: how many samples it is for: the floor is that of as many reals.
        reference: compare with held-out images where there are any (``auto``), or say which.
        progress: called with (what, done, total).

    Raises:
        UsageError: held-out images are asked for and there are none.
    """

    def __init__(
        self,
        sources: Sources,
        network: FeatureNetwork,
        *,
        count: int,
        samples: int | None = None,
        reference: Reference = "auto",
        progress: Progress | None = None,
    ) -> None:
        if reference == "held-out" and sources.held_out is None:
            raise UsageError(
                f"{sources.training.name} has no held-out images: name a source with a test "
                f"part, or train on a part of it (`data.split=0:900`)"
            )
        self.sources = sources
        self.network = network
        self.count = count
        self.samples = count if samples is None else samples
        self.held_out = sources.held_out is not None and reference != "training"
        self._progress = progress
        self._baselines: dict[str, dict[str, Figure]] = {}

    @cached_property
    def reference(self) -> FeatureSet:
        """What samples are compared with."""
        return self._held_out if self.held_out else self._training

    @cached_property
    def copy_candidates(self) -> FeatureSet:
        """Training images among which copies are looked for: all where the network is small."""
        height, width = self.network.origin.size or self.sources.training.shape[1:]
        if height * width > SMALL:
            return self._training
        images = self.sources.training
        side = self._side(images, len(images), f"{self.sources.part} images")
        return replace(side, logits=None)

    def compared_with(self, metric: str) -> FeatureSet:
        """The side that a metric compares samples with."""
        return self.copy_candidates if METRICS[metric].against == "training" else self.reference

    def real_baseline(self, metric: str) -> dict[str, Figure]:
        """The metric's figures of reals against reals, by name; none where it has no meaning."""
        if metric not in self._baselines:
            pair = self._pair(METRICS[metric].against)
            try:
                figures = METRICS[metric].compute(*pair) if pair else []
            except NotApplicable:
                figures = []
            self._baselines[metric] = {figure.name: figure for figure in figures}
        return self._baselines[metric]

    def provenance(self) -> dict[str, Any]:
        """What a record says of the reference."""
        images = self.sources.held_out if self.held_out else self.sources.training
        assert images is not None
        return {
            "data": images.name,
            "part": "held-out" if self.held_out else self.sources.part,
            "images": len(self.reference),
            "fingerprint": images.fingerprint,
            "lossy": round(images.lossy, 3),
            "floor": self._baseline_words(),
        }

    @property
    def comparable(self) -> bool:
        """Whether the floor is that of as many reals as there are samples, not of halves."""
        return self.sources.held_out is not None

    def _baseline_words(self) -> str:
        if self.comparable:
            return "training images against held-out ones"
        return "one random half of the images against the other"

    def _pair(self, against: str) -> tuple[FeatureSet, FeatureSet] | None:
        if self.sources.held_out is None:
            return self._halves if against == "reference" else None
        if against == "training":
            return self._as_many(self._held_out), self.copy_candidates
        if self.held_out:
            return self._as_many(self._training), self._held_out
        return self._as_many(self._held_out), self._training

    def _as_many(self, side: FeatureSet) -> FeatureSet:
        """As many reals as there are samples: distances depend on the number."""
        positions = choose(len(side), self.samples)
        return side if positions is None else take(side, positions)

    @cached_property
    def _held_out(self) -> FeatureSet:
        assert self.sources.held_out is not None
        return self._side(self.sources.held_out, self.count, "held-out images")

    @cached_property
    def _training(self) -> FeatureSet:
        return self._side(self.sources.training, self.count, f"{self.sources.part} images")

    @cached_property
    def _halves(self) -> tuple[FeatureSet, FeatureSet]:
        whole = self._training
        order = torch.randperm(len(whole), generator=keys.generator("floor"))
        return take(whole, order[: len(whole) // 2]), take(whole, order[len(whole) // 2 :])

    def _side(self, images: Dataset, count: int, what: str) -> FeatureSet:
        positions = choose(len(images), count)
        pixels = images.pixels if positions is None else images.pixels[positions]
        labels = images.labels
        if labels is not None and positions is not None:
            labels = labels[positions]
        name = f"{images.fingerprint} {len(pixels)}"
        found = cached(name, self.network, pixels, telling(self._progress, f"reading {what}"))
        kinds = self.network.origin.classes
        return FeatureSet(pixels, found.features, found.logits, labels, images.classes, kinds)


def telling(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    """Progress of one stage."""
    return None if progress is None else lambda done, total: progress(what, done, total)


def choose(total: int, count: int, seed: int = 0) -> Tensor | None:
    """Positions of ``count`` of ``total`` images at random, in order; None for all of them."""
    if count >= total:
        return None
    order = torch.randperm(total, generator=keys.generator(seed, "reals"))
    return order[:count].sort().values


def take(side: FeatureSet, positions: Tensor) -> FeatureSet:
    """A part of a side."""
    return FeatureSet(
        side.pixels[positions],
        side.features[positions],
        None if side.logits is None else side.logits[positions],
        None if side.labels is None else side.labels[positions],
        side.names,
        side.kinds,
    )


def cached(
    name: str, network: FeatureNetwork, pixels: Tensor, progress: Callable[[int, int], None] | None
) -> Reading:
    """The network's reading of images known by ``name``, from the cache folder where it is there.

    A network of the user's own is always asked: its file's hash may not tell all it depends on.
    """
    if network.origin.version == "own":
        return extract(network, pixels, progress)
    digest = hashlib.sha256(f"{name} {network.origin}".encode()).hexdigest()
    path = cache_path("features", f"{digest[:32]}.safetensors")
    found = _read(path, len(pixels))
    if found is not None:
        return found
    found = extract(network, pixels, progress)
    tensors = {"features": found.features}
    if found.logits is not None:
        tensors["logits"] = found.logits
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
        replace_file(path, save(tensors, {"sha256": _hash(tensors)}))
    return found


def _read(path: Any, count: int) -> Reading | None:
    """What the cache holds, if it is whole."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            said = (file.metadata() or {}).get("sha256")
    except (OSError, SafetensorError):
        return None
    if "features" not in tensors or len(tensors["features"]) != count or said != _hash(tensors):
        return None
    return Reading(tensors["features"], tensors.get("logits"))


def _hash(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(tensors[name].contiguous().numpy().data)
    return digest.hexdigest()
