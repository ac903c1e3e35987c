"""The interval of a squared distance."""

import math

import pytest
import torch

from ganvas.metrics.figure import Z95, squared_distance


def test_far_from_zero_it_is_symmetric_in_the_logarithm():
    value, low, high = squared_distance(1e6, 10.0)
    assert math.log(high / value) == pytest.approx(math.log(value / low), rel=1e-4)
    assert (high - low) / 2 == pytest.approx(Z95 * 10, rel=1e-4)


def test_below_zero_it_is_the_plain_one():
    assert squared_distance(-9.0, 1.0) == pytest.approx((-9, -9 - Z95, -9 + Z95))
    assert squared_distance(0.0, 1.0).low == pytest.approx(-Z95)


def test_it_moves_smoothly_with_the_value():
    values = torch.linspace(-8, 8, 1601).tolist()
    for bounds in zip(*(squared_distance(v, 1.0)[1:] for v in values), strict=True):
        steps = torch.tensor(bounds).diff()
        assert (steps > 0).all() and steps.max() < 0.03


def test_without_error_there_is_no_width():
    assert squared_distance(2.0, 0.0) == (2.0, 2.0, 2.0)


def test_it_holds_a_squared_mean_as_often_as_it_says():
    """(x̄)² is a squared distance whose error is 2 |x̄| se: the plain interval is lopsided."""
    generator = torch.Generator().manual_seed(0)
    means = 0.2 + 0.05 * torch.randn(4000, generator=generator, dtype=torch.float64)
    found = [squared_distance(m * m, 2 * abs(m) * 0.05) for m in means.tolist()]
    low = sum(one.high < 0.04 for one in found) / 4000
    high = sum(one.low > 0.04 for one in found) / 4000
    assert low + high == pytest.approx(0.05, abs=0.012)
    assert low < 0.045 and high > 0.005
