"""Ways between latents, against closed forms."""

import math

import pytest
import torch

from ganvas.sampling.interpolation import lerp, loop, slerp

SHARES = torch.linspace(0, 1, 9, dtype=torch.float64)


def vectors(seed: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(torch.randn(2, size, generator=torch.Generator().manual_seed(seed)).double())


@pytest.mark.parametrize("size", [2, 3, 64])
@pytest.mark.parametrize("seed", range(5))
def test_it_begins_and_ends_where_it_was_told_to(seed: int, size: int) -> None:
    start, end = vectors(seed, size)
    way = slerp(start, end, SHARES)
    torch.testing.assert_close(way[0], start)
    torch.testing.assert_close(way[-1], end)


@pytest.mark.parametrize("size", [2, 3, 64])
@pytest.mark.parametrize("seed", range(5))
def test_angles_are_equal_and_lengths_change_evenly(seed: int, size: int) -> None:
    start, end = vectors(seed, size)
    way = slerp(start, end, SHARES)
    lengths = way.norm(dim=1)
    torch.testing.assert_close(lengths, torch.lerp(start.norm(), end.norm(), SHARES))
    unit = way / lengths[:, None]
    angles = 2 * torch.asin((unit[1:] - unit[:-1]).norm(dim=1) / 2)
    whole = torch.acos((start @ end / start.norm() / end.norm()).clamp(-1, 1))
    torch.testing.assert_close(angles, (whole / 8).expand(8))


def test_of_equal_lengths_it_is_the_published_formula() -> None:
    start, end = vectors(3, 5)
    end = end * start.norm() / end.norm()
    angle = torch.acos(start @ end / start.norm() ** 2)
    parts = [torch.sin(part * angle)[:, None] / angle.sin() for part in (1 - SHARES, SHARES)]
    torch.testing.assert_close(slerp(start, end, SHARES), parts[0] * start + parts[1] * end)


def test_a_quarter_turn_in_the_plane() -> None:
    way = slerp(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), SHARES)
    turn = SHARES * math.pi / 2
    expected = 2 * torch.stack([turn.cos(), turn.sin()], 1)
    torch.testing.assert_close(way, expected.float())


@pytest.mark.parametrize("size", [2, 3, 64])
def test_opposite_vectors_go_round_and_not_through_the_middle(size: int) -> None:
    start, _ = vectors(1, size)
    way = slerp(start, -start, SHARES)
    torch.testing.assert_close(way.norm(dim=1), start.norm().expand(9))
    torch.testing.assert_close(way[-1], -start)
    torch.testing.assert_close(way[4] @ start, torch.zeros((), dtype=torch.float64))


@pytest.mark.parametrize("factor", [1.0, 3.0, 1 + 1e-9])
def test_parallel_vectors_go_straight(factor: float) -> None:
    start, _ = vectors(2, 6)
    expected = lerp(start, factor * start, SHARES)
    torch.testing.assert_close(slerp(start, factor * start, SHARES), expected)


def test_single_numbers_and_zeros_stay_finite() -> None:
    assert slerp(torch.tensor([1.0]), torch.tensor([2.0]), SHARES).squeeze(1).tolist() == (
        pytest.approx([1 + share / 8 for share in range(9)])
    )
    for pair in ([[1.0], [-1.0]], [[0.0, 0.0], [1.0, 0.0]], [[0.0], [0.0]]):
        assert slerp(*torch.tensor(pair), SHARES).isfinite().all()


def test_a_loop_passes_every_station_and_closes() -> None:
    stations = torch.randn(4, 7, generator=torch.Generator().manual_seed(0))
    way = loop(stations, 5, slerp)
    assert way.shape == (20, 7)
    torch.testing.assert_close(way[::5], stations)
    torch.testing.assert_close(way[16:], slerp(stations[3], stations[0], torch.arange(1, 5) / 5))
    classes = torch.eye(3)
    mixed = loop(classes, 4, lerp)
    torch.testing.assert_close(mixed[2], torch.tensor([0.5, 0.5, 0.0]))
    torch.testing.assert_close(mixed.sum(1), torch.ones(12))
