"""Each form of a product against PyTorch's own in float64, and which form is taken."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import NamedTuple
from unittest import mock

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.grad import conv2d_weight

from ganvas.networks.operators import forms, kernels

# Of the sum of each product's absolute terms: two roundings of a result, or those of 500 additions.
TOLERANCE = {torch.float64: 1e-13, torch.float32: 3e-6, torch.bfloat16: 2**-7}

LAYOUTS = ["contiguous", "channels-last", "sliced", "transposed", "strided", "expanded"]


def laid(tensor: Tensor, layout: str) -> Tensor:
    """The same values, otherwise in memory; ``expanded`` repeats one pixel."""
    return {
        "contiguous": lambda: tensor,
        "channels-last": lambda: tensor.contiguous(memory_format=torch.channels_last),
        "sliced": lambda: torch.cat([tensor, tensor], 3)[..., tensor.shape[3] :],
        "transposed": lambda: tensor.transpose(0, 3).contiguous().transpose(0, 3),
        "strided": lambda: tensor.repeat_interleave(2, 2)[:, :, ::2],
        "expanded": lambda: tensor[:1, :, :1, :1].expand_as(tensor),
    }[layout]()


class Case(NamedTuple):
    """A small product: map is [H', W'], size [H, W] with what a stride rounds away."""

    batch: int
    channels: tuple[int, int]
    map: list[int]
    size: list[int]
    kernel: list[int]
    steps: kernels.Steps
    dtype: torch.dtype
    layouts: tuple[str, str]
    bias: bool
    seed: int

    def operands(self) -> tuple[Tensor, Tensor, Tensor]:
        """x, w and g."""
        generator = torch.Generator().manual_seed(self.seed)
        ins, outs = self.channels
        shapes = (
            (self.batch, ins, *self.size),
            (outs, ins, *self.kernel),
            (self.batch, outs, *self.map),
        )
        x, w, g = (
            torch.randn(shape, generator=generator, dtype=torch.float64).to(self.dtype)
            for shape in shapes
        )
        first, second = self.layouts
        return laid(x, first), laid(w, second if second != "expanded" else first), laid(g, second)

    def biased(self, channels: int) -> Tensor | None:
        return torch.linspace(-2, 3, channels).to(self.dtype) if self.bias else None


@st.composite
def cases(draw: st.DrawFn, linear: bool = False) -> Case:
    kernel = [draw(st.integers(1, 5)), draw(st.integers(1, 5))]
    stride = draw(st.integers(1, 3))
    padding = 0 if linear else draw(st.integers(0, min(2, min(kernel) - 1)))
    pixels = [1, 1] if linear else [draw(st.integers(1, 4)), draw(st.integers(1, 4))]
    beyond = [0, 0] if linear else [draw(st.integers(0, stride - 1)) for _ in kernel]
    size = [
        (side - 1) * stride - 2 * padding + reach + rest
        for side, reach, rest in zip(pixels, kernel, beyond, strict=True)
    ]
    assume(min(size) > 0)
    return Case(
        batch=draw(st.integers(1, 3)),
        channels=(draw(st.integers(1, 5)), draw(st.integers(1, 5))),
        map=pixels,
        size=size,
        kernel=kernel,
        steps=(stride, padding),
        dtype=draw(st.sampled_from(list(TOLERANCE))),
        layouts=(draw(st.sampled_from(LAYOUTS)), draw(st.sampled_from(LAYOUTS))),
        bias=draw(st.booleans()),
        seed=draw(st.integers(0, 2**16)),
    )


def assert_equal(product: Callable[..., Tensor], plain: Callable[..., Tensor], *operands) -> None:
    """To rounding, of what the absolute terms add up to; in the same shape and number format."""
    made = product(*operands)
    exact = [None if operand is None else operand.double() for operand in operands]
    expected = plain(*exact)
    bound = plain(*[None if operand is None else operand.abs() for operand in exact])
    assert made.shape == expected.shape
    assert made.dtype == operands[0].dtype
    assert ((made.double() - expected).abs() <= TOLERANCE[made.dtype] * bound).all()


few = settings(max_examples=60, deadline=None)
NARROW = Case(
    1, (1, 1), [1, 1], [3, 2], [2, 1], (3, 0), torch.float32, ("sliced", "expanded"), True, 0
)  # two pixels beyond the one tap


@few
@given(cases())
@example(NARROW)
def test_convolutions_are_the_plain_one(case: Case) -> None:
    x, w, _ = case.operands()
    stride, padding = case.steps

    def plain(x, w, bias):
        return F.conv2d(x, w, bias, stride=stride, padding=padding)

    bias = case.biased(len(w))
    assert_equal(
        lambda x, w, b: kernels.convolve_by_patches(x, w, b, case.steps), plain, x, w, bias
    )
    assert_equal(lambda x, w, b: forms.convolve(x, w, b, case.steps), plain, x, w, bias)


@few
@given(cases())
@example(NARROW)
@pytest.mark.parametrize(
    "form",
    [
        kernels.transpose_by_rows,
        kernels.transpose_by_planes,
        kernels.transpose_natively,
        forms.transpose,
    ],
)
def test_transposes_are_the_plain_one(form, case: Case) -> None:
    _, w, g = case.operands()
    stride, padding = case.steps
    beyond = [
        whole - ((side - 1) * stride - 2 * padding + reach)
        for whole, side, reach in zip(case.size, case.map, case.kernel, strict=True)
    ]

    def plain(g, w, bias):
        return F.conv_transpose2d(g, w, bias, stride=stride, padding=padding, output_padding=beyond)

    bias = case.biased(w.shape[1])
    assert_equal(lambda g, w, b: form(g, w, b, case.steps, case.size), plain, g, w, bias)


@few
@given(cases(linear=True))
@pytest.mark.parametrize("form", [kernels.transpose_linearly, forms.transpose])
def test_a_single_pixel_goes_through_a_linear_layer(form, case: Case) -> None:
    _, w, g = case.operands()
    bias = case.biased(w.shape[1])
    assert_equal(
        lambda g, w, b: form(g, w, b, case.steps, case.size), F.conv_transpose2d, g, w, bias
    )


@few
@given(cases())
@example(NARROW)
@pytest.mark.parametrize(
    "form",
    [kernels.weight_gradient_by_patches, kernels.weight_gradient_natively, forms.weight_gradient],
)
def test_weight_gradients_are_the_plain_one(form, case: Case) -> None:
    x, _, g = case.operands()
    stride, padding = case.steps
    if form is kernels.weight_gradient_natively and case.dtype == torch.bfloat16:
        assume(not forms._meets_unset_memory(x, g, case.steps, case.kernel))

    def plain(x, g):
        shape = (g.shape[1], x.shape[1], *case.kernel)
        return conv2d_weight(x, shape, g, stride=stride, padding=padding)

    assert_equal(lambda x, g: form(x, g, case.steps, case.kernel), plain, x, g)


def test_an_empty_batch_makes_empty_maps_and_no_weight_gradient() -> None:
    x, w, g = torch.ones(0, 3, 6, 6), torch.ones(5, 3, 4, 4), torch.ones(0, 5, 3, 3)
    for form in (kernels.transpose_by_rows, kernels.transpose_by_planes):
        assert form(g, w, None, (2, 1), [6, 6]).shape == x.shape
    assert kernels.convolve_by_patches(x, w, None, (2, 1)).shape == g.shape
    assert kernels.weight_gradient_by_patches(x, g, (2, 1), [4, 4]).equal(torch.zeros_like(w))


def test_what_a_form_returns_is_no_view() -> None:
    """Autograd refuses in-place activations on a view that a Function has made."""
    x, w, g = torch.randn(2, 3, 6, 6), torch.randn(5, 3, 4, 4), torch.randn(2, 5, 3, 3)
    with taking("matrix"):
        made = [
            forms.convolve(x, w, None, (2, 1)),
            forms.transpose(g, w, None, (2, 1), [6, 6]),
            forms.weight_gradient(x, g, (2, 1), [4, 4]),
        ]
    assert not any(tensor._is_view() for tensor in made)
    assert all(t.is_contiguous(memory_format=torch.channels_last) for t in made)


# Which form is taken


@contextmanager
def taking(form: str) -> Iterator[None]:
    """One form for all shapes that a trial may try."""
    with (
        mock.patch.object(forms.CHOICE, "measured", {"any": form}),
        mock.patch.object(forms.CHOICE, "pick", lambda key, rule, trial: form),
    ):
        yield


@pytest.fixture
def table() -> Iterator[forms.FormChoice]:
    """The table, emptied before and after."""
    forms.use({})
    yield forms.CHOICE
    forms.use({})


@pytest.fixture
def taken(monkeypatch) -> list[str]:
    """The names of the forms that ran."""
    ran: list[str] = []

    def watch(name: str) -> None:
        form = getattr(kernels, name)
        monkeypatch.setattr(kernels, name, lambda *args: (ran.append(name), form(*args))[1])

    for name in (
        "convolve_by_patches",
        "weight_gradient_by_patches",
        "weight_gradient_natively",
        "transpose_by_rows",
        "transpose_by_planes",
        "transpose_linearly",
        "transpose_natively",
    ):
        watch(name)
    return ran


def transposed(channels: int, side: int, dtype: torch.dtype = torch.float32) -> Tensor:
    g, w = torch.randn(2, 6, side, side, dtype=dtype), torch.randn(6, channels, 4, 4, dtype=dtype)
    return forms.transpose(g, w, None, (2, 1), [2 * side, 2 * side])


def test_the_rule_takes_planes_for_images_and_linear_layers_for_latents(table, taken) -> None:
    transposed(3, 10)
    transposed(5, 4)
    w = torch.randn(6, 5, 4, 4)
    forms.transpose(torch.randn(2, 6, 1, 1), w, None, (1, 0), [4, 4])
    forms.convolve(torch.randn(2, 5, 4, 4), w, None, (1, 0))
    forms.convolve(torch.randn(2, 5, 5, 4), w, None, (1, 0))
    assert taken == [
        "transpose_by_planes", "transpose_natively", "transpose_linearly", "convolve_by_patches",
    ]  # fmt: skip


@pytest.mark.parametrize("tiles", [True, False])
def test_the_rule_takes_products_on_small_maps_where_tiles_multiply(
    table, taken, monkeypatch, tiles: bool
) -> None:
    monkeypatch.setattr(forms, "_amx", lambda: tiles)
    x, w, g = torch.randn(2, 5, 8, 8), torch.randn(6, 5, 4, 4), torch.randn(2, 6, 4, 4)
    for dtype in (torch.float32, torch.bfloat16):
        forms.convolve(x.to(dtype), w.to(dtype), None, (2, 1))
        forms.transpose(g.to(dtype), w.to(dtype), None, (2, 1), [8, 8])
        forms.weight_gradient(x.to(dtype), g.to(dtype), (2, 1), [4, 4])
        transposed(5, 5, dtype)
    always = ["transpose_natively", "weight_gradient_natively", "transpose_natively"]
    by_tiles = ["convolve_by_patches", "transpose_by_rows"] if tiles else ["transpose_natively"]
    assert taken == [*always, *by_tiles, "weight_gradient_by_patches", "transpose_natively"]


def test_what_was_measured_is_taken_again(table, monkeypatch, taken) -> None:
    monkeypatch.setattr(forms, "_fastest", lambda forms, rule: "matrix")
    with forms.measuring() as found:
        transposed(5, 4)
    key = "transpose float32 2x6x4x4 6x5x4x4 2 1 8 8"
    assert found == {key: "matrix"}
    assert not table.measuring
    transposed(5, 4)
    assert taken == ["transpose_by_rows"] * 2

    written = dict(found)
    forms.use({})
    transposed(5, 4)
    forms.use(written)
    transposed(5, 4)
    assert taken[2:] == ["transpose_natively", "transpose_by_rows"]
    written.clear()  # the table has its own copy
    transposed(5, 4)
    assert taken[4:] == ["transpose_by_rows"]


def test_an_unknown_shape_takes_the_rule_and_is_not_tried(table, monkeypatch, taken) -> None:
    monkeypatch.setattr(forms, "_fastest", mock.Mock(side_effect=AssertionError("tried")))
    forms.use({"transpose float32 2x6x4x4 6x5x4x4 2 1 8 8": "matrix"})
    transposed(5, 5)
    transposed(5, 4, torch.float64)
    assert taken == ["transpose_natively"] * 2
    assert len(table.measured) == 1


def test_each_shape_is_tried_once(table, monkeypatch) -> None:
    trial = mock.Mock(return_value="native")
    monkeypatch.setattr(forms, "_fastest", trial)
    with forms.measuring() as found:
        for side in (4, 4, 5):
            transposed(5, side)
        transposed(5, 4, torch.bfloat16)
    assert trial.call_count == len(found) == 3


def test_large_maps_are_never_tried_but_of_images(table, monkeypatch) -> None:
    monkeypatch.setattr(forms, "_fastest", lambda forms, rule: rule)
    side = 9
    assert side**2 > forms.TRIED_MAP
    x, w, g = (
        torch.randn(2, 5, 2 * side, 2 * side),
        torch.randn(6, 5, 4, 4),
        torch.randn(2, 6, side, side),
    )
    with forms.measuring() as found:
        forms.convolve(x, w, None, (2, 1))
        forms.transpose(g, w, None, (2, 1), [2 * side, 2 * side])
        forms.weight_gradient(x, g, (2, 1), [4, 4])
        assert found == {}
        transposed(3, side)
        assert list(found.values()) == ["matrix"]


@pytest.mark.parametrize(
    ("x", "g", "steps"),
    [
        ((2, 5, 1, 2), (2, 3, 1, 1), (2, 2)),
        ((2, 5, 3, 2), (2, 3, 1, 1), (3, 2)),
        ((1, 1, 6, 5), (1, 3, 1, 1), (2, 0)),
    ],
)
def test_bfloat16_weight_gradients_that_pytorch_may_get_wrong_are_never_its_own(
    table, taken, x, g, steps
) -> None:
    forms.weight_gradient(torch.ones(x), torch.ones(g), steps, [5, 5])
    with forms.measuring() as found:
        forms.weight_gradient(torch.ones(x).bfloat16(), torch.ones(g).bfloat16(), steps, [5, 5])
    assert taken == ["weight_gradient_natively", "weight_gradient_by_patches"] and found == {}


def test_measuring_ends_with_an_error_too_and_starts_anew(table) -> None:
    forms.use({"old": "matrix"})
    with pytest.raises(KeyboardInterrupt), forms.measuring() as found:
        assert found == {} and table.measuring
        raise KeyboardInterrupt
    assert not table.measuring


def test_a_real_trial_changes_nothing_but_the_table(table) -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    x, w, g = torch.randn(2, 5, 8, 8), torch.randn(6, 5, 4, 4), torch.randn(2, 6, 4, 4)
    torch.set_rng_state(state)
    with forms.measuring() as found:
        tried = [
            forms.convolve(x, w, None, (2, 1)),
            forms.transpose(g, w, None, (2, 1), [8, 8]),
            forms.weight_gradient(x, g, (2, 1), [4, 4]),
        ]
    assert torch.get_rng_state().equal(state)
    assert set(found.values()) <= {"native", "matrix"} and len(found) == 3
    again = [
        forms.convolve(x, w, None, (2, 1)),
        forms.transpose(g, w, None, (2, 1), [8, 8]),
        forms.weight_gradient(x, g, (2, 1), [4, 4]),
    ]
    assert all(a.equal(b) for a, b in zip(tried, again, strict=True))


@pytest.mark.parametrize(
    ("native", "matrix", "rule", "expected"),
    [
        (1.0, 0.95, "native", "native"),  # faster, but not by a tenth
        (1.0, 0.85, "native", "matrix"),
        (0.95, 1.0, "matrix", "matrix"),
        (0.85, 1.0, "matrix", "native"),
    ],
)
def test_the_rules_form_stays_unless_another_is_a_tenth_faster(
    monkeypatch, native: float, matrix: float, rule: str, expected: str
) -> None:
    now = 0.0

    def lasting(seconds: float) -> Callable[[], Tensor]:
        first = True

        def form() -> Tensor:
            nonlocal now, first
            now += 9.0 if first else seconds  # warming up does not count
            first = False
            return torch.zeros(())

        return form

    monkeypatch.setattr(forms, "time", SimpleNamespace(perf_counter=lambda: now))
    assert forms._fastest({"native": lasting(native), "matrix": lasting(matrix)}, rule) == expected
