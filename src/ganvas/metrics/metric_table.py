"""The one explicit table of metrics: what each compares with, and the figures it gives."""

from collections.abc import Collection

import torch
from torch import Tensor

from ganvas.errors import unknown
from ganvas.metrics import by_class, classifier_metrics, copying
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable, squared_distance
from ganvas.metrics.frechet import PER_FEATURE, frechet, frechet_infinite
from ganvas.metrics.kernel import LEAST, kid_and_error
from ganvas.metrics.manifold import DENSITY_K, overlap
from ganvas.metrics.metric import Metric
from ganvas.metrics.moments import moments
from ganvas.metrics.sliced import sliced_wasserstein

TO_EXTRAPOLATE = 4
"""Items a feature that its extrapolation needs: halves of fewer are too far from the whole."""


def _frechet(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``frechet``, the distance at this number of samples, and ``frechet-infinite``, at infinitely
    many, where there are enough; in the features' unit squared, from 0, lower is better."""
    size, count = samples.features.shape[1], min(len(samples), len(reference))
    needed = max(4, PER_FEATURE * size)  # two halves of two
    if count < needed:
        raise NotApplicable(
            f"a Fréchet distance in {size:,} features needs at least {needed:,} {samples.noun} on "
            f"either side (10,000 are usual), and there are {count:,}: read KID instead, which "
            f"is unbiased for any number"
        )
    value = frechet(moments(samples.features), moments(reference.features))
    plain = Figure("frechet", value, note=f"at {len(samples):,} samples")
    if count < TO_EXTRAPOLATE * size:
        return [plain]
    infinite = frechet_infinite(samples.features, reference.features)
    return [plain, Figure("frechet-infinite", infinite.value, infinite[1:])]


def _kid(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``kid``, the kernel distance: 0 for equal distributions, lower is better; an estimate may
    fall below 0 by chance."""
    if min(len(samples), len(reference)) < LEAST:
        raise NotApplicable(f"KID needs at least {LEAST} {samples.noun} on either side")
    value, error = kid_and_error(samples.features, reference.features)
    interval = squared_distance(value, error)[1:]
    return [Figure("kid", value, interval, details={"standard_error": error})]


def _overlap(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``precision``, ``recall`` and ``coverage``, 0 to 1, and ``density``, from 0 and about 1 for
    equal distributions; higher is better."""
    if min(len(samples), len(reference)) <= DENSITY_K:
        raise NotApplicable(
            f"precision and recall need more than {DENSITY_K} {samples.noun} a side"
        )
    found = overlap(samples.features, reference.features)
    return [Figure(name, value, better="higher") for name, value in found._asdict().items()]


def _sliced(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``sliced-wasserstein``, of pixels: in grey levels, 0 to 255, lower is better."""
    found = sliced_wasserstein(samples.items, reference.items)
    return [Figure("sliced-wasserstein", found.value, found[1:], note="grey levels")]


def _classifier_score(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``classifier-score``: 1 to the number of classes, higher is better."""
    found = classifier_metrics.classifier_score(_logits(samples))
    return [Figure("classifier-score", found.value, found[1:], better="higher")]


def _modes(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``modes``, classes that are drawn: 0 to their number, higher is better. ``reverse-kl``, how
    their shares are off: from 0 nats, lower is better. ``confident``, the share of samples that the
    classifier is sure of: 0 to 1, higher is better."""
    ours, theirs = _logits(samples), _logits(reference)
    found = classifier_metrics.modes(ours, theirs)
    drawn = classifier_metrics.well_drawn(ours, theirs)
    kinds = int((torch.bincount(theirs.argmax(1), minlength=len(drawn)) > 0).sum())
    shares = {}
    if len(drawn) <= 20 and len(reference.known_classes) == len(drawn):
        shares = {
            name: round(float(share), 4)
            for name, share in zip(reference.known_classes, found.shares, strict=True)
        }
    details = {"drawn": int(drawn.sum()), "kinds": kinds, "shares": shares}
    return [
        Figure("modes", found.found, better="higher", note=f"of {kinds:,}", details=details),
        Figure("reverse-kl", found.reverse_kl, note="by argmax, sure or not"),
        Figure("confident", found.confident, better="higher", note="p of 0.9 or more"),
    ]


def _duplicates(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``duplicates``, the share of samples that are all but alike: 0 to 1, about 0.01 for a set as
    varied as the reals, lower is better."""
    if min(len(samples), len(reference)) < 2:
        raise NotApplicable(f"duplicates need at least 2 {samples.noun} on either side")
    again = copying.repeated(samples.items)
    share = copying.duplicates(samples.features, reference.features)
    note = f"{again:,} equal an earlier one" if again else ""
    return [Figure("duplicates", share, note=note, details={"equal": again})]


def _authenticity(samples: FeatureSet, training: FeatureSet) -> list[Figure]:
    """``authenticity``, the share of samples that are no copies: 0 to 1, higher is better."""
    if len(training) < 2:
        raise NotApplicable(f"authenticity needs at least 2 training {training.noun}")
    found = copying.training_neighbours(samples.features, training.features)
    note = f"{len(training):,} searched"
    share = copying.authenticity(found)
    return [Figure("authenticity", share, better="higher", note=note, kept=found)]


def _logits(items: FeatureSet) -> Tensor:
    """Their logits [N, K]; raises NotApplicable where the network does not classify."""
    if items.logits is None:
        raise NotApplicable("this needs a feature network that classifies, such as digits")
    return items.logits


METRICS: dict[str, Metric] = {
    "frechet": Metric(_frechet),
    "kid": Metric(_kid),
    "precision-recall": Metric(_overlap),
    "classifier-score": Metric(_classifier_score),
    "modes": Metric(_modes),
    "sliced-wasserstein": Metric(_sliced, reads="image", needs_features=False),
    "frechet-per-class": Metric(by_class.frechet_per_class),
    "recall-per-class": Metric(by_class.recall_per_class),
    "obeyed": Metric(by_class.obeyed),
    "purity": Metric(by_class.purity),
    "duplicates": Metric(_duplicates),
    "authenticity": Metric(_authenticity, compares_with="training"),
}
"""By the name under ``metrics``. ``path-length`` beside them needs a generator, not samples."""

OTHER_NAMES = {"fid": "frechet", "is": "classifier-score", "ppl": "path-length"}
"""What papers call metrics that have names of their own here, since the features are others."""


def unknown_metric(name: str, known: Collection[str]) -> str:
    """The message for a name that no metric has."""
    ours = OTHER_NAMES.get(name.lower())
    if ours in known:
        return f"unknown metric {name!r}: here it is {ours}"
    return unknown(name, known, "metric")
