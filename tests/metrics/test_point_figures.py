"""The figures of points against closed forms, of perfect samplers and of spoilt ones."""

import math

import pytest
import torch

from ganvas import keys
from ganvas.metrics.mixture import (
    Placed,
    covered,
    near,
    place,
    point_figures,
    reverse_kl,
    shares,
    spreads,
)

SIGMA = 0.01
CENTRES = torch.tensor([[0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]], dtype=torch.float64)
MODES = torch.arange(4)
MANY = 40_000


def drawn(wide: float = 1.0, centres: torch.Tensor = CENTRES, count: int = MANY) -> torch.Tensor:
    """Points around each centre in turn, their deviation ``wide`` times what it should be."""
    noise = torch.randn(count, 2, generator=keys.generator("test", count), dtype=torch.float64)
    return centres.repeat(count // len(centres), 1) + wide * SIGMA * noise


def figures(points: torch.Tensor) -> dict[str, float]:
    return {figure.name: figure.value for figure in point_figures(points, CENTRES, SIGMA, MODES)}


def test_a_point_is_placed_at_its_distance_in_deviations() -> None:
    points = torch.tensor([[0.53, 0.04], [-0.5, 0.0], [0.0, 0.45]])
    found = place(points, CENTRES, SIGMA, MODES)
    assert found.mode.tolist() == [0, 1, 2]
    expected = torch.tensor([5.0, 0.0, 5.0], dtype=torch.float64)
    torch.testing.assert_close(found.distance, expected, atol=1e-5, rtol=1e-5)


def test_a_perfect_sampler_has_the_figures_of_the_mixture() -> None:
    found = figures(drawn().float())
    assert found["modes"] == 4
    assert found["near"] == pytest.approx(1 - math.exp(-4.5), abs=0.002)
    assert found["spread-least"] == pytest.approx(1, abs=0.02)
    assert found["spread-most"] == pytest.approx(1, abs=0.02)
    assert found["reverse-kl"] == pytest.approx(0, abs=1e-4)  # each mode in turn, but for far ones


@pytest.mark.parametrize("wide", [0.5, 1.2, 1.5, 2.0])
def test_spreads_are_the_deviations_that_were_drawn(wide) -> None:
    """Within 5 sigma: the variance times 1 - a e^-a / (1 - e^-a), where a = 25 / (2 wide^2)."""
    edge = 25 / (2 * wide**2)
    kept = 1 - edge * math.exp(-edge) / (1 - math.exp(-edge))
    placed = place(drawn(wide), CENTRES, SIGMA, MODES)
    expected = torch.full((4,), wide * math.sqrt(kept), dtype=torch.float64)
    torch.testing.assert_close(spreads(placed, 4, 2), expected, atol=0, rtol=0.02)
    assert near(placed.distance) == pytest.approx(1 - math.exp(-4.5 / wide**2), abs=0.01)


def test_an_offset_widens_a_mode_and_strays_do_not() -> None:
    moved = drawn() + torch.tensor([SIGMA, 0.0])
    placed = place(moved, CENTRES, SIGMA, MODES)
    assert spreads(placed, 4, 2).mean() == pytest.approx(math.sqrt(1.5), rel=0.02)
    strays = torch.tensor([[0.4, 0.0]]).expand(400, 2)
    placed = place(torch.cat([drawn(), strays]), CENTRES, SIGMA, MODES)
    assert spreads(placed, 4, 2)[0] == pytest.approx(1, abs=0.03)


def test_missing_modes_count_and_have_no_spread() -> None:
    three = drawn(centres=CENTRES[:3], count=30_000)
    found = figures(three)
    assert found["modes"] == 3 and found["spread-least"] == 0
    assert found["reverse-kl"] == pytest.approx(math.log(4 / 3), abs=1e-4)


def test_a_mode_of_few_points_or_of_far_ones_is_not_covered() -> None:
    fair = torch.arange(4).repeat_interleave(100)
    distance = torch.ones(400)
    distance[300:381] = 3.5  # 19 of 400 are near: less than a fifth of 100
    assert covered(Placed(distance, fair), 4) == 3
    distance[380] = 2.5
    assert covered(Placed(distance, fair), 4) == 4


def test_reverse_kl_is_the_divergence_from_equal_shares() -> None:
    found = shares(torch.tensor([0, 0, 0, 1]), 2)
    assert found.tolist() == [0.75, 0.25]
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert reverse_kl(found) == pytest.approx(expected)
    assert reverse_kl(shares(torch.zeros(5, dtype=torch.int64), 25)) == pytest.approx(math.log(25))
    # N fair draws: (K - 1) / 2N on average (the chi-squared statistic over 2N).
    fair = torch.randint(25, (400, 5_000), generator=keys.generator("fair"))
    mean = sum(reverse_kl(shares(row, 25)) for row in fair) / 400
    assert mean == pytest.approx(24 / 10_000, rel=0.06)


@pytest.mark.parametrize(
    ("near_each", "expected"),
    [
        ([0, 0, 0, 0], math.log(4)),  # no mode is drawn, however evenly strays lie about
        ([9, 0, 0, 0], math.log(4)),
        ([9, 9, 0, 0], math.log(2)),
        ([9, 9, 9, 9], 0.0),
        ([6, 2, 0, 0], 0.75 * math.log(3) + 0.25 * math.log(1)),
    ],
)
def test_strays_tell_nothing_of_which_modes_are_drawn(near_each, expected) -> None:
    strays = [[0.2, 0.0], [-0.2, 0.0], [0.0, 0.2], [0.0, -0.2]] * 100  # as many to each mode
    places = CENTRES.repeat_interleave(torch.tensor(near_each), 0)
    points = torch.cat([torch.tensor(strays), places.float()])
    found = point_figures(points, CENTRES, SIGMA, MODES)[-1]
    assert found.name == "reverse-kl" and found.value == pytest.approx(expected, abs=1e-12)
    assert found.note == f"of the {sum(near_each)} points near a mode"


def test_along_a_curve_only_the_deviation_across_counts() -> None:
    line = torch.stack([torch.linspace(-0.8, 0.8, 1601), torch.zeros(1601)], 1).double()
    modes = torch.arange(1601) // 801
    points = drawn(centres=line, count=1601 * 20)
    found = {f.name: f.value for f in point_figures(points, line, SIGMA, modes, 1)}
    assert found["modes"] == 2
    assert found["spread-least"] == pytest.approx(1, abs=0.03)
    assert found["near"] == pytest.approx(math.erf(3 / math.sqrt(2)), abs=0.002)
