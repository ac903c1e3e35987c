import math

import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ganvas.metrics import sliced
from ganvas.metrics.sliced import sliced_wasserstein


def noise(count: int, seed: int, *, side: int = 4, top: int = 200) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, top, (count, 1, side, side), generator=generator, dtype=torch.uint8)


def test_a_brighter_set_is_as_far_as_it_is_brighter():
    """Its square is a chi-square with one degree of freedom times c², over 512 directions."""
    images, held = noise(20, 0), 0
    squares = []
    for seed in range(100):
        found = sliced_wasserstein(images, images + 30, seed=seed)
        squares.append(found.value**2)
        held += found.low <= 30 <= found.high
    deviation = 900 * math.sqrt(2 / 512 / 100)
    assert sum(squares) / 100 == pytest.approx(900, abs=4 * deviation)
    assert held >= 88


@pytest.mark.parametrize("counts", [(60, 60), (20, 30), (60, 15)])
def test_in_one_dimension_it_is_the_cheapest_assignment(counts):
    a, b = noise(counts[0], 1, side=1), noise(counts[1], 2, side=1, top=90)
    weights = (x.flatten().double().repeat(60 // len(x)) for x in (a, b))  # as many on either side
    cost = torch.cdist(*(x[:, None] for x in weights)).square().numpy()
    expected = math.sqrt(cost[linear_sum_assignment(cost)].mean())
    assert sliced_wasserstein(a, b) == pytest.approx((expected,) * 3, rel=1e-5)


def test_a_set_is_at_no_distance_from_itself_in_any_order_and_number():
    images = noise(30, 1)
    shuffled = images[torch.randperm(30, generator=torch.Generator().manual_seed(0))]
    assert sliced_wasserstein(images, shuffled) == (0, 0, 0)
    assert sliced_wasserstein(images, images.repeat(3, 1, 1, 1)).value == pytest.approx(0, abs=1e-4)
    # Two draws of one distribution, of unequal numbers: far nearer than brightening by 10.
    assert sliced_wasserstein(noise(3000, 2), noise(2000, 3)).value < 3


def test_blocks_change_nothing(monkeypatch):
    a, b = noise(50, 1), noise(30, 2)
    whole = sliced_wasserstein(a, b)
    monkeypatch.setattr(sliced, "BLOCK", 7 * 16)
    assert sliced_wasserstein(a, b) == pytest.approx(whole, rel=1e-5)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"\(1, 4, 4\) and of \(1, 5, 5\)"):
        sliced_wasserstein(noise(3, 0), noise(3, 0, side=5))
