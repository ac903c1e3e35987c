"""The one explicit table of metrics: what each needs, and the figures it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ganvas.metrics import by_class, classifier_metrics, copying
from ganvas.metrics.feature_set import ENOUGH, FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable, squared_distance
from ganvas.metrics.frechet import frechet, frechet_infinite
from ganvas.metrics.kernel import kid_and_error
from ganvas.metrics.manifold import DENSITY_K, overlap
from ganvas.metrics.moments import moments
from ganvas.metrics.sliced import sliced_wasserstein

SURE = 4
"""Images a feature that its extrapolation needs: halves of fewer are too far from the whole."""


@dataclass(frozen=True)
class Metric:
    """compute: (samples, the other side) to figures; it may raise NotApplicable. against: the
    images it compares with: the reference, or all training images that were searched."""

    compute: Callable[[FeatureSet, FeatureSet], list[Figure]]
    against: Literal["reference", "training"] = "reference"


def _frechet(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    size, count = samples.features.shape[1], min(len(samples), len(reference))
    needed = max(4, ENOUGH * size)  # two halves of two
    if count < needed:
        raise NotApplicable(
            f"a Fréchet distance in {size:,} features needs at least {needed:,} images on "
            f"either side (10,000 are usual), and there are {count:,}: read KID instead, which "
            f"is unbiased for any number"
        )
    value = frechet(moments(samples.features), moments(reference.features))
    plain = Figure("frechet", value, note=f"at {len(samples):,} samples")
    if count < SURE * size:
        return [plain]
    infinite = frechet_infinite(samples.features, reference.features)
    return [plain, Figure("frechet-infinite", infinite.value, infinite[1:])]


def _kid(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    if min(len(samples), len(reference)) < 4:
        raise NotApplicable("KID needs at least 4 images on either side")
    value, error = kid_and_error(samples.features, reference.features)
    interval = squared_distance(value, error)[1:]
    return [Figure("kid", value, interval, details={"standard_error": error})]


def _overlap(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    if min(len(samples), len(reference)) <= DENSITY_K:
        raise NotApplicable(f"precision and recall need more than {DENSITY_K} images a side")
    found = overlap(samples.features, reference.features)
    return [Figure(name, value, better="higher") for name, value in found._asdict().items()]


def _sliced(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    found = sliced_wasserstein(samples.pixels, reference.pixels)
    return [Figure("sliced-wasserstein", found.value, found[1:], note="grey levels")]


def _score(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    found = classifier_metrics.classifier_score(_logits(samples))
    return [Figure("classifier-score", found.value, found[1:], better="higher")]


def _modes(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    ours, theirs = _logits(samples), _logits(reference)
    found = classifier_metrics.modes(ours, theirs)
    drawn = classifier_metrics.well_drawn(ours, theirs)
    kinds = int((torch.bincount(theirs.argmax(1), minlength=len(drawn)) > 0).sum())
    shares = {}
    if len(drawn) <= 20 and len(reference.kinds) == len(drawn):
        shares = {
            name: round(float(share), 4)
            for name, share in zip(reference.kinds, found.shares, strict=True)
        }
    details = {"drawn": int(drawn.sum()), "kinds": kinds, "shares": shares}
    return [
        Figure("modes", found.found, better="higher", note=f"of {kinds:,}", details=details),
        Figure("reverse-kl", found.reverse_kl, note="by argmax, sure or not"),
        Figure("confident", found.confident, better="higher", note="p of 0.9 or more"),
    ]


def _duplicates(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    if min(len(samples), len(reference)) < 2:
        raise NotApplicable("duplicates need at least 2 images on either side")
    again = copying.repeated(samples.pixels)
    share = copying.duplicates(samples.features, reference.features)
    note = f"{again:,} equal pixel by pixel" if again else ""
    return [Figure("duplicates", share, note=note, details={"equal": again})]


def _copies(samples: FeatureSet, training: FeatureSet) -> list[Figure]:
    if len(training) < 2:
        raise NotApplicable("authenticity needs at least 2 training images")
    found = copying.training_neighbours(samples.features, training.features)
    note = f"{len(training):,} searched"
    share = copying.authenticity(found)
    return [Figure("authenticity", share, better="higher", note=note, kept=found)]


def _logits(side: FeatureSet) -> Tensor:
    if side.logits is None:
        raise NotApplicable("this needs a feature network that classifies, such as digits")
    return side.logits


METRICS: dict[str, Metric] = {
    "frechet": Metric(_frechet),
    "kid": Metric(_kid),
    "precision-recall": Metric(_overlap),
    "classifier-score": Metric(_score),
    "modes": Metric(_modes),
    "sliced-wasserstein": Metric(_sliced),
    "frechet-per-class": Metric(by_class.frechet_per_class),
    "recall-per-class": Metric(by_class.recall_per_class),
    "obeyed": Metric(by_class.obeyed),
    "purity": Metric(by_class.purity),
    "duplicates": Metric(_duplicates),
    "authenticity": Metric(_copies, against="training"),
}
"""By the name under ``metrics``. ``path-length`` beside them needs a generator, not samples."""
