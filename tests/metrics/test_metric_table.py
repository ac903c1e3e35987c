"""Every metric of the table: which way it moves, and what it says where it does not apply."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from ganvas.domains import Image
from ganvas.evaluation.measure import PATH_LENGTH
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric_table import METRICS
from ganvas.metrics.mixture import point_figures

KINDS = 4


def feature_set(seed: int, count: int = 400) -> FeatureSet:
    """Four clusters: features about the corners of a square, pixels as bright as the class."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(KINDS, (count,), generator=generator)
    corners = torch.tensor([[0.0, 0.0, 0.0], [6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [6.0, 6.0, 0.0]])
    noise = torch.randn(count, 3, generator=generator)
    pixels = torch.randint(0, 40, (count, 1, 6, 6), generator=generator)
    pixels = (pixels + 50 * labels[:, None, None, None]).to(torch.uint8)
    names = tuple("abcd")
    logits = F.one_hot(labels, KINDS) * 9.0
    return FeatureSet(pixels, corners[labels] + noise, logits, labels, names, names, Image(1, 6, 6))


def figures(name: str, samples: FeatureSet, other: FeatureSet) -> list[Figure]:
    return METRICS[name].figures(name, samples, other)


REALS, SAMPLES, TRAINING = feature_set(1), feature_set(2), feature_set(3)


def shifted(samples: FeatureSet) -> FeatureSet:
    """Everything is off: features far away, pixels darker."""
    return replace(samples, features=samples.features + 30, items=samples.items // 2)


def collapsed(samples: FeatureSet) -> FeatureSet:
    """One class, and the classifier is not sure of it."""
    unsure = torch.tensor([1.0, 0.0, 0.0, 0.0]).expand(len(samples), -1)
    return replace(samples, logits=unsure)


def doubled(samples: FeatureSet) -> FeatureSet:
    half = len(samples) // 2
    twice = {name: torch.cat([getattr(samples, name)[:half]] * 2) for name in ("items", "features")}
    return replace(samples, **twice)


def mislabelled(samples: FeatureSet) -> FeatureSet:
    assert samples.labels is not None
    return replace(samples, labels=torch.arange(len(samples)) % KINDS)


def copied(_: FeatureSet) -> FeatureSet:
    return TRAINING


SPOILED = {
    "frechet": shifted,
    "kid": shifted,
    "precision-recall": shifted,
    "classifier-score": collapsed,
    "modes": collapsed,
    "sliced-wasserstein": shifted,
    "frechet-per-class": shifted,
    "recall-per-class": shifted,
    "obeyed": collapsed,
    "purity": mislabelled,
    "duplicates": doubled,
    "authenticity": copied,
}


@pytest.mark.parametrize("name", METRICS)
def test_worse_samples_have_worse_figures(name):
    metric = METRICS[name]
    other = TRAINING if metric.compares_with == "training" else REALS
    good = figures(name, SAMPLES, other)
    bad = figures(name, SPOILED[name](SAMPLES), other)
    assert [figure.name for figure in good] == [figure.name for figure in bad]
    for before, after in zip(good, bad, strict=True):
        assert before.better == after.better
        assert (after.value > before.value) == (before.better == "lower"), before.name
        assert after.value != before.value
        for figure in (before, after):
            if figure.interval is not None:
                assert figure.interval[0] <= figure.value <= figure.interval[1]


def test_equal_distributions_are_no_distance_within_their_interval():
    for name, figure in (("frechet", "frechet-infinite"), ("kid", "kid")):
        found = {one.name: one for one in figures(name, SAMPLES, REALS)}[figure]
        assert found.interval is not None and found.interval[0] < 0 < found.interval[1]


def test_modes_name_the_shares_of_classes():
    found = figures("modes", SAMPLES, REALS)[0]
    shares = torch.bincount(SAMPLES.labels, minlength=KINDS) / len(SAMPLES)
    assert found.details["shares"] == pytest.approx(
        dict(zip("abcd", shares.tolist(), strict=True)), abs=1e-4
    )
    assert (found.value, found.details["drawn"], found.details["kinds"]) == (4, 4, 4)
    three = replace(REALS, logits=REALS.logits[REALS.labels < 3])
    found = figures("modes", SAMPLES, three)[0]
    assert (found.value, found.details["drawn"], found.note) == (3, 3, "of 3")


def test_the_distance_by_class_is_that_of_each_class_and_names_the_worst():
    features = SAMPLES.features.clone()
    features[SAMPLES.labels == 2] += 3
    [figure] = figures("frechet-per-class", replace(SAMPLES, features=features), REALS)
    assert figure.note == f"mean of 4 classes; worst c, {figure.details['c']:.3g}"
    # A shift by 3 in three features; the rest is the bias of about 100 images.
    assert figure.details["c"] == pytest.approx(27, rel=0.25)
    assert max(value for name, value in figure.details.items() if name != "c") < 1
    assert figure.value == pytest.approx(sum(figure.details.values()) / 4)


def test_recall_inside_a_class_sees_a_generator_that_draws_one_picture_of_it():
    features = SAMPLES.features.clone()
    features[SAMPLES.labels == 1] = features[SAMPLES.labels == 1][0]
    precision, recall = figures("recall-per-class", replace(SAMPLES, features=features), REALS)
    assert recall.details["b"] < 0.05 and min(recall.details[name] for name in "acd") > 0.7
    assert recall.note.startswith("mean of 4 classes; worst b") and precision.details["b"] in (0, 1)


def test_obeyed_is_the_share_read_as_told_by_name():
    told = SAMPLES.labels.clone()
    told[:100] = (told[:100] + 1) % KINDS
    [figure] = figures("obeyed", replace(SAMPLES, labels=told), REALS)
    assert figure.value == pytest.approx(0.75) and figure.interval[0] < 0.75 < figure.interval[1]
    # The same classes under other numbers.
    turned = replace(SAMPLES, labels=KINDS - 1 - SAMPLES.labels, classes=tuple("dcba"))
    assert figures("obeyed", turned, REALS)[0].value == 1


def test_purity_asks_for_a_meaning_of_each_label_and_not_for_a_name():
    assert SAMPLES.labels is not None
    codes = replace(SAMPLES, labels=(SAMPLES.labels + 1) % KINDS, classes=("i", "ii", "iii", "iv"))
    [figure] = figures("purity", codes, REALS)
    assert figure.value == 1 and figure.note == "4 meanings of 4 labels"
    assert figure.details == {"i": "d", "ii": "a", "iii": "b", "iv": "c"}
    mixed = SAMPLES.labels.clone()
    mixed[SAMPLES.labels == 3] = 0  # what is now labelled 0 is partly a, partly d
    rarer = min(int((SAMPLES.labels == kind).sum()) for kind in (0, 3))
    [figure] = figures("purity", replace(SAMPLES, labels=mixed), REALS)
    assert figure.value == pytest.approx(1 - rarer / len(SAMPLES))


def test_every_figure_is_explained_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs/metrics.md").read_text(encoding="utf-8")
    first = [row.split("|")[1] for row in docs.splitlines() if row.startswith("| `")]
    explained = set(re.findall(r"`([\w-]+)`", " ".join(first)))
    found = [one for name in METRICS for one in figures(name, SAMPLES, REALS)]
    places = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    found += point_figures(places, torch.eye(2).double(), 0.1, torch.arange(2))
    names = {one.name for one in found}
    assert {"frechet-infinite", "near", "spread-most", "obeyed"} <= names
    assert {*names, PATH_LENGTH} <= explained


def test_equal_pixels_are_told():
    [figure] = figures("duplicates", doubled(SAMPLES), REALS)
    assert figure.note == "200 equal an earlier one" and figure.details == {"equal": 200}


def few(samples: FeatureSet, count: int) -> FeatureSet:
    parts = {
        name: getattr(samples, name)[:count] for name in ("items", "features", "logits", "labels")
    }
    return replace(samples, **parts)


@pytest.mark.parametrize(
    ("name", "samples", "other", "words"),
    [
        ("frechet", few(SAMPLES, 5), REALS, "needs at least 6 images .* there are 5: read KID"),
        ("frechet", SAMPLES, few(REALS, 5), "needs at least 6 images .* there are 5: read KID"),
        (
            "frechet",
            replace(few(SAMPLES, 3), features=SAMPLES.features[:3, :1]),
            replace(REALS, features=REALS.features[:, :1]),
            "in 1 features needs at least 4 images",
        ),
        ("kid", few(SAMPLES, 3), REALS, "at least 4 images"),
        ("precision-recall", few(SAMPLES, 5), REALS, "more than 5 images"),
        ("classifier-score", replace(SAMPLES, logits=None), REALS, "network that classifies"),
        ("modes", SAMPLES, replace(REALS, logits=None), "network that classifies"),
        ("frechet-per-class", replace(SAMPLES, labels=None), REALS, "labels on both sides"),
        ("frechet-per-class", few(SAMPLES, 8), few(REALS, 8), "no class has 6 images"),
        ("recall-per-class", few(SAMPLES, 8), few(REALS, 8), "no class has 6 images"),
        ("obeyed", replace(SAMPLES, labels=None), REALS, "of which a class was asked"),
        (
            "obeyed",
            replace(SAMPLES, known_classes=tuple("wxyz")),
            REALS,
            "does not know these classes",
        ),
        ("purity", replace(SAMPLES, logits=None), REALS, "of which a class was asked"),
        ("duplicates", few(SAMPLES, 1), REALS, "at least 2 images"),
        ("authenticity", SAMPLES, few(TRAINING, 1), "at least 2 training images"),
    ],
)
def test_what_does_not_apply_says_what_it_needs(name, samples, other, words):
    with pytest.raises(NotApplicable, match=words):
        figures(name, samples, other)


@pytest.mark.parametrize("name", METRICS)
def test_the_fewest_images_that_are_taken_give_numbers(name):
    """Down from 10: what is not refused is finite."""
    given = 0
    for count in range(2, 11):
        try:
            found = figures(name, few(SAMPLES, count), few(REALS, count))
        except NotApplicable:
            assert not given, f"{given} images were enough and {count} are not"
            continue
        given = count
        assert all(torch.isfinite(torch.tensor(figure.value)) for figure in found)
    assert given or name.endswith("-per-class")
