"""Flatten against nn.Flatten: values, gradients, and the memory order that the gradient has."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ganvas.networks.operators.flatten import Flatten

ORDERS = [torch.contiguous_format, torch.channels_last]
side = st.integers(1, 5)


def twice(layer: nn.Module, maps: Tensor, g: Tensor, v: Tensor) -> list[Tensor]:
    """Rows, the gradient, and the second gradients, of a curved function."""
    maps, g = maps.detach().requires_grad_(), g.detach().requires_grad_()
    rows = layer(maps * 1)
    (first,) = torch.autograd.grad(rows.square(), maps, g, create_graph=True)
    return [rows, first, *torch.autograd.grad(first, (maps, g), v)]


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 3), side, side, side),
    st.sampled_from(ORDERS),
    st.sampled_from([torch.float64, torch.float32, torch.bfloat16]),
    st.sampled_from(["rows", "columns", "one"]),
)
def test_rows_and_two_gradients_are_the_plain_ones(shape, order, dtype, lies) -> None:
    maps = torch.randn(shape, dtype=torch.float64).to(dtype).contiguous(memory_format=order)
    g = torch.randn(shape[0], maps[0].numel(), dtype=torch.float64).to(dtype)
    g = {"rows": g, "columns": g.T.contiguous().T, "one": g[:1, :1].expand_as(g)}[lies]
    v = torch.randn(shape, dtype=torch.float64).to(dtype)
    ours, plain = (twice(layer, maps, g, v) for layer in (Flatten(), nn.Flatten()))
    assert all(a.equal(b) for a, b in zip(ours, plain, strict=True))


@pytest.mark.parametrize("order", ORDERS)
def test_the_gradient_has_the_maps_memory_order(order) -> None:
    maps = torch.randn(2, 3, 4, 5).contiguous(memory_format=order).requires_grad_()
    seen = []
    same = maps * 1
    same.register_hook(lambda gradient: seen.append(gradient.stride()))
    Flatten()(same).square().sum().backward()
    assert seen == [maps.stride()]


@pytest.mark.parametrize("ends", [(1, -1), (1, 3), (1, 2), (0, -1), (2, 3), (-3, -1)])
def test_other_dimensions_are_flattened_as_plain_ones(ends) -> None:
    maps = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    assert Flatten(*ends)(maps).equal(nn.Flatten(*ends)(maps))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 4, 5, 2), (0, 3, 4, 5)])
def test_other_shapes_are_flattened_as_plain_ones(shape) -> None:
    maps = torch.randn(shape)
    assert Flatten()(maps).equal(nn.Flatten()(maps))


@pytest.mark.parametrize("shape", [(2, 3, 1, 1), (2, 1, 4, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("order", ORDERS)
def test_rows_may_be_changed_in_place(shape, order) -> None:
    maps = torch.randn(shape).contiguous(memory_format=order).requires_grad_()
    nn.functional.leaky_relu(Flatten()(maps * 1), 0.2, inplace=True).sum().backward()
    assert maps.grad is not None
    assert maps.grad.equal(torch.where(maps > 0, 1.0, 0.2))
