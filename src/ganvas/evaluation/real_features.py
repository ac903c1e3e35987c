"""Real items as a feature network reads them: what samples are compared with, and the real
baseline, the same figures of real items against others."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import torch

from ganvas import keys
from ganvas.data import Dataset
from ganvas.errors import UsageError
from ganvas.evaluation.feature_cache import cached_reading
from ganvas.evaluation.real_items import RealItems
from ganvas.evaluation.samples import Progress, choose_positions, stage
from ganvas.features import FeatureNetwork
from ganvas.features.extract import input_pixels
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric_table import METRICS

Reference = Literal["auto", "held-out", "training"]
SMALL = 64 * 64
"""Input pixels up to which a feature network reads all training items, not a part of them."""


class RealFeatures:
    """The features of real items, read by one network when they are first wanted.

    Args:
        real: the items.
        network: reads them; results are cached on disk by the items' and the network's hash.
        count: items of the reference, at most; the same ones in every evaluation.
        samples: how many samples they are for: the real baseline is that of as many reals. None
            takes ``count``.
        reference: compare with ``held-out`` items or with ``training`` items; ``auto`` takes the
            former where there are any.
        progress: called with (what, done, total).

    Raises:
        UsageError: held-out items are asked for and there are none; or the network reads others.
    """

    def __init__(
        self,
        real: RealItems,
        network: FeatureNetwork,
        *,
        count: int,
        samples: int | None = None,
        reference: Reference = "auto",
        progress: Progress | None = None,
    ) -> None:
        if reference == "held-out" and real.held_out is None:
            raise UsageError(
                f"{real.training.name} has no held-out {real.domain.noun}: name a source with a "
                f"test part, or train on a part of it (`data.split=0:900`)"
            )
        network.check_reads(real.domain)
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
        """Training items among which copies are looked for: all where the network is small."""
        if input_pixels(self.network, self.real.domain.shape) > SMALL:
            return self._training
        items = self.real.training
        return replace(self._read(items, len(items), self._training_words), logits=None)

    def compared_with(self, metric: str) -> FeatureSet:
        """The real items that a metric compares samples with."""
        training = METRICS[metric].compares_with == "training"
        return self.copy_candidates if training else self.reference

    def real_baseline(self, metric: str) -> dict[str, Figure]:
        """The metric's figures of reals against other reals, by name; none where it has no meaning.

        A perfect sampler would have about these figures.
        """
        if metric not in self._baselines:
            pair = self._pair(METRICS[metric].compares_with)
            try:
                figures = METRICS[metric].figures(metric, *pair) if pair else []
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
        items = self.real.held_out if self.against_held_out else self.real.training
        assert items is not None
        noun = self.real.domain.noun
        return {
            "data": items.name,
            "part": "held-out" if self.against_held_out else self.real.part,
            "images": len(self.reference),
            "noun": noun,
            "fingerprint": items.fingerprint,
            "lossy": round(items.lossy, 3),
            "floor": f"training {noun} against held-out ones"
            if self.comparable
            else f"one random half of the {noun} against the other",
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
        return self._read(self.real.held_out, self.count, f"held-out {self.real.domain.noun}")

    @cached_property
    def _training(self) -> FeatureSet:
        return self._read(self.real.training, self.count, self._training_words)

    @property
    def _training_words(self) -> str:
        return f"{self.real.part} {self.real.domain.noun}"

    @cached_property
    def _halves(self) -> tuple[FeatureSet, FeatureSet]:
        whole = self._training
        order = torch.randperm(len(whole), generator=keys.generator("floor"))
        return whole.take(order[: len(whole) // 2]), whole.take(order[len(whole) // 2 :])

    def _read(self, dataset: Dataset, count: int, what: str) -> FeatureSet:
        """``count`` of the items, at most."""
        positions = choose_positions(len(dataset), count)
        items, labels, domain = dataset.pixels, dataset.labels, dataset.domain
        if positions is not None:
            items = items[positions]
            labels = None if labels is None else labels[positions]
        name = f"{dataset.fingerprint} {len(items)}"
        tell = stage(self._progress, f"reading {what}")
        found = cached_reading(name, self.network, items, tell, domain.to_network)
        known = self.network.origin.classes
        return FeatureSet(
            items, found.features, found.logits, labels, dataset.classes, known, domain
        )
