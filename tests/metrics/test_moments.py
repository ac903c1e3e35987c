import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.metrics.moments import Moments, moments, stream


def rows(count: int, size: int = 5, offset: float = 3.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, size, generator=generator) @ torch.ones(size, size).tril() + offset


def same(a: Moments, b: Moments) -> None:
    assert a.count == b.count
    torch.testing.assert_close(a.mean, b.mean, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(a.scatter, b.scatter, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_mean_and_covariance_are_numpys(offset):
    features = rows(40, offset=offset)
    found = moments(features)
    plain = features.double().numpy()
    np.testing.assert_allclose(found.mean, plain.mean(0), rtol=1e-13)
    np.testing.assert_allclose(found.covariance, np.cov(plain, rowvar=False), rtol=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_any_batches_are_one_pass(counts):
    features = rows(sum(counts))
    same(stream(features.split(counts)), moments(features))


def test_what_was_added_may_be_taken_away():
    first, second = rows(30), rows(17)
    whole = moments(torch.cat([first, second]))
    same(moments(first) + moments(second), whole)
    same(whole - moments(second), moments(first))


def test_no_batch_is_an_error():
    with pytest.raises(ValueError, match="no features"):
        stream([])
