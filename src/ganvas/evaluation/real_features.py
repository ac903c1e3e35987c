"""Real images as a feature network reads them: what samples are compared with, and the real
baseline, the same figures of real images against others."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import torch

from ganvas import keys
from ganvas.data import Dataset
from ganvas.errors import UsageError
from ganvas.evaluation.feature_cache import cached_reading
from ganvas.evaluation.real_images import RealImages
from ganvas.evaluation.samples import Progress, choose_positions, stage
from ganvas.features import FeatureNetwork
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric_table import METRICS

Reference = Literal["auto", "held-out", "training"]
SMALL = 64 * 64
"""Input pixels up to which a feature network reads all training images, not a part of them."""


class RealFeatures:
    """The features of real images, read by one network when they are first wanted.

    Args:
        real: the images.
        network: reads them; results are cached on disk by the images' and the network's hash.
        count: images of the reference, at most; the same ones in every evaluation.
        samples: how many samples they are for: the real baseline is that of as many reals. None
            takes ``count``.
        reference: compare with ``held-out`` images or with ``training`` images; ``auto`` takes the
            former where there are any.
        progress: called with (what, done, total).

    Raises:
        UsageError: held-out images are asked for and there are none.
    """

    def __init__(
        self,
        real: RealImages,
        network: FeatureNetwork,
        *,
        count: int,
        samples: int | None = None,
        reference: Reference = "auto",
        progress: Progress | None = None,
    ) -> None:
        if reference == "held-out" and real.held_out is None:
            raise UsageError(
                f"{real.training.name} has no held-out images: name a source with a test "
                f"part, or train on a part of it (`data.split=0:900`)"
            )
        self.real = real
        self.network = network
        self.count = count
        self.samples = count if samples is None else samples
        self.against_held_out = real.held_out is not None and reference != "training"
        self._progress = progress
        self._baselines: dict[str, dict[str, Figure]] = {}

    @cached_property
    def reference(self) -> FeatureSet:
        """What samples are compared with."""
        return self._held_out if self.against_held_out else self._training

    @cached_property
    def copy_candidates(self) -> FeatureSet:
        """Training images among which copies are looked for: all where the network is small."""
        height, width = self.network.origin.size or self.real.training.shape[1:]
        if height * width > SMALL:
            return self._training
        images = self.real.training
        return replace(self._read(images, len(images), self._training_words), logits=None)

    def compared_with(self, metric: str) -> FeatureSet:
        """The real images that a metric compares samples with."""
        training = METRICS[metric].compares_with == "training"
        return self.copy_candidates if training else self.reference

    def real_baseline(self, metric: str) -> dict[str, Figure]:
        """The metric's figures of reals against other reals, by name; none where it has no meaning.

        A perfect sampler would have about these figures.
        """
        if metric not in self._baselines:
            pair = self._pair(METRICS[metric].compares_with)
            try:
                figures = METRICS[metric].compute(*pair) if pair else []
            except NotApplicable:
                figures = []
            self._baselines[metric] = {figure.name: figure for figure in figures}
        return self._baselines[metric]

    def prepare(self, metrics: Iterable[str]) -> None:
        """Read now what these metrics will be compared with, and measure their real baselines."""
        for metric in metrics:
            self.compared_with(metric)
            self.real_baseline(metric)

    @property
    def comparable(self) -> bool:
        """Whether the real baseline is that of as many reals as there are samples, not of halves:
        distances depend on the number."""
        return self.real.held_out is not None

    def provenance(self) -> dict[str, Any]:
        """What a record says of the reference."""
        images = self.real.held_out if self.against_held_out else self.real.training
        assert images is not None
        return {
            "data": images.name,
            "part": "held-out" if self.against_held_out else self.real.part,
            "images": len(self.reference),
            "fingerprint": images.fingerprint,
            "lossy": round(images.lossy, 3),
            "floor": "training images against held-out ones"
            if self.comparable
            else "one random half of the images against the other",
        }

    def _pair(self, compares_with: str) -> tuple[FeatureSet, FeatureSet] | None:
        """Reals in the place of samples, and what they are compared with; None where reals that
        are not in the training set are needed and there are none."""
        if self.real.held_out is None:
            return self._halves if compares_with == "reference" else None
        if compares_with == "training":
            return self._as_many(self._held_out), self.copy_candidates
        if self.against_held_out:
            return self._as_many(self._training), self._held_out
        return self._as_many(self._held_out), self._training

    def _as_many(self, reals: FeatureSet) -> FeatureSet:
        """As many reals as there are samples."""
        positions = choose_positions(len(reals), self.samples)
        return reals if positions is None else reals.take(positions)

    @cached_property
    def _held_out(self) -> FeatureSet:
        assert self.real.held_out is not None
        return self._read(self.real.held_out, self.count, "held-out images")

    @cached_property
    def _training(self) -> FeatureSet:
        return self._read(self.real.training, self.count, self._training_words)

    @property
    def _training_words(self) -> str:
        return f"{self.real.part} images"

    @cached_property
    def _halves(self) -> tuple[FeatureSet, FeatureSet]:
        whole = self._training
        order = torch.randperm(len(whole), generator=keys.generator("floor"))
        return whole.take(order[: len(whole) // 2]), whole.take(order[len(whole) // 2 :])

    def _read(self, images: Dataset, count: int, what: str) -> FeatureSet:
        """``count`` of the images, at most."""
        positions = choose_positions(len(images), count)
        pixels, labels = images.pixels, images.labels
        if positions is not None:
            pixels = pixels[positions]
            labels = None if labels is None else labels[positions]
        name = f"{images.fingerprint} {len(pixels)}"
        tell = stage(self._progress, f"reading {what}")
        found = cached_reading(name, self.network, pixels, tell)
        known = self.network.origin.classes
        return FeatureSet(pixels, found.features, found.logits, labels, images.classes, known)
