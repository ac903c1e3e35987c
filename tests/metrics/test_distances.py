import pytest
import torch
from torch import Tensor

from ganvas.metrics import distances
from ganvas.metrics.distances import nearest, neighbours_within


def features(count: int, seed: int, offset: float = 0.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 12, generator=generator, dtype=torch.float64) + offset


def plain(a: Tensor, b: Tensor) -> Tensor:
    mode = "donot_use_mm_for_euclid_dist"
    return torch.cdist(a.double(), b.double(), compute_mode=mode)


@pytest.fixture(params=[None, 3], ids=["one block", "blocks of 3"], autouse=True)
def blocks(request, monkeypatch):
    """Every test here also in blocks that divide no count evenly."""
    if request.param is not None:
        monkeypatch.setattr(distances, "CAP", 1)
        monkeypatch.setattr(distances, "LEAST", request.param)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_distances_are_those_of_differences_even_far_from_the_origin(offset):
    a, b = features(40, 1, offset), features(50, 2, offset)
    found = torch.cat([block for _, block in distances.distances(a, b)])
    torch.testing.assert_close(found, plain(a, b), rtol=1e-10, atol=0)


def test_the_nearest_and_where_it_is():
    a, b = features(40, 1), features(50, 2)
    expected = plain(a, b).min(1)
    distance, position = nearest(a, b)
    assert torch.equal(position, expected.indices)
    torch.testing.assert_close(distance, expected.values)


def test_neighbours_are_others_in_order():
    a = features(40, 1)
    apart = plain(a, a).fill_diagonal_(torch.inf)
    expected = apart.sort(1).values[:, :3]
    torch.testing.assert_close(neighbours_within(a, 3), expected)
    chosen = torch.tensor([39, 0, 7, 7])
    torch.testing.assert_close(neighbours_within(a, 3, chosen), expected[chosen])
    with pytest.raises(ValueError, match="no 40 neighbours"):
        neighbours_within(a, 40)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_copies_are_at_no_distance_at_all(offset):
    """|a|² + |b|² - 2 a·b leaves rounding, and what is compared with zero would be chance."""
    a = features(40, 1, offset)
    distance, position = nearest(a, torch.cat([features(9, 2), a]))
    assert (distance == 0).all() and torch.equal(position, torch.arange(9, 49))
    assert (neighbours_within(torch.cat([a, a]), 1) == 0).all()
