"""The fast convolutions against the plain ones: values, gradients, gradients of gradients."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest import mock

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight

from ganvas.losses.penalties import zero_centred
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.networks.operators import forms, kernels
from ganvas.networks.operators.batch_norm import BatchNorm2d
from ganvas.networks.operators.convolution import (
    Conv2d,
    ConvTranspose2d,
    convolve,
    transpose,
    weight_gradient,
)
from ganvas.networks.operators.flatten import Flatten
from ganvas.networks.tutorial_mnist import TutorialMnistDiscriminator, TutorialMnistGenerator

FORMS = ["native", "matrix", "rule"]

# Of each result's largest number; operands are positive, so that nothing cancels.
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 2**-5}

LAYOUTS = ["contiguous", "channels-last", "sliced", "transposed", "expanded"]


def laid(tensor: Tensor, layout: str) -> Tensor:
    """The same values, otherwise in memory; ``expanded`` repeats one pixel."""
    return {
        "contiguous": lambda: tensor,
        "channels-last": lambda: tensor.contiguous(memory_format=torch.channels_last),
        "sliced": lambda: torch.cat([tensor, tensor], 3)[..., tensor.shape[3] :],
        "transposed": lambda: tensor.transpose(2, 3).contiguous().transpose(2, 3),
        "expanded": lambda: tensor[:1, :, :1, :1].expand_as(tensor),
    }[layout]()


@contextmanager
def taking(form: str) -> Iterator[None]:
    """One form for all shapes that a trial may try."""
    if form == "rule":
        yield
        return
    with (
        mock.patch.object(forms.CHOICE, "measured", {"any": form}),
        mock.patch.object(forms.CHOICE, "pick", lambda key, rule, trial: form),
    ):
        yield


class Case(NamedTuple):
    """A small trilinear form: map is [H', W'], size [H, W] with what a stride rounds away."""

    batch: int
    channels: tuple[int, int]
    map: list[int]
    beyond: list[int]
    kernel: list[int]
    steps: kernels.Steps
    dtype: torch.dtype
    layouts: list[str]
    bias: bool
    seed: int

    @property
    def size(self) -> list[int]:
        stride, padding = self.steps
        return [
            (side - 1) * stride - 2 * padding + reach + rest
            for side, reach, rest in zip(self.map, self.kernel, self.beyond, strict=True)
        ]

    def operands(self) -> tuple[Tensor, Tensor, Tensor]:
        """x, w and g."""
        ins, outs = self.channels
        shapes = (
            (self.batch, ins, *self.size),
            (outs, ins, *self.kernel),
            (self.batch, outs, *self.map),
        )
        x, w, g = (self.draw(index, *shape) for index, shape in enumerate(shapes))
        return laid(x, self.layouts[0]), w, laid(g, self.layouts[1])

    def biased(self, channels: int) -> Tensor | None:
        return self.draw(3, channels) if self.bias else None

    def draw(self, stream: int, *shape: int) -> Tensor:
        """Positive numbers."""
        generator = torch.Generator().manual_seed(4 * self.seed + stream)
        return (torch.rand(shape, generator=generator, dtype=torch.float64) + 0.1).to(self.dtype)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kernel = [draw(st.integers(1, 5)), draw(st.integers(1, 5))]
    stride = draw(st.integers(1, 3))
    case = Case(
        batch=draw(st.integers(1, 3)),
        channels=(draw(st.integers(1, 5)), draw(st.integers(1, 5))),
        map=[draw(st.integers(1, 5)), draw(st.integers(1, 5))],
        beyond=[draw(st.integers(0, stride - 1)), draw(st.integers(0, stride - 1))],
        kernel=kernel,
        steps=(stride, draw(st.integers(0, min(2, min(kernel) - 1)))),
        dtype=draw(st.sampled_from(list(TOLERANCE))),
        layouts=[draw(st.sampled_from(LAYOUTS)) for _ in range(3)],
        bias=draw(st.booleans()),
        seed=draw(st.integers(0, 2**16)),
    )
    assume(min(case.size) > 0)
    return case


def twice(
    form: Callable[..., Tensor], operands: list[Tensor], g: Tensor, layout: str
) -> list[Tensor]:
    """A value, its gradients given g, and theirs: each gradient's cotangent is laid as asked."""
    operands = [operand.detach().requires_grad_() for operand in operands]
    g = g.detach().requires_grad_()
    made = form(*operands)
    first = torch.autograd.grad(made, operands, g, create_graph=True)
    cotangents = []
    for index, gradient in enumerate(first):
        generator = torch.Generator().manual_seed(index)
        v = torch.rand(gradient.shape, generator=generator, dtype=torch.float64) + 0.1
        v = v.bfloat16().to(gradient.dtype)  # the same numbers in every format
        cotangents.append(laid(v, layout) if v.dim() == 4 else v)
    inputs = [*operands[:2], g]
    second = torch.autograd.grad(first, inputs, cotangents, materialize_grads=True)
    return [made, *first, *second]


def assert_equal_twice(
    ours: Callable[..., Tensor], plain: Callable[..., Tensor], case: Case, operands, g: Tensor
) -> None:
    operands = [operand for operand in operands if operand is not None]
    exact = twice(plain, [operand.double() for operand in operands], g.double(), case.layouts[2])
    for form in FORMS:
        with taking(form):
            made = twice(ours, operands, g, case.layouts[2])
        for index, (a, b) in enumerate(zip(made, exact, strict=True)):
            assert a.shape == b.shape and a.dtype == case.dtype
            off = (a.double() - b).abs().max() / b.abs().max()
            assert off <= TOLERANCE[case.dtype], (form, index, off)


REST = Case(
    2, (3, 2), [2, 3], [1, 2], [4, 3], (3, 1), torch.float32, ["sliced"] * 3, True, 0
)  # pixels beyond on both sides
LINEAR = Case(
    2, (3, 2), [1, 1], [0, 0], [4, 3], (2, 0), torch.bfloat16, ["channels-last"] * 3, True, 0
)
POINTWISE = Case(
    3, (2, 1), [4, 2], [2, 2], [1, 1], (3, 0), torch.float32, ["contiguous"] * 3, False, 0
)  # here PyTorch's own weight gradient may end the process
several = settings(max_examples=50, deadline=None)


@several
@given(cases())
@example(REST)
@example(LINEAR)
@example(POINTWISE)
def test_convolution_equals_the_plain_one_through_two_derivatives(case: Case) -> None:
    x, w, g = case.operands()
    stride, padding = case.steps
    assert_equal_twice(
        lambda x, w, bias=None: convolve(x, w, case.steps, bias),
        lambda x, w, bias=None: F.conv2d(x, w, bias, stride=stride, padding=padding),
        case, (x, w, case.biased(len(w))), g,
    )  # fmt: skip


@several
@given(cases())
@example(REST)
@example(LINEAR)
@example(POINTWISE)
def test_transpose_equals_the_plain_one_through_two_derivatives(case: Case) -> None:
    x, w, g = case.operands()
    stride, padding = case.steps

    def plain(g: Tensor, w: Tensor, bias: Tensor | None = None) -> Tensor:
        return F.conv_transpose2d(
            g, w, bias, stride=stride, padding=padding, output_padding=case.beyond
        )

    assert_equal_twice(
        lambda g, w, bias=None: transpose(g, w, case.steps, case.size, bias),
        plain, case, (g, w, case.biased(w.shape[1])), x,
    )  # fmt: skip


@several
@given(cases())
@example(REST)
@example(LINEAR)
@example(POINTWISE)
def test_weight_gradient_equals_the_plain_one_through_two_derivatives(case: Case) -> None:
    x, w, g = case.operands()
    stride, padding = case.steps

    def plain(x: Tensor, g: Tensor) -> Tensor:
        return conv2d_weight(x, list(w.shape), g, stride=stride, padding=padding)

    def ours(x: Tensor, g: Tensor) -> Tensor:
        return weight_gradient(x, g, case.steps, case.kernel)

    assert_equal_twice(ours, plain, case, (x, g), w)


@pytest.mark.parametrize("form", FORMS)
def test_derivatives_are_those_of_finite_differences(form: str) -> None:
    torch.manual_seed(0)
    x, w, g = torch.randn(2, 2, 5, 4), torch.randn(3, 2, 3, 2), torch.randn(2, 3, 2, 2)
    bias = torch.randn(3)
    x, w, g, bias = (t.double().requires_grad_() for t in (x, w, g, bias))
    with taking(form):
        for product, operands in (
            (lambda x, w, bias: convolve(x, w, (2, 0), bias), (x, w, bias)),
            (lambda g, w, bias: transpose(g, w, (2, 0), [5, 4], bias), (g, w, bias[:2])),
            (lambda x, g: weight_gradient(x, g, (2, 0), [3, 2]), (x, g)),
        ):
            assert torch.autograd.gradcheck(product, operands)
            assert torch.autograd.gradgradcheck(product, operands)


@pytest.mark.parametrize("form", FORMS)
def test_taps_that_see_padding_alone_weigh_nothing_in_bfloat16(form: str) -> None:
    """PyTorch's own kernel may leave their memory unset."""
    x, g = torch.ones(2, 5, 1, 2).bfloat16(), torch.ones(2, 3, 1, 1).bfloat16()
    for _ in range(5):
        torch.full((2, 3, 5, 5, 5), 1e4)  # what the next allocation may find
        with taking(form):
            made = weight_gradient(x, g, (2, 2), [5, 5])
        assert made[:, :, 2, 2:4].eq(2).all() and made.sum() == 2 * 3 * 5 * 2


@pytest.mark.parametrize("side", [8, 16])
def test_both_weight_gradients_are_the_native_one(side: int) -> None:
    """8 gives a 4x4 map (patches), 16 an 8x8 map (native)."""
    x, w = torch.randn(5, 6, side, side), torch.randn(7, 6, 4, 4)
    y = F.conv2d(x, w.requires_grad_(), stride=2, padding=1)
    g = torch.randn_like(y)
    (plain,) = torch.autograd.grad(y, w, g)
    torch.testing.assert_close(weight_gradient(x, g, (2, 1), [4, 4]), plain, rtol=1e-4, atol=1e-4)


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
    torch.testing.assert_close(fast(x), plain(x))


# Which gradients are computed


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    """The products that were computed, by name."""
    names: list[str] = []

    def watch(name: str) -> None:
        form = getattr(forms, name)
        monkeypatch.setattr(forms, name, lambda *args: (names.append(name), form(*args))[1])

    for name in ("convolve", "transpose", "weight_gradient"):
        watch(name)
    return names


def pair() -> tuple[nn.Module, nn.Module, Tensor]:
    """A small network of ours, the plain one in float64 with its weights, and images."""
    torch.manual_seed(0)
    network = nn.Sequential(
        Conv2d(3, 5, 4, stride=2, padding=1), nn.Tanh(), ConvTranspose2d(5, 3, 3), nn.Tanh()
    )
    return network, plain(network), torch.randn(2, 3, 6, 8)


def test_a_penaltys_inner_gradient_computes_no_weights_gradient(ran) -> None:
    network, _, x = pair()
    x.requires_grad_()
    scores = network(x).sum()
    ran.clear()
    (slope,) = torch.autograd.grad(scores, x, create_graph=True)
    assert ran == ["convolve", "transpose"]
    ran.clear()
    slope.square().sum().backward(inputs=list(network.parameters()))
    assert ran.count("weight_gradient") == 4  # each weight by its forward and by its inner gradient
    assert x.grad is None


@pytest.mark.parametrize("trained", ["weight", "bias", "input"])
def test_only_what_is_wanted_is_computed_and_it_is_right(ran, trained: str) -> None:
    fast, exact, x = pair()
    made = []
    for network, points in ((fast, x), (exact, x.double())):
        for name, weights in network.named_parameters():
            weights.requires_grad_(trained in name)
        points.requires_grad_(trained == "input")
        loss = network(points).square().sum()
        ran.clear()
        loss.backward()
        made.append([t.grad for t in (points, *network.parameters()) if t.requires_grad])
        if network is fast:
            # Whatever is trained first, the way to it leads through the last layer's input.
            expected = {
                "weight": ["convolve", "weight_gradient", "weight_gradient"],
                "bias": ["convolve"],
                "input": ["convolve", "transpose"],
            }
            assert sorted(ran) == expected[trained]
    assert len(made[0]) == (1 if trained == "input" else 2)
    for a, b in zip(*made, strict=True):
        assert (a.double() - b).norm() <= 1e-5 * b.norm()


@pytest.mark.parametrize("asked", [[0], [1], [2], [0, 2], [1, 2], [0, 1, 2]])
def test_leaves_asked_for_alone(asked: list[int]) -> None:
    fast, exact, x = pair()
    made = []
    for network, points in (
        (fast, x.requires_grad_()),
        (exact, x.detach().double().requires_grad_()),
    ):
        leaves = (points, *network[0].parameters())  # pyright: ignore
        wanted = [leaves[index] for index in asked]
        first = torch.autograd.grad(network(points).sum(), wanted, create_graph=True)
        second = torch.autograd.grad(sum(d.square().sum() for d in first), wanted)  # pyright: ignore
        made.append([*first, *second])
    for a, b in zip(*made, strict=True):
        assert (a.double() - b).norm() <= 1e-5 * b.norm()


# Where a layer stands


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "layer", [Conv2d(3, 5, 3), ConvTranspose2d(3, 2, 3), ConvTranspose2d(3, 7, 3)]
)
@pytest.mark.parametrize("side", [1, 3, 4])
def test_a_layers_maps_may_be_changed_in_place(form: str, layer: nn.Module, side: int) -> None:
    """Every network here has in-place activations behind its convolutions."""
    if isinstance(layer, Conv2d) and side < 3:
        return
    x, made = torch.randn(2, 3, side, side), []
    for network, points in ((layer, x), (plain(layer), x.double())):
        points = points.clone().requires_grad_()
        with taking(form):
            F.leaky_relu(network(points), 0.2, inplace=True).square().sum().backward()
        made.append(points.grad)
    torch.testing.assert_close(made[0].double(), made[1], rtol=1e-4, atol=1e-5)


def test_without_gradients_and_in_copies_it_is_the_same_layer() -> None:
    network, _, x = pair()
    y = network(x)
    assert y.requires_grad
    with torch.no_grad():
        assert network(x).equal(y) and not network(x).requires_grad
    with torch.inference_mode():
        assert network(x).equal(y)
    twin = copy.deepcopy(network)
    assert type(twin[0]) is Conv2d and twin(x).equal(y)  # pyright: ignore
    nn.init.zeros_(twin[0].weight)  # pyright: ignore
    assert network(x).equal(y)


@pytest.mark.parametrize("layer", [Conv2d(3, 5, 3), ConvTranspose2d(3, 5, 3)])
def test_float64_and_float16_autocast_take_the_plain_form(layer: nn.Module) -> None:
    x = torch.randn(2, 3, 4, 4)
    assert type(layer(x).grad_fn).__name__ in ("_ConvolveBackward", "_TransposeBackward")
    with torch.autocast("cpu", torch.float16):
        ours, exact = layer(x), plain(layer).float()(x)
    assert ours.dtype == torch.float16 and ours.equal(exact)
    assert "Convolution" in type(ours.grad_fn).__name__
    assert "Convolution" in type(layer.double()(x.double()).grad_fn).__name__
    layer.float()


@pytest.mark.parametrize("layer", [Conv2d, ConvTranspose2d])
def test_derivatives_taken_under_autocast_keep_the_forwards_format(layer) -> None:
    """As in the plain form: what a product computes in is settled by its operands."""
    torch.manual_seed(0)
    network = nn.Sequential(layer(3, 5, 3), nn.Tanh(), layer(5, 2, 3))
    x = torch.randn(2, 3, 5, 5)
    made = []
    for form, points in ((network, x), (plain(network), x.double())):
        points = points.clone().requires_grad_()
        scores = form(points).sum()
        with torch.autocast("cpu", torch.bfloat16):
            (slope,) = torch.autograd.grad(scores, points, create_graph=True)
            gradients = torch.autograd.grad(scores, list(form.parameters()), retain_graph=True)
        slope.square().sum().backward()
        made.append([slope, *gradients, *(p.grad for p in form.parameters() if p.grad is not None)])
    for a, b in zip(*made, strict=True):
        assert (a.double() - b).norm() <= 1e-4 * b.norm()


def refusal(layer: nn.Module, x: Tensor, autocast: bool) -> tuple[type, str]:
    with (
        torch.autocast("cpu", torch.bfloat16, enabled=autocast),
        pytest.raises((RuntimeError, ValueError, NotImplementedError)) as error,
    ):
        layer(x)
    return error.type, str(error.value)


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("layer", [Conv2d(3, 2, 3), Conv2d(3, 2, 3, bias=False),
                                   ConvTranspose2d(3, 2, 3), ConvTranspose2d(3, 5, 3)])  # fmt: skip
@pytest.mark.parametrize(
    "x",
    [torch.ones(2, 3, 4, 4, dtype=torch.int64), torch.ones(2, 3, 4, 4, dtype=torch.float64),
     torch.ones(2, 3, 4, 4, dtype=torch.bool), torch.ones(2, 4, 3, 3)],
)  # fmt: skip
def test_what_the_plain_form_refuses_is_refused_in_the_same_words(layer, x, autocast) -> None:
    assert refusal(layer, x, autocast) == refusal(plain(layer).float(), x, autocast)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (Conv2d(3, 2, 5), torch.ones(1, 3, 3, 3)),  # a kernel larger than its map
        (ConvTranspose2d(3, 2, 3, padding=2), torch.ones(1, 3, 1, 1)),  # nothing left
        (ConvTranspose2d(3, 2, 2, padding=1), torch.ones(1, 3, 1, 1)),
        (Conv2d(3, 2, 3), torch.ones(1, 3, 4, 4).bfloat16()),  # not under autocast
        (Conv2d(3, 2, 3).double(), torch.ones(1, 3, 4, 4)),
    ],
)
def test_what_does_not_fit_is_refused_in_the_same_words(layer, x) -> None:
    assert refusal(layer, x, False) == refusal(plain(layer).to(layer.weight.dtype), x, False)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2d(4, 4, 3, groups=2), (2, 4, 5, 6)),
        (Conv2d(4, 4, 3, stride=(1, 2)), (2, 4, 5, 6)),
        (Conv2d(4, 4, 3, padding=(1, 0)), (2, 4, 5, 6)),
        (Conv2d(4, 4, 3, padding="same"), (2, 4, 5, 6)),
        (Conv2d(4, 4, 3, padding="valid"), (2, 4, 5, 6)),
        (Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), (2, 4, 5, 6)),
        (Conv2d(4, 4, 3, dilation=2), (2, 4, 5, 6)),
        (Conv2d(4, 4, 3), (4, 5, 6)),  # no batch
        (Conv2d(4, 4, 3), (0, 4, 5, 6)),
        (ConvTranspose2d(4, 4, 3, groups=2), (2, 4, 5, 6)),
        (ConvTranspose2d(4, 4, 3, stride=(1, 2)), (2, 4, 5, 6)),
        (ConvTranspose2d(4, 4, 3, padding=(1, 0)), (2, 4, 5, 6)),
        (ConvTranspose2d(4, 4, 3, dilation=2), (2, 4, 5, 6)),
        (ConvTranspose2d(4, 4, 3, stride=2, output_padding=1), (2, 4, 5, 6)),
        (ConvTranspose2d(4, 4, 3), (4, 5, 6)),
        (ConvTranspose2d(4, 4, 3), (0, 4, 5, 6)),
    ],
)
def test_other_settings_and_shapes_take_the_plain_form(layer: nn.Module, shape) -> None:
    x = torch.randn(shape)
    torch.testing.assert_close(layer(x).double(), plain(layer)(x.double()), rtol=1e-4, atol=1e-5)


def test_a_transposes_output_size_may_be_asked_for() -> None:
    layer, x = ConvTranspose2d(3, 2, 3, stride=2), torch.randn(2, 3, 4, 4)
    made = layer(x, [10, 10])
    assert made.shape == (2, 2, 10, 10)
    torch.testing.assert_close(
        made.double(), plain(layer)(x.double(), [10, 10]), rtol=1e-4, atol=1e-5
    )


def test_a_spectral_norm_moves_once_a_forward() -> None:
    torch.manual_seed(0)
    made = []
    layer = nn.Conv2d(3, 5, 3)
    x = torch.randn(2, 3, 6, 6)
    for kind in (Conv2d, nn.Conv2d):
        twin = kind(3, 5, 3)
        twin.load_state_dict(layer.state_dict())
        torch.manual_seed(1)
        nn.utils.parametrizations.spectral_norm(twin)
        made.append([twin(x), twin(x), *twin.buffers()])
    for a, b in zip(*made, strict=True):
        torch.testing.assert_close(a, b)


# Whole networks

PLAIN = {
    Conv2d: nn.Conv2d,
    ConvTranspose2d: nn.ConvTranspose2d,
    BatchNorm2d: nn.BatchNorm2d,
    Flatten: nn.Flatten,
}


def plain(network: nn.Module) -> nn.Module:
    """A copy in float64 of PyTorch's own layers."""
    network = copy.deepcopy(network)
    for layer in network.modules():
        layer.__class__ = PLAIN.get(type(layer), type(layer))
    return network.double()


PAIRS = {
    "dcgan": (DCGANGenerator(latent=5, width=6), DCGANDiscriminator(width=6, norm="none")),
    "dcgan-batch": (DCGANGenerator(latent=5, width=6), DCGANDiscriminator(width=6)),
    "compact": (CompactGenerator(5, width=4), CompactDiscriminator(width=4, hidden=8)),
    "tutorial": (TutorialMnistGenerator(5, 4, 8), TutorialMnistDiscriminator(4, 8)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", PAIRS)
def test_every_weights_gradient_is_that_of_the_plain_network(kind: str, order, form: str) -> None:
    """Both players' losses, the discriminator's with R1 on reals; float32 against float64."""
    torch.manual_seed(0)
    shape = (3, 32, 32) if kind.startswith("dcgan") else (1, 28, 28)
    networks = [part.build(shape).to(memory_format=order) for part in PAIRS[kind]]  # pyright: ignore
    real = torch.rand(6, *shape).contiguous(memory_format=order) * 2 - 1
    z = torch.randn(6, 5)
    made: list[dict[str, Tensor]] = []
    for pair, format in ((networks, torch.float32), ([plain(n) for n in networks], torch.float64)):
        generator, discriminator = pair
        fake = generator(z.to(format))
        generator_loss = -discriminator(fake).mean()
        points = real.to(format).requires_grad_()
        with taking(form):
            scores = discriminator(points)
            penalty = zero_centred_in(format, scores, points).mean()
            loss = F.softplus(-scores).mean() + discriminator(fake.detach()).mean() + 10 * penalty
            generator_loss.backward(inputs=list(generator.parameters()))
            loss.backward(inputs=list(discriminator.parameters()))
        gradients = {"penalty": penalty.detach(), "fake": fake.detach()}
        for player in pair:
            name = "discriminator" if player is discriminator else "generator"
            gradients |= {f"{name} {n}": p.grad for n, p in player.named_parameters()}
        made.append(gradients)
    ours, exact = made
    assert len(ours) == len(exact) == 2 + sum(len(list(n.parameters())) for n in networks)
    # A bias before BatchNorm has no gradient but rounding: a share of its network's largest number.
    for name, expected in exact.items():
        largest = max(g.norm() for n, g in exact.items() if n.split()[0] == name.split()[0])
        off = (ours[name].double() - expected).norm()
        assert off <= 1e-4 * expected.norm() + 1e-6 * largest, name


def zero_centred_in(format: torch.dtype, scores: Tensor, images: Tensor) -> Tensor:
    """R1 in that number format: the library's own is in float32."""
    if format == torch.float32:
        return zero_centred(scores, images)
    (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return slope.flatten(1).square().sum(1) / 2
