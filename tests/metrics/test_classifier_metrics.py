import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch_fidelity.metric_isc import isc_features_to_metric

from ganvas.metrics.classifier_metrics import classifier_score, modes, well_drawn


def certain(classes: list[int] | Tensor, kinds: int) -> Tensor:
    """Logits that leave no doubt."""
    return F.one_hot(torch.as_tensor(classes), kinds) * 100.0


def test_score_of_certain_and_even_classes_is_their_number_and_of_one_reading_is_one():
    assert classifier_score(certain(list(range(7)) * 5, 7)).value == pytest.approx(7)
    same = classifier_score(torch.randn(1, 7).expand(30, -1))
    assert same == pytest.approx((1, 1, 1))
    assert classifier_score(certain([3] * 20, 7)) == pytest.approx((1, 1, 1))


def test_torch_fidelity_agrees_on_one_split():
    logits = torch.randn(500, 10, generator=torch.Generator().manual_seed(0)) * 3
    expected = isc_features_to_metric(logits, splits=1)["inception_score_mean"]
    assert classifier_score(logits).value == pytest.approx(expected, rel=1e-9)


def test_the_interval_holds_the_score_of_what_was_drawn_from():
    generator = torch.Generator().manual_seed(0)
    everything = torch.randn(300, 10, generator=generator) * 3
    truth = classifier_score(everything).value
    held = 0
    for _ in range(200):
        drawn = torch.randint(300, (2000,), generator=generator)
        found = classifier_score(everything[drawn])
        held += found.low <= truth <= found.high
    assert 0.9 <= held / 200 < 1


def test_a_perfect_sampler_of_1000_modes():
    """Its divergence: (K - 1) / 2N, half a chi-square's mean over N; deviation sqrt(K / 2) / N."""
    count, kinds = 26_000, 1000
    drawn = torch.randint(kinds, (count,), generator=torch.Generator().manual_seed(0))
    found = modes(certain(drawn, kinds), certain(torch.arange(kinds), kinds))
    assert found.found == kinds and found.confident == 1
    expected, deviation = (kinds - 1) / (2 * count), math.sqrt(kinds / 2) / count
    assert found.reverse_kl == pytest.approx(expected, abs=4 * deviation)


def test_one_mode_and_a_class_without_reals():
    reals = certain(torch.arange(10), 10)
    found = modes(certain([4] * 50, 10), reals)
    assert found.found == 1 and found.reverse_kl == pytest.approx(math.log(10))
    assert found.shares.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    # Class 9 counts with half a real of 9.5.
    assert modes(certain([9] * 50, 10), reals[:9]).reverse_kl == pytest.approx(math.log(9.5 / 0.5))


def test_confident_is_nine_tenths():
    logits = torch.tensor([[0.95, 0.05], [0.85, 0.15], [0.08, 0.92], [0.5, 0.5]]).log()
    assert modes(logits, logits).confident == 0.5


def test_a_class_is_drawn_if_a_tenth_of_its_share_is_drawn_for_certain():
    reals = certain(list(range(5)) * 20, 6)  # a fifth each; none of class 5
    counts = {0: 800, 1: 21, 2: 19, 4: 100, 5: 60}  # of 1,000: 20 are a tenth of a fifth
    samples = certain([kind for kind, count in counts.items() for _ in range(count)], 6)
    samples[-160:-60] *= 0.01  # class 4 is read, but not for certain
    assert well_drawn(samples, reals).tolist() == [True, True, False, False, False, False]
