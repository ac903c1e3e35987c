import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ganvas.metrics.perceptual_path import EPSILON, path_length, slerp


def normal(count: int, size: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=generator, dtype=torch.float64)


def same(images: Tensor) -> Tensor:
    return images


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 1), st.floats(0, 3.1), st.floats(0.1, 10))
def test_slerp_turns_evenly_and_stretches_evenly(place, angle, length):
    start = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
    end = length * torch.tensor([[math.cos(angle), math.sin(angle), 0.0]], dtype=torch.float64)
    found = slerp(start, end, torch.tensor([place], dtype=torch.float64))[0]
    reached = torch.tensor([math.cos(place * angle), math.sin(place * angle), 0.0])
    expected = reached.double() * (1 - place + place * length)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_slerp_ends_where_it_should_in_float32():
    start, end = normal(20, 64, 1).float(), normal(20, 64, 2).float()
    torch.testing.assert_close(slerp(start, end, torch.zeros(20)), start)
    torch.testing.assert_close(slerp(start, end, torch.ones(20)), end)


def test_slerp_between_equal_latents_stays():
    start = normal(20, 64, 1).float()
    torch.testing.assert_close(slerp(start, start, torch.rand(20)), start)
    torch.testing.assert_close(slerp(start, 3 * start, torch.full((20,), 0.5)), 2 * start)


@pytest.mark.parametrize("angle", [0.3, math.pi / 2])
def test_an_even_generator_has_the_length_of_its_chords(angle):
    """Along the unit circle a step of e turns by e times the angle: a chord of 2 sin(e angle/2)."""
    count = 120
    start = torch.zeros(count, 5, dtype=torch.float64)
    end = start.clone()
    start[:, 0], end[:, 0], end[:, 1] = 1, math.cos(angle), math.sin(angle)
    places = torch.linspace(0, 1, count, dtype=torch.float64)
    turn = torch.linalg.qr(normal(5, 5, 3)).Q  # a generator that only turns
    expected = (2 * math.sin(EPSILON * angle / 2) / EPSILON) ** 2
    found = path_length(lambda latents: latents @ turn, same, start, end, places)
    assert found == pytest.approx((expected,) * 3, rel=1e-9)
    # Features' own scale does not matter, nor a rare pair that leaps.
    end[7] = -0.99 * start[7] + 0.1 * torch.eye(5, dtype=torch.float64)[2]
    found = path_length(same, lambda images: 7 * images, start, end, places)
    assert found == pytest.approx((expected,) * 3, rel=1e-9)


def test_any_generator_is_measured_by_the_definition():
    start, end, weights = normal(30, 6, 1), normal(30, 6, 2), normal(6, 9, 3)
    places = torch.linspace(0, 1, 30, dtype=torch.float64)

    def generate(latents: Tensor) -> Tensor:
        return (latents @ weights).tanh()

    each = []
    for a, b, t in zip(start, end, places, strict=True):
        pair = generate(slerp(a.expand(2, -1), b.expand(2, -1), torch.stack([t, t + EPSILON])))
        each.append((pair[0] - pair[1]).square().sum() / pair.square().sum(1).mean() / EPSILON**2)
    kept = torch.stack(each).sort().values[1:-1]  # 1% of 30 is the one at either end
    found = path_length(generate, same, start, end, places, chunk=7)
    assert found.value == pytest.approx(float(kept.mean()), rel=1e-9)
    error = float(kept.std()) / 28**0.5
    assert found.high - found.value == pytest.approx(1.959964 * error, rel=1e-6)
    assert found.value - found.low == pytest.approx(1.959964 * error, rel=1e-6)


def test_a_generator_that_bends_more_is_longer():
    start, end, places = normal(200, 8, 1), normal(200, 8, 2), torch.rand(200).double()
    bent, straight = (
        path_length(
            lambda z, f=f: torch.cat([(f * z).sin(), (f * z).cos()], 1), same, start, end, places
        )
        for f in (5.0, 0.5)
    )
    assert bent.low > straight.high
