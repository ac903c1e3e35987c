"""The fast convolutions against the plain ones: values, gradients, gradients of gradients."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ganvas.networks.convolution import Conv2d, ConvTranspose2d, convolve, transpose, weigh

shapes = st.tuples(
    st.integers(1, 3),  # batch
    st.integers(1, 5),  # channels in
    st.integers(1, 4),  # channels out
    st.integers(4, 11),  # height
    st.integers(4, 11),  # width
    st.sampled_from([(4, 2, 1), (4, 1, 0), (3, 1, 1), (5, 2, 2), (4, 2, 0)]),
)


def twice(form, x: torch.Tensor, w: torch.Tensor) -> list[torch.Tensor]:
    """A value, its gradients, and the gradients of a function of those gradients."""
    x, w = x.clone().requires_grad_(), w.clone().requires_grad_()
    y = form(x, w)
    dx, dw = torch.autograd.grad(y.square().sum(), (x, w), create_graph=True)
    second = torch.autograd.grad(dx.square().sum() + dw.sin().sum(), (x, w))
    return [y, dx, dw, *second]


@settings(max_examples=40, deadline=None)
@given(shapes)
def test_convolution_equals_the_plain_one_through_two_derivatives(shape) -> None:
    n, i, o, h, wide, (k, s, p) = shape
    x = torch.randn(n, i, h, wide, dtype=torch.float64)
    w = torch.randn(o, i, k, k, dtype=torch.float64)
    if (h + 2 * p - k) % s or (wide + 2 * p - k) % s:
        x = x[..., : h - (h + 2 * p - k) % s, : wide - (wide + 2 * p - k) % s]
        x = x.contiguous() if n == 2 else x  # non-contiguous input too
    if min(x.shape[-2:]) + 2 * p < k:
        return
    ours = twice(lambda x, w: convolve(x, w, (s, p)), x, w)
    plain = twice(lambda x, w: F.conv2d(x, w, stride=s, padding=p), x, w)
    for a, b in zip(ours, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("side", [9, 10, 11])
def test_edges_that_a_stride_rounds_away_come_back(side: int) -> None:
    x = torch.randn(2, 3, side, side, dtype=torch.float64)
    w = torch.randn(4, 3, 4, 4, dtype=torch.float64)
    ours = twice(lambda x, w: convolve(x, w, (2, 1)), x, w)
    plain = twice(lambda x, w: F.conv2d(x, w, stride=2, padding=1), x, w)
    for a, b in zip(ours, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(shapes)
def test_transpose_equals_the_plain_one_through_two_derivatives(shape) -> None:
    n, i, o, h, wide, (k, s, p) = shape
    g = torch.randn(n, o, h, wide, dtype=torch.float64)
    w = torch.randn(o, i, k, k, dtype=torch.float64)
    size = [(h - 1) * s - 2 * p + k, (wide - 1) * s - 2 * p + k]
    ours = twice(lambda g, w: transpose(g, w, (s, p), size), g, w)
    plain = twice(lambda g, w: F.conv_transpose2d(g, w, stride=s, padding=p), g, w)
    for a, b in zip(ours, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("side", [8, 16])
def test_both_weight_gradients_are_the_native_one(side: int) -> None:
    """8 gives a 4x4 map (patches), 16 an 8x8 map (native)."""
    x, w = torch.randn(5, 6, side, side), torch.randn(7, 6, 4, 4)
    y = F.conv2d(x, w.requires_grad_(), stride=2, padding=1)
    g = torch.randn_like(y)
    (plain,) = torch.autograd.grad(y, w, g)
    torch.testing.assert_close(weigh(x, g, (2, 1), [4, 4]), plain, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("fast", "plain"),
    [
        (Conv2d(3, 5, 4, stride=2, padding=1), nn.Conv2d(3, 5, 4, stride=2, padding=1)),
        (Conv2d(3, 1, 8, bias=False), nn.Conv2d(3, 1, 8, bias=False)),
        (
            ConvTranspose2d(3, 5, 4, stride=2, padding=1),
            nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1),
        ),
        (ConvTranspose2d(3, 5, 4), nn.ConvTranspose2d(3, 5, 4)),
    ],
)
def test_layers_under_autocast_agree_with_float32_to_bfloat16s_precision(fast, plain) -> None:
    plain.load_state_dict(fast.state_dict())
    x = torch.randn(4, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        ours = fast(x)
    assert ours.dtype == torch.bfloat16
    exact = plain(x)
    assert (ours.float() - exact).norm() / exact.norm() < 0.01
    ours.float().square().sum().backward()
    exact.square().sum().backward()
    for a, b in zip(fast.parameters(), plain.parameters(), strict=True):
        assert a.grad is not None and a.grad.dtype == torch.float32
        assert (a.grad - b.grad).norm() / b.grad.norm() < 0.02
    torch.testing.assert_close(fast(x), plain(x))  # float32 takes the plain form
