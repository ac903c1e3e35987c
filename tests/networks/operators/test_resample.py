"""Bilinear resampling: the filter written out, the adjoint, derivatives, memory."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.operators.resample import Double, Halve, double, halve

LAST = torch.channels_last


def maps(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    numbers = torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))
    return numbers.contiguous(memory_format=LAST)


def halving(side: int) -> Tensor:
    """The matrix [side / 2, side] of one axis, written out tap by tap."""
    matrix = torch.zeros(side // 2, side, dtype=torch.float64)
    for row in range(side // 2):
        for tap, weight in zip(range(2 * row - 1, 2 * row + 3), (1, 3, 3, 1), strict=True):
            if 0 <= tap < side:
                matrix[row, tap] = weight / 8
    return matrix


def doubling(side: int) -> Tensor:
    """The matrix [2 side, side] of one axis: three quarters of a pixel, a quarter of the nearer."""
    matrix = torch.zeros(2 * side, side, dtype=torch.float64)
    for row in range(2 * side):
        for column, weight in ((row // 2, 0.75), (row // 2 + (1 if row % 2 else -1), 0.25)):
            if 0 <= column < side:
                matrix[row, column] = weight
    return matrix


SIZES = [(1, 2, 2), (3, 4, 6), (5, 8, 2), (2, 14, 14)]


@pytest.mark.parametrize(("channels", "height", "width"), SIZES)
def test_the_filter_written_out(channels: int, height: int, width: int) -> None:
    x = maps(2, channels, height, width)
    for layer, matrix in ((Halve(), halving), (Double(), doubling)):
        expected = matrix(height) @ x @ matrix(width).T
        torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(halve(x, 3.0), 3 * halve(x))
    torch.testing.assert_close(double(x, 3.0), 3 * double(x))


def test_inside_doubling_is_pytorchs_bilinear_interpolation() -> None:
    x = maps(2, 3, 6, 5)
    theirs = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(double(x)[:, :, 1:-1, 1:-1], theirs[:, :, 1:-1, 1:-1])


def test_the_filter_is_1_2_1_beside_pairs() -> None:
    x = maps(2, 1, 8, 6)
    line = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
    kernel = line.outer(line)[None, None]
    smooth = F.conv2d(x, kernel, padding=1)
    torch.testing.assert_close(halve(x), F.avg_pool2d(smooth, 2))
    repeated = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(double(x), F.conv2d(repeated, kernel, padding=1))


@pytest.mark.parametrize(("channels", "height", "width"), SIZES)
def test_doubling_is_four_times_the_adjoint_of_halving(channels, height, width) -> None:
    fine = maps(2, channels, height, width)
    coarse = maps(2, channels, height // 2, width // 2, seed=1)
    torch.testing.assert_close((double(coarse) * fine).sum(), 4 * (coarse * halve(fine)).sum())


@pytest.mark.parametrize("resample", [halve, double])
def test_derivatives(resample) -> None:
    x = maps(2, 2, 4, 6).requires_grad_()
    assert torch.autograd.gradcheck(resample, (x,))
    assert torch.autograd.gradgradcheck(lambda x: resample(x, 0.5).square(), (x,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("resample", [halve, double])
def test_maps_and_gradients_keep_number_format_and_memory_order(resample, dtype) -> None:
    x = maps(2, 4, 6, 8, dtype=dtype).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        made = resample(x)
        (slope,) = torch.autograd.grad(made.square().sum(), x, create_graph=True)
    slope.float().square().sum().backward()
    assert x.grad is not None
    for each in (made, slope, x.grad):
        assert each.dtype == dtype
        assert each.is_contiguous(memory_format=LAST)
    exact = resample(x.detach().double())
    torch.testing.assert_close(made.detach().double(), exact, rtol=0.02, atol=0.02)
