"""Figures of samples that were told a class: each class by itself, and whether it was obeyed."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ganvas.metrics.feature_set import ENOUGH, FeatureSet
from ganvas.metrics.figure import Z95, Figure, NotApplicable
from ganvas.metrics.frechet import frechet
from ganvas.metrics.manifold import DENSITY_K, overlap
from ganvas.metrics.moments import moments


def frechet_per_class(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """The Fréchet distance inside each class, and the mean of these."""
    least = ENOUGH * samples.features.shape[1]
    distances = {
        name: frechet(moments(ours), moments(theirs))
        for name, ours, theirs in _classes(samples, reference, least)
    }
    worst = max(distances, key=lambda name: distances[name])
    mean = sum(distances.values()) / len(distances)
    left = len(reference.names) - len(distances)
    note = f"mean of {len(distances)} classes; worst {worst}, {distances[worst]:.3g}"
    note += f"; {left} have too few images" if left else ""
    return [Figure("frechet-per-class", mean, note=note, details=distances)]


def recall_per_class(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """Precision and recall (Kynkäänniemi et al. 2019, equation 2) inside each class, and their
    means: a conditional generator that draws one picture of each class obeys, and recalls none."""
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
    """The share of samples that the feature network's classifier reads as the class they were told,
    with its 95% interval (Wilson 1927). The floor says how often it reads reals as labelled."""
    read, told = _read_and_told(samples)
    if not set(samples.names) <= set(samples.kinds):
        raise NotApplicable("the classifier does not know these classes")
    places = torch.tensor([samples.kinds.index(name) for name in samples.names])
    right = read == places[told]
    shares = {
        name: round(float(right[told == number].double().mean()), 4)
        for number, name in enumerate(samples.names)
        if bool((told == number).any())
    }
    share, count = float(right.double().mean()), len(right)
    figure = Figure("obeyed", share, _wilson(share, count), better="higher", details=shares)
    return [figure]


def purity(samples: FeatureSet, reference: FeatureSet) -> list[Figure]:
    """The share of samples that the feature network's classifier reads as most samples with the
    same label: what codes that nobody labelled have come to mean (Chen et al. 2016, section 7.2).
    The floor says how pure the classes of the reals are to this reader."""
    read, told = _read_and_told(samples)
    table = torch.zeros(int(told.max()) + 1, int(read.max()) + 1, dtype=torch.float64)
    table.index_put_((told, read), torch.ones_like(told, dtype=torch.float64), accumulate=True)
    meanings = {
        samples.names[number] if samples.names else str(number): _named(samples, row)
        for number, row in enumerate(table)
        if bool(row.any())
    }
    share, count = float(table.amax(1).sum()) / len(told), len(told)
    note = f"{len(set(meanings.values()))} meanings of {len(meanings)} labels"
    interval = _wilson(share, count)
    return [Figure("purity", share, interval, better="higher", note=note, details=meanings)]


def _named(samples: FeatureSet, row: Tensor) -> str:
    """The kind that most samples of one label [K] are read as."""
    place = int(row.argmax())
    return samples.kinds[place] if samples.kinds else str(place)


def _read_and_told(samples: FeatureSet) -> tuple[Tensor, Tensor]:
    """What a classifier sees in the samples and what these were told, int64 [N] each."""
    if samples.logits is None or samples.labels is None:
        raise NotApplicable(
            "this needs samples that were told a class, and a classifier's features"
        )
    return samples.logits.argmax(1), samples.labels


def _wilson(share: float, count: int) -> tuple[float, float]:
    spread = Z95**2 / count
    centre = (share + spread / 2) / (1 + spread)
    half = (spread * share * (1 - share) + spread**2 / 4) ** 0.5 / (1 + spread)
    return min(share, centre - half), max(share, centre + half)  # rounding at 0 and 1


def _classes(
    samples: FeatureSet, reference: FeatureSet, least: int
) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Name and features of both sides, for each class with ``least`` images on either.

    Raises:
        NotApplicable: there is none.
    """
    if samples.labels is None or reference.labels is None:
        raise NotApplicable("a figure for each class needs labels on both sides")
    if not set(samples.names) & set(reference.names):
        raise NotApplicable("no class has the same name on both sides")
    parts = [
        (name, _of_class(samples, name), _of_class(reference, name)) for name in reference.names
    ]
    enough = [part for part in parts if min(len(part[1]), len(part[2])) >= least]
    if not enough:
        raise NotApplicable(f"no class has {least:,} images on both sides")
    yield from enough


def _of_class(side: FeatureSet, name: str) -> Tensor:
    """The features of one class, by its name: two sources may number their classes otherwise."""
    if side.labels is None or name not in side.names:
        return side.features[:0]
    return side.features[side.labels == side.names.index(name)]
