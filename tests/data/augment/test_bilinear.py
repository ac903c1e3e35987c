"""Bilinear resampling by index against PyTorch's kernel: values, and gradients of two orders."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.data.augment.bilinear import bilinear, gathered


def plain(images: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(images, grid, "bilinear", "reflection", align_corners=True)


@pytest.mark.parametrize("size", [(5, 7), (1, 6), (8, 1), (16, 16)])
def test_values_and_gradients_are_those_of_grid_sample(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(3, 2, *size, generator=generator, dtype=torch.float64, requires_grad=True)
    grid = 6 * torch.rand(3, 9, 11, 2, generator=generator, dtype=torch.float64) - 3
    weights = torch.randn(3, 2, 9, 11, generator=generator, dtype=torch.float64)
    made = [form(images, grid) for form in (gathered, plain)]
    torch.testing.assert_close(*made, rtol=0, atol=1e-12)
    slopes = [torch.autograd.grad((each * weights).sum(), images)[0] for each in made]
    torch.testing.assert_close(*slopes, rtol=0, atol=1e-12)


def test_whole_places_give_the_pixels_themselves() -> None:
    images = torch.arange(12.0).view(1, 1, 3, 4)
    rows, columns = torch.linspace(-1, 1, 3), torch.linspace(-1, 1, 4)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], -1)[None]
    assert torch.allclose(gathered(images, grid), images, atol=1e-5)
    assert torch.equal(bilinear(images, grid), plain(images, grid))


def test_the_gradient_can_be_differentiated_again() -> None:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(2, 1, 4, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    grid = 2.5 * torch.rand(2, 4, 5, 2, generator=generator, dtype=torch.float64) - 1.2
    assert torch.autograd.gradgradcheck(lambda x: gathered(x, grid).pow(3), images)
