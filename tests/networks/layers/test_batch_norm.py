"""BatchNorm2d against nn.BatchNorm2d: values, statistics, two derivatives, what is refused."""

import copy

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ganvas.networks.operators.batch_norm import BatchNorm2d, _like

LAYOUTS = ["contiguous", "channels-last", "sliced", "expanded"]


def laid(tensor: Tensor, layout: str) -> Tensor:
    """The same values, otherwise in memory; ``expanded`` repeats one pixel."""
    return {
        "contiguous": lambda: tensor,
        "channels-last": lambda: tensor.contiguous(memory_format=torch.channels_last),
        "sliced": lambda: torch.cat([tensor, tensor], 3)[..., tensor.shape[3] :],
        "expanded": lambda: tensor[:, :, :1, :1].expand_as(tensor),
    }[layout]()


def layers(channels: int, dtype: torch.dtype = torch.float64, **settings) -> tuple:
    """Ours, and the plain one in float64 with the same weights, one of which is exactly zero."""
    ours = BatchNorm2d(channels, **settings)
    if ours.affine:
        nn.init.normal_(ours.weight)
        nn.init.normal_(ours.bias)
        ours.weight.data[-1] = 0
    plain = nn.BatchNorm2d(channels, **settings)
    plain.load_state_dict(ours.state_dict())
    return ours.to(dtype), plain.double()


def twice(layer, x: Tensor, g: Tensor, cotangents: list[Tensor | None]) -> dict[str, Tensor]:
    """The value, its gradients, and the gradients of what the cotangents make of those."""
    x, g = x.detach().requires_grad_(), g.detach().requires_grad_()
    inputs = (x, layer.weight, layer.bias)
    y = layer(x)
    first = torch.autograd.grad(y, inputs, g, create_graph=True)
    wanted = [(d, v) for d, v in zip(first, cotangents, strict=True) if v is not None]
    second = torch.autograd.grad(
        [d for d, _ in wanted],
        (x, g, layer.weight),
        [v.to(d.dtype) for d, v in wanted],
        materialize_grads=True,
    )
    names = ("y", "dx", "dw", "db", "second x", "second g", "second w")
    return dict(zip(names, (y, *first, *second), strict=True))


def assert_equal(ours: dict[str, Tensor], plain: dict[str, Tensor], tolerance: float) -> None:
    for name, expected in plain.items():
        made = ours[name].double()
        assert made.shape == expected.shape, name
        assert (made - expected).abs().max() <= tolerance * (1 + expected.abs().max()), name


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
    st.sampled_from(LAYOUTS[:3]),
    st.sampled_from(LAYOUTS),
    st.sampled_from(LAYOUTS),
    st.sampled_from([(True, True, True), (True, False, False), (False, True, False),
                     (False, False, True), (True, True, False), (False, True, True)]),
    st.sampled_from([torch.float64, torch.float32]),
    st.integers(0, 2**16),
)  # fmt: skip
def test_values_statistics_and_two_derivatives_are_the_plain_ones(
    shape, order, order_g, order_v, which, dtype, seed
) -> None:
    m = shape[0] * shape[2] * shape[3]
    assume(m >= (2 if dtype == torch.float64 else 4))
    torch.manual_seed(seed)
    ours, plain = layers(shape[1], dtype)
    x, g, v = (torch.randn(shape, dtype=torch.float64).to(dtype) for _ in range(3))
    x, g, v = laid(3 + 2 * x, order), laid(g, order_g), laid(v, order_v)
    vw, vb = torch.randn(2, shape[1], dtype=torch.float64).to(dtype)
    cotangents = [t if wanted else None for t, wanted in zip((v, vw, vb), which, strict=True)]
    made = twice(ours, x, g, cotangents)
    exact = [None if t is None else t.double() for t in cotangents]
    expected = twice(plain, x.double(), g.double(), exact)
    assert_equal(made, expected, 1e-6 if dtype == torch.float64 else 1e-2 if m < 10 else 1e-3)
    for memory in (torch.contiguous_format, torch.channels_last):
        if x.is_contiguous(memory_format=memory):
            assert _like(g, x).is_contiguous(memory_format=memory)
            assert made["dx"].is_contiguous(memory_format=memory)
    for name, buffer in plain.named_buffers():
        torch.testing.assert_close(ours.get_buffer(name).to(buffer.dtype), buffer)


def test_derivatives_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    ours, _ = layers(3)

    def norm(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return torch.func.functional_call(ours, {"weight": w, "bias": b}, x)

    inputs = [
        torch.randn(2, 3, 2, 3, dtype=torch.float64, requires_grad=True),
        torch.tensor([1.5, 0.0, -0.5], dtype=torch.float64, requires_grad=True),
        torch.randn(3, dtype=torch.float64, requires_grad=True),
    ]
    assert torch.autograd.gradcheck(norm, inputs)
    assert torch.autograd.gradgradcheck(norm, inputs)


@pytest.mark.parametrize("order", LAYOUTS[:2])
@pytest.mark.parametrize("order_g", LAYOUTS)
def test_bfloat16_agrees_to_its_precision(order: str, order_g: str) -> None:
    torch.manual_seed(1)
    ours, plain = layers(5, torch.float32)
    x, g, v = (torch.randn(6, 5, 7, 4).bfloat16() for _ in range(3))
    x, g, v = laid(x + 1, order), laid(g, order_g), laid(v, order_g)
    vw, vb = torch.randn(2, 5)
    made = twice(ours, x, g, [v, vw, vb])
    expected = twice(plain, x.double(), g.double(), [t.double() for t in (v, vw, vb)])
    assert made["y"].dtype == made["dx"].dtype == made["second x"].dtype == torch.bfloat16
    assert made["dw"].dtype == made["second w"].dtype == torch.float32
    for name, exact in expected.items():  # three roundings of 2^-9 on the way to each
        assert (made[name].double() - exact).norm() <= 0.012 * exact.norm(), name


def test_bfloat16_weights_too() -> None:
    torch.manual_seed(1)
    ours, plain = layers(5, torch.bfloat16)
    plain.load_state_dict(ours.state_dict())
    x, g, v = (torch.randn(6, 5, 7, 4).bfloat16() for _ in range(3))
    vw, vb = torch.randn(2, 5).bfloat16()
    made = twice(ours, x, g, [v, vw, vb])
    expected = twice(plain, x.double(), g.double(), [t.double() for t in (v, vw, vb)])
    for name, exact in expected.items():
        assert (made[name].double() - exact).norm() <= 0.02 * exact.norm(), name


@pytest.mark.parametrize("wanted", ["x", "w", "b", "xw", "xb", "wb"])
def test_gradients_of_some_inputs_alone(wanted: str) -> None:
    made = []
    torch.manual_seed(0)
    x, g = torch.randn(2, 3, 4, 5, 4, dtype=torch.float64)
    for layer in layers(4):
        torch.manual_seed(2)
        nn.init.normal_(layer.weight)
        inputs = {"x": x.clone(), "w": layer.weight, "b": layer.bias}
        for name, tensor in inputs.items():
            tensor.requires_grad_(name in wanted)
        asked = [inputs[name] for name in wanted]
        first = torch.autograd.grad(layer(inputs["x"]), asked, g, create_graph=True)
        assert all(t.grad is None for t in inputs.values())
        total = sum(d.square().sum() for d in first)
        second = (
            torch.autograd.grad(total, asked, allow_unused=True)  # pyright: ignore
            if isinstance(total, Tensor) and total.requires_grad
            else ()
        )
        made.append([*first, *(d if d is not None else torch.zeros(()) for d in second)])
    for a, b in zip(*made, strict=True):
        torch.testing.assert_close(a, b.expand_as(a) if b.dim() == 0 else b)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_layer_and_a_leaf_asked_for_alone(frozen: bool) -> None:
    """As a frozen opponent and a penalty's inner gradient ask."""
    ours, plain = layers(4)
    x = torch.randn(3, 4, 5, 4, dtype=torch.float64)
    made = []
    for layer in (ours, plain):
        layer.requires_grad_(not frozen)
        points = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(layer(points).sin().sum(), points, create_graph=True)
        made.append(torch.autograd.grad(slope.square().sum(), points)[0])
        assert layer.weight.grad is None
    torch.testing.assert_close(*made)


@pytest.mark.parametrize("constant", [True, False])
def test_a_third_derivative_is_refused_and_never_silently_wrong(constant: bool) -> None:
    ours, _ = layers(2)
    x = torch.randn(3, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    k = torch.randn(3, 2, 2, 2, dtype=torch.float64)
    g = k if constant else ours(x).detach() * x
    (first,) = torch.autograd.grad((ours(x) * g).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad((first * k).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="no third derivative"):
        torch.autograd.grad((second * x).sum(), x)


@pytest.mark.parametrize(
    "settings",
    [{"momentum": None}, {"affine": False}, {"track_running_stats": False}, {"eps": 0.1},
     {"momentum": 0.5}, {"affine": False, "track_running_stats": False}],
)  # fmt: skip
@pytest.mark.parametrize("training", [True, False])
def test_every_setting_is_the_plain_one(settings, training: bool) -> None:
    ours, plain = layers(4, **settings)
    for _ in range(3):
        x = torch.randn(3, 4, 5, 4, dtype=torch.float64) + 1
        torch.testing.assert_close(ours(x), plain(x))
    for layer in (ours, plain):
        layer.train(training)
        layer.track_running_stats = False  # what is set later counts too
    torch.testing.assert_close(ours(x), plain(x))  # pyright: ignore
    for layer in (ours, plain):
        layer.track_running_stats = settings.get("track_running_stats", True)
    torch.testing.assert_close(ours(x), plain(x))  # pyright: ignore
    assert list(ours.state_dict()) == list(plain.state_dict())
    for name, buffer in plain.named_buffers():
        torch.testing.assert_close(ours.get_buffer(name), buffer)
    if ours.num_batches_tracked is not None:
        assert ours.num_batches_tracked == 3 + training


@pytest.mark.parametrize(
    "x",
    [
        torch.randn(1, 3, 1, 1),  # one value a channel
        torch.randn(2, 4, 3, 3),  # other channels
        torch.randn(3, 4, 4),  # no batch
        torch.ones(2, 3, 2, 2, dtype=torch.int64),
        torch.randn(2, 3, 2, 2, dtype=torch.float64),
    ],
)
def test_what_the_plain_one_refuses_is_refused_in_the_same_words(x: Tensor) -> None:
    raised = []
    for layer in (BatchNorm2d(3), nn.BatchNorm2d(3)):
        with pytest.raises((ValueError, RuntimeError)) as error:
            layer(x)
        raised.append((error.type, str(error.value), layer.num_batches_tracked))
    assert raised[0] == raised[1]


def test_one_value_a_channel_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        BatchNorm2d(3)(torch.randn(1, 3, 1, 1))


def test_an_empty_batch_passes_as_it_does_plainly() -> None:
    assert BatchNorm2d(3)(torch.randn(0, 3, 2, 2)).shape == (0, 3, 2, 2)


def test_float16_and_evaluation_take_the_plain_form() -> None:
    x = torch.randn(2, 3, 4, 4, requires_grad=True)
    assert "Normalise" in type(BatchNorm2d(3)(x).grad_fn).__name__
    assert "Normalise" not in type(BatchNorm2d(3).eval()(x).grad_fn).__name__
    assert "Normalise" not in type(BatchNorm2d(3)(x.half()).grad_fn).__name__


def test_copies_and_passes_without_gradients_keep_their_own_statistics() -> None:
    ours = BatchNorm2d(3)
    x = torch.randn(2, 3, 4, 4)
    twin = copy.deepcopy(ours)
    with torch.no_grad():
        y = ours(x)
    assert not y.requires_grad
    assert ours.num_batches_tracked == 1 and twin.num_batches_tracked == 0
    assert twin.running_mean is not None and twin.running_mean.abs().max() == 0
    assert twin(x).equal(y)
    with torch.inference_mode():
        assert twin(x).equal(y)


def test_maps_may_be_changed_in_place_behind_it() -> None:
    made = []
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    for layer in layers(3):
        points = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(
            nn.functional.relu(layer(points), inplace=True).square().sum(),
            points,
            create_graph=True,
        )
        made.append(torch.autograd.grad(slope.square().sum(), points)[0])
    torch.testing.assert_close(*made)
