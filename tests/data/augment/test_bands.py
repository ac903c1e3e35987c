"""Wavelets, frequency bands and corruptions: their filters' properties, and plain convolutions."""

import math

import pytest
import torch
import torch.nn.functional as F
from augmenting import OFF, seeded, some_images

from ganvas.data.augment import wavelets
from ganvas.data.augment.ada import ADA
from ganvas.data.augment.bands import POWER, Bands
from ganvas.data.augment.corruption import Corruption

CPU = torch.device("cpu")


@pytest.mark.parametrize(("taps", "moments"), [(wavelets.SYM2, 2), (wavelets.SYM6, 6)])
def test_wavelets_are_orthogonal_to_their_shifts_and_have_their_moments(
    taps: tuple[float, ...], moments: int
) -> None:
    filter = torch.tensor(taps, dtype=torch.float64)
    for shift in range(0, len(taps), 2):
        overlap = (filter[shift:] * filter[: len(taps) - shift]).sum().item()
        assert overlap == pytest.approx(float(shift == 0), abs=1e-11)
    assert filter.sum().item() == pytest.approx(math.sqrt(2), abs=1e-11)
    places = torch.arange(len(taps), dtype=torch.float64)
    for moment in range(moments):  # the high-pass filter sees no polynomial of lower degree
        assert ((-1) ** places * places**moment * filter).sum().abs() < 1e-6


def test_down_undoes_up_away_from_the_rim() -> None:
    up = wavelets.upsampling(32, CPU, torch.float64)
    down = wavelets.downsampling(32, CPU, torch.float64)
    both = down[:, wavelets.MARGIN : -wavelets.MARGIN] @ up
    inner = slice(3, -3)
    torch.testing.assert_close(both[inner], torch.eye(32, dtype=torch.float64)[inner])
    torch.testing.assert_close(up.sum(1), torch.ones(63, dtype=torch.float64))
    torch.testing.assert_close(down.sum(1), torch.ones(32, dtype=torch.float64))


def test_bands_are_octaves_whose_sum_is_everything() -> None:
    filters = wavelets.band_filters()
    delta = torch.zeros(43, dtype=torch.float64)
    delta[21] = 1
    torch.testing.assert_close(filters.sum(0), delta)
    torch.testing.assert_close(filters, filters.flip(1))
    padded = F.pad(filters, (0, 256 - 43)).roll(-21, 1)
    response = torch.fft.rfft(padded).real  # of frequencies from 0 to pi, 129 of them
    assert response.min() > -1e-9 and response.max() < 1 + 1e-9
    centres = [8, 24, 48, 96]
    assert response[:, centres].argmax(0).tolist() == [0, 1, 2, 3]
    assert response[0, 0] == pytest.approx(1) and response[3, -1] == pytest.approx(1)


@pytest.mark.parametrize("side", [8, 28])
def test_band_matrices_are_the_filters_with_reflected_rims(side: int) -> None:
    signal = torch.randn(side, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    period = [*range(side), *range(side - 2, 0, -1)]
    padded = signal[[period[place % len(period)] for place in range(-21, side + 21)]]
    for taps, matrix in zip(
        wavelets.band_filters(), wavelets.bands(side, CPU, torch.float64), strict=True
    ):
        expected = F.conv1d(padded[None, None], taps.flip(0)[None, None])[0, 0]
        torch.testing.assert_close(matrix @ signal, expected)


def test_gains_multiply_bands_and_keep_the_expected_power() -> None:
    images, uniform = some_images(16, size=(24, 28)), seeded(16)
    out = ADA(**OFF, bands=Bands())(images, uniform, 0.6)
    for image, made, row in zip(images, out, uniform("ada", 8).tolist(), strict=True):
        gains = torch.ones(4)
        for band in range(4):
            factors = torch.ones(4)
            if row[2 * band] < 0.6:
                factors[band] = 2 ** torch.special.ndtri(torch.tensor(row[2 * band + 1]))
            gains *= factors / (torch.tensor(POWER) * factors.square()).sum().sqrt()
        taps = (gains @ wavelets.band_filters().float())[None, None, None]
        padded = F.pad(image[:, None], (21, 21, 21, 21), mode="reflect")
        expected = F.conv2d(F.conv2d(padded, taps), taps.mT)[:, 0]
        torch.testing.assert_close(made, expected, atol=1e-4, rtol=1e-4)


def test_noise_has_a_deviation_an_image_and_cutout_is_a_quarter() -> None:
    images = torch.ones(512, 1, 32, 32)
    noisy = ADA(**OFF, corruption=Corruption(cutout=0))(images, seeded(512), 0.5)
    deviation = (noisy - images).std((1, 2, 3))
    row = seeded(512)("ada", 5)
    expected = 0.1 * torch.special.ndtri(row[:, 1]).abs() * (row[:, 0] < 0.5)
    torch.testing.assert_close(deviation, expected, atol=1e-4, rtol=0.1)
    cut = ADA(**OFF, corruption=Corruption(noise=0))(images, seeded(512), 0.5)
    assert set(cut.unique().tolist()) == {0.0, 1.0}
    hit = (cut == 0).flatten(1).any(1)
    assert torch.equal(hit, row[:, 2] < 0.5)
    # A rectangle of half of each side, whose centre is uniform: 3/4 of a side's overlap remains.
    share = (cut[hit] == 0).float().mean().item()
    assert share == pytest.approx((0.5 * 0.875) ** 2, abs=0.02)
