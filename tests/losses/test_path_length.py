import math

import torch
from torch import Tensor, nn

from ganvas.losses.path_length import path_lengths, path_penalty

SHAPE, LAYERS, SIZE = (2, 3, 4), 3, 5
PIXELS = 2 * 3 * 4


def linear() -> tuple[Tensor, Tensor, Tensor]:
    """A linear generator's J [pixels, L, W], its ws [N, L, W], and noise."""
    torch.manual_seed(0)
    jacobian = torch.randn(PIXELS, LAYERS, SIZE, dtype=torch.float64, requires_grad=True)
    ws = torch.randn(6, LAYERS, SIZE, dtype=torch.float64, requires_grad=True)
    return jacobian, ws, torch.randn(6, *SHAPE, dtype=torch.float64)


def images_of(jacobian: Tensor, ws: Tensor) -> Tensor:
    return torch.einsum("plw,nlw->np", jacobian, ws).view(-1, *SHAPE)


def test_a_linear_generator_has_the_lengths_of_its_jacobian() -> None:
    jacobian, ws, noise = linear()
    lengths = path_lengths(images_of(jacobian, ws), ws, noise)
    pulled = torch.einsum("plw,np->nlw", jacobian, noise.flatten(1)) / math.sqrt(3 * 4)
    expected = pulled.norm(dim=2).square().mean(1).sqrt()
    torch.testing.assert_close(lengths, expected, rtol=1e-6, atol=1e-9)


def test_an_orthogonal_jacobian_has_the_length_of_the_noise() -> None:
    """Where J is K times an orthogonal matrix, |J^T y| = K |y|: the paper's ideal."""
    torch.manual_seed(0)
    matrix = 3 * torch.linalg.qr(torch.randn(PIXELS, PIXELS, dtype=torch.float64))[0]
    ws = torch.randn(4, 1, PIXELS, dtype=torch.float64, requires_grad=True)
    noise = torch.randn(4, *SHAPE, dtype=torch.float64)
    images = (ws[:, 0] @ matrix.T).view(-1, *SHAPE)
    expected = 3 * noise.flatten(1).norm(dim=1) / math.sqrt(12)
    torch.testing.assert_close(path_lengths(images, ws, noise), expected)


def test_it_trains_the_generator_with_the_gradient_of_the_closed_form() -> None:
    jacobian, ws, noise = linear()
    lengths = path_lengths(images_of(jacobian, ws), ws, noise)
    pulled = torch.einsum("plw,np->nlw", jacobian, noise.flatten(1)) / math.sqrt(3 * 4)
    expected = pulled.square().sum(2).mean(1).sqrt()
    mean = torch.tensor(2.0, dtype=torch.float64)
    ours, theirs = (
        torch.autograd.grad(path_penalty(each, mean).mean(), jacobian)[0]
        for each in (lengths, expected)
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-9)


def test_lengths_do_not_depend_on_the_resolution() -> None:
    """A generator whose pixels repeat: as many more of them as the noise is divided by."""
    torch.manual_seed(0)
    ws = torch.randn(20_000, 1, 2, requires_grad=True)
    means = []
    for side in (2, 8):
        pattern = torch.ones(1, side, side)
        images = ws[:, 0, 0].view(-1, 1, 1, 1) * pattern
        means.append(path_lengths(images, ws, torch.randn_like(images)).mean().item())
    assert math.isclose(means[0], means[1], rel_tol=0.03)
    assert math.isclose(means[0], math.sqrt(2 / math.pi), rel_tol=0.03)  # the mean of |y|


def test_a_constant_generator_has_a_finite_derivative() -> None:
    weight = nn.Parameter(torch.zeros(PIXELS, SIZE))
    ws = torch.randn(2, 1, SIZE, requires_grad=True)
    images = (ws[:, 0] @ weight.T).view(-1, *SHAPE)
    lengths = path_lengths(images, ws, torch.randn(2, *SHAPE))
    path_penalty(lengths, torch.tensor(1.0)).mean().backward()
    assert weight.grad is not None and torch.isfinite(weight.grad).all()


def test_the_penalty_is_the_squared_distance_from_the_mean() -> None:
    lengths = torch.tensor([1.0, 2.0, 4.0])
    assert torch.equal(path_penalty(lengths, torch.tensor(2.0)), torch.tensor([1.0, 0.0, 4.0]))
