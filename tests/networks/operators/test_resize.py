"""Changes of size by matrices against PyTorch's kernel: values and gradients."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.operators.resize import bilinear_resize, by_matrices

SIZES = [((7, 5), (14, 10)), ((28, 28), (64, 96)), ((9, 12), (4, 5)), ((1, 6), (3, 6))]


@pytest.mark.parametrize(("before", "after"), SIZES)
@pytest.mark.parametrize(("antialias", "corners"), [*itertools.product((False, True), repeat=2)])
def test_values_and_gradients_are_those_of_interpolate(before, after, antialias, corners) -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 3, *before, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(2, 3, *after, dtype=torch.float64)
    options = {"antialias": antialias, "align_corners": corners}

    def slope(made: Tensor) -> Tensor:
        return torch.autograd.grad((made * weights).sum(), maps)[0]

    plain = F.interpolate(maps, after, mode="bilinear", **options)
    ours = by_matrices(maps, after, antialias, corners)
    torch.testing.assert_close(ours, plain, rtol=0, atol=1e-12)
    torch.testing.assert_close(slope(ours), slope(plain), rtol=0, atol=1e-12)
    assert torch.equal(bilinear_resize(maps, after, **options), plain)
