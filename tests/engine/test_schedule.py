import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.engine.schedule import Cosine, Geometric, Linear, at, ends, moved_ends


def test_numbers_are_constant() -> None:
    assert at(3e-4, 0) == at(3e-4, 10**9) == 3e-4


def test_linear_passes_through_its_ends_and_middle() -> None:
    line = Linear(1.0, 0.0, until=300, begin=100)
    assert [at(line, i) for i in (0, 100, 150, 200, 300, 999)] == [1, 1, 0.75, 0.5, 0, 0]


def test_cosine_is_half_a_cosine() -> None:
    curve = Cosine(2.0, 0.0, until=100)
    assert at(curve, 0) == 2.0
    assert at(curve, 50) == pytest.approx(1.0)
    assert at(curve, 25) == pytest.approx(1 + math.cos(math.pi / 4))
    assert at(curve, 100) == pytest.approx(0.0)


def test_a_ramped_half_life_is_a_line() -> None:
    assert at(Linear(0, 10_000, 200_000), 100_000) == 5_000


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 10**6))
def test_values_stay_between_the_ends(images: int, begin: int, length: int) -> None:
    for shape in (Linear, Cosine):
        value = at(shape(-1.0, 2.0, until=begin + length, begin=begin), images)
        assert -1.0 - 1e-9 <= value <= 2.0 + 1e-9


def test_geometric_goes_by_equal_ratios() -> None:
    fall = Geometric(1.0, 1e-4, until=400)
    assert [at(fall, i) for i in (0, 100, 200, 400, 999)] == pytest.approx(
        [1, 1e-1, 1e-2, 1e-4, 1e-4]
    )
    assert ends(fall) == (1.0, 1e-4)
    with pytest.raises(ValueError, match="above 0"):
        Geometric(1.0, 0.0, until=10)


@dataclass(frozen=True)
class Settings:
    rate: object
    rates: tuple[object, ...]
    width: int = 3


@pytest.mark.parametrize("kind", [Linear, Cosine, Geometric])
def test_what_ends_with_a_total_ends_with_a_smaller_one_and_begins_alike(kind) -> None:
    old, other = kind(1.0, 0.1, until=500, begin=200), kind(1.0, 0.1, until=499)
    new = moved_ends(old, 500, 300)
    assert (new.begin, new.until) == (200, 300)
    assert [at(new, i) for i in range(201)] == [at(old, i) for i in range(201)]
    assert [at(new, 200 + i) for i in range(150)] == [at(old, 200 + 3 * i) for i in range(150)]
    assert moved_ends(old, 500, 100) == kind(1.0, 0.1, until=100, begin=80)
    late = kind(1.0, 0.1, until=500, begin=450)
    assert moved_ends(late, 500, 100) == kind(1.0, 0.1, until=100, begin=90)
    assert moved_ends(old, 500, 500) == old and moved_ends(late, 500, 500) == late
    assert moved_ends(other, 500, 300) is other
    for plain in (2e-4, None, 500, "500"):
        assert moved_ends(plain, 500, 300) == plain
    settings = Settings(Settings(old, (other, old, 500)), (), 500)
    assert moved_ends(settings, 500, 300) == Settings(Settings(new, (other, new, 500)), (), 500)
