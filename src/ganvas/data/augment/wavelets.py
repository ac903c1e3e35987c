"""Orthogonal wavelet filters, as matrices that act on a side of an image.

A filter with its stride and its reflected rim is one small matrix, which a processor applies to all
rows, or all columns, of a batch at once. The coefficients are Daubechies' (Ten Lectures on
Wavelets, 1992, tables 6.1 and 6.3), of unit energy and sum sqrt(2).
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)
SYM6 = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)

CENTRE = 6
"""SYM6 with a zero before it: 13 taps, nearly symmetric about this one."""

MARGIN = CENTRE
"""How far the fine grid of ``downsampling`` reaches beyond that of ``upsampling``, on each side."""

Matrix = Callable[[int, torch.device, torch.dtype], Tensor]


def _kept(make: Callable[[int], Tensor]) -> Matrix:
    """Keep what ``make`` returns for a side, on its device: a recorded graph may not copy there."""

    @lru_cache(maxsize=32)
    def kept(side: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        with torch.inference_mode(False), torch.no_grad():
            return make(side).to(device, dtype)

    return kept


@_kept
def upsampling(side: int) -> Tensor:
    """Twice as fine, by SYM6: [2 side - 1, side]. Pixel i lies at the fine place 2i."""
    fine = torch.arange(2 * side - 1)[:, None]
    pixels = torch.arange(-CENTRE, side + CENTRE)
    return 2**0.5 * _taps(_centred_sym6(), fine - 2 * pixels + CENTRE) @ _reflection(side, CENTRE)


@_kept
def downsampling(side: int) -> Tensor:
    """Back to pixels, by the same filter: [side, 2 side - 1 + 2 MARGIN]."""
    fine = torch.arange(2 * side - 1 + 2 * MARGIN) - MARGIN
    pixels = torch.arange(side)[:, None]
    return 0.5**0.5 * _taps(_centred_sym6(), fine - 2 * pixels + CENTRE)


@_kept
def bands(side: int) -> Tensor:
    """Filters [4, side, side] that part a signal into octaves, the lowest first; their sum is I."""
    filters = band_filters()
    margin = filters.shape[1] // 2
    places = torch.arange(-margin, side + margin)
    offsets = torch.arange(side)[:, None] - places + margin
    return torch.stack([_taps(taps, offsets) for taps in filters]) @ _reflection(side, margin)


def band_filters() -> Tensor:
    """Four symmetric band-pass filters [4, 43] whose sum is 1, the lowest band first.

    Half-band filters low(z) + high(z) = 1 are SYM2's power spectrum and its mirror image; a band
    is what all stages below its own let through, and its own does not.
    """
    taps = torch.tensor(SYM2, dtype=torch.float64)
    low = _product(taps, taps.flip(0)) / 2
    high = -low
    high[len(high) // 2] += 1
    passed, found = torch.ones(1, dtype=torch.float64), []
    for octave in range(3):
        found.append(_product(passed, _spread(high, 2**octave)))
        passed = _product(passed, _spread(low, 2**octave))
    return torch.stack([_padded(band, len(passed)) for band in (passed, *reversed(found))])


def _centred_sym6() -> Tensor:
    return torch.tensor((0.0, *SYM6), dtype=torch.float64)


def _taps(taps: Tensor, index: Tensor) -> Tensor:
    """``taps[index]``, 0 beyond both ends."""
    inside = (index >= 0) & (index < len(taps))
    return taps[index.clamp(0, len(taps) - 1)] * inside


def _reflection(side: int, margin: int) -> Tensor:
    """Continue a side by reflection about its end pixels: [side + 2 margin, side], one 1 a row."""
    period = max(1, 2 * (side - 1))
    places = torch.arange(-margin, side + margin).remainder(period)
    source = torch.minimum(places, period - places) if side > 1 else torch.zeros_like(places)
    return torch.eye(side, dtype=torch.float64)[source]


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Product of two polynomials in z, which is the filter of both in turn."""
    made = torch.zeros(len(left) + len(right) - 1, dtype=torch.float64)
    for power, factor in enumerate(left):
        made[power : power + len(right)] += factor * right
    return made


def _spread(taps: Tensor, step: int) -> Tensor:
    """The polynomial in z^step."""
    made = torch.zeros((len(taps) - 1) * step + 1, dtype=torch.float64)
    made[::step] = taps
    return made


def _padded(taps: Tensor, length: int) -> Tensor:
    rim = (length - len(taps)) // 2
    return torch.nn.functional.pad(taps, (rim, rim))
