"""Figures of samples that were asked to be of a class: each class by itself, and whether they are.

The public functions are metrics of ``metric_table``: (samples, reference) to figures.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Z95, Figure, NotApplicable
from ganvas.metrics.frechet import PER_FEATURE, frechet
from ganvas.metrics.manifold import DENSITY_K, overlap
from ganvas.metrics.moments import moments


def frechet_per_class(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``frechet-per-class``: the mean of the Fréchet distances inside each class; from 0, lower is
    better. Its details are the distances by class."""
    least = PER_FEATURE * samples.features.shape[1]
    distances = {
        name: frechet(moments(ours), moments(theirs))
        for name, ours, theirs in _classes(samples, reference, least)
    }
    worst = max(distances, key=lambda name: distances[name])
    mean = sum(distances.values()) / len(distances)
    left = len(reference.classes) - len(distances)
    note = f"mean of {len(distances)} classes; worst {worst}, {distances[worst]:.3g}"
    note += f"; {left} have too few {samples.noun}" if left else ""
    return [Figure("frechet-per-class", mean, note=note, details=distances)]


def recall_per_class(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``precision-per-class`` and ``recall-per-class``: the means of precision and recall inside
    each class (Kynkäänniemi et al. 2019, equation 2); 0 to 1, higher is better.

    A conditional generator that draws one picture of each class has high precision and no recall.
    """
    found = {
        name: overlap(ours, theirs)
        for name, ours, theirs in _classes(samples, reference, DENSITY_K + 1)
    }
    figures = []
    for kind in ("precision", "recall"):
        values = {name: getattr(each, kind) for name, each in found.items()}
        worst = min(values, key=lambda name: values[name])
        mean = sum(values.values()) / len(values)
        note = f"mean of {len(values)} classes; worst {worst}, {values[worst]:.3g}"
        figures.append(
            Figure(f"{kind}-per-class", mean, better="higher", note=note, details=values)
        )
    return figures


def obeyed(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``obeyed``: the share of samples that the feature network's classifier reads as the class
    that was asked for, with its 95% interval (Wilson 1927); 0 to 1, higher is better.

    Its real baseline says how often that classifier reads reals as they are labelled.
    """
    predicted, asked = _predicted_and_asked(samples)
    if not set(samples.classes) <= set(samples.known_classes):
        raise NotApplicable("the classifier does not know these classes")
    places = torch.tensor([samples.known_classes.index(name) for name in samples.classes])
    right = predicted == places[asked]
    shares = {
        name: round(float(right[asked == number].double().mean()), 4)
        for number, name in enumerate(samples.classes)
        if bool((asked == number).any())
    }
    share, count = float(right.double().mean()), len(right)
    figure = Figure("obeyed", share, _wilson(share, count), better="higher", details=shares)
    return [figure]


def purity(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """``purity``: the share of samples that the feature network's classifier reads as most samples
    with the same label, with its 95% interval; 0 to 1, higher is better.

    It says what codes that nobody labelled have come to mean (Chen et al. 2016, section 7.2). Its
    real baseline says how pure the classes of the reals are to this classifier.
    """
    predicted, asked = _predicted_and_asked(samples)
    size = (int(asked.max()) + 1, int(predicted.max()) + 1)
    table = torch.zeros(size, dtype=torch.float64)
    ones = torch.ones_like(asked, dtype=torch.float64)
    table.index_put_((asked, predicted), ones, accumulate=True)
    meanings = {
        samples.classes[number] if samples.classes else str(number): _most_read(samples, row)
        for number, row in enumerate(table)
        if bool(row.any())
    }
    share, count = float(table.amax(1).sum()) / len(asked), len(asked)
    note = f"{len(set(meanings.values()))} meanings of {len(meanings)} labels"
    interval = _wilson(share, count)
    return [Figure("purity", share, interval, better="higher", note=note, details=meanings)]


def _most_read(samples: FeatureSet, row: Tensor) -> str:
    """The class that most samples of one label are read as; row: how many as each, [K]."""
    place = int(row.argmax())
    return samples.known_classes[place] if samples.known_classes else str(place)


def _predicted_and_asked(samples: FeatureSet) -> tuple[Tensor, Tensor]:
    """The classes that a classifier reads in the samples, and those that were asked for: int64 [N]
    each."""
    if samples.logits is None or samples.labels is None:
        raise NotApplicable(
            "this needs samples of which a class was asked, and a classifier's features"
        )
    return samples.logits.argmax(1), samples.labels


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95% interval of a share of ``count`` (Wilson 1927)."""
    spread = Z95**2 / count
    centre = (share + spread / 2) / (1 + spread)
    half = (spread * share * (1 - share) + spread**2 / 4) ** 0.5 / (1 + spread)
    return min(share, centre - half), max(share, centre + half)  # rounding at 0 and 1


def _classes(
    samples: FeatureSet, reference: FeatureSet, least: int
) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Name and features of both sets, for each class with ``least`` items in either.

    Raises:
        NotApplicable: there is none.
    """
    if samples.labels is None or reference.labels is None:
        raise NotApplicable("a figure for each class needs labels on both sides")
    if not set(samples.classes) & set(reference.classes):
        raise NotApplicable("no class has the same name on both sides")
    parts = [
        (name, _of_class(samples, name), _of_class(reference, name)) for name in reference.classes
    ]
    enough = [part for part in parts if min(len(part[1]), len(part[2])) >= least]
    if not enough:
        raise NotApplicable(f"no class has {least:,} {samples.noun} on both sides")
    yield from enough


def _of_class(items: FeatureSet, name: str) -> Tensor:
    """The features of one class, by its name: two sources may number their classes otherwise."""
    if items.labels is None or name not in items.classes:
        return items.features[:0]
    return items.features[items.labels == items.classes.index(name)]
