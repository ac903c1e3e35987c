"""The unfused modulated convolution against the paper's own form: weights for each image."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.networks.layers.modulated import ModulatedConv2d
from ganvas.networks.operators.blur import blur


def fused(layer: ModulatedConv2d, maps: Tensor, w: Tensor) -> Tensor:
    """Equations 1 to 3 of Karras et al. 2020, one image at a time."""
    style = layer.style(w)
    images = []
    for image, s in zip(maps, style, strict=True):
        weight = layer.scale * layer.weight * s[None, :, None, None]
        if layer.demodulate:
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if layer.blur is None:
            images.append(F.conv2d(image[None], weight, padding=weight.shape[-1] // 2))
        else:
            wide = F.conv_transpose2d(image[None], weight.transpose(0, 1), stride=2)
            images.append(blur(wide, 1, 4.0))
    return torch.cat(images)


def twice(made: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    """What was made, its gradients, and the gradients of those."""
    torch.manual_seed(1)
    loss = (made * torch.randn(made.shape)).tanh().sum()
    first = torch.autograd.grad(loss, inputs, create_graph=True)
    bent = sum((each * torch.randn(each.shape)).tanh().sum() for each in first)
    return [made, *first, *torch.autograd.grad(bent, inputs)]  # pyright: ignore


LAYERS = {
    "plain": {},
    "up": {"up": True},
    "to image": {"kernel": 1, "demodulate": False},
    "1x1": {"kernel": 1},
    "up, not demodulated": {"up": True, "demodulate": False},
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_fused_form_has_the_same_values_gradients_and_second_gradients(kind, dtype) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv2d(5, 3, 4, **LAYERS[kind]).to(dtype)
    maps = torch.randn(3, 5, 6, 4, dtype=dtype, requires_grad=True)
    w = torch.randn(3, 4, dtype=dtype, requires_grad=True)
    inputs = [maps, w, layer.weight, layer.style.weight, layer.style.bias]
    ours, theirs = twice(layer(maps, w), inputs), twice(fused(layer, maps, w), inputs)
    assert ours[0].shape == ((3, 3, 12, 8) if layer.blur else (3, 3, 6, 4))
    tolerance = 1e-9 if dtype == torch.float64 else 1e-3
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def test_demodulation_gives_unit_variance_whatever_the_style() -> None:
    torch.manual_seed(0)
    layer = ModulatedConv2d(64, 32, 8)
    made = layer(torch.randn(16, 64, 18, 18), 5 * torch.randn(16, 8))[..., 1:-1, 1:-1]
    assert made.std().item() == pytest.approx(1, rel=0.03)
    by_channel = made.std((0, 2, 3))
    torch.testing.assert_close(by_channel, torch.ones(32), atol=0.1, rtol=0)


def test_without_demodulation_the_style_scales_the_maps() -> None:
    torch.manual_seed(0)
    layer = ModulatedConv2d(6, 2, 4, kernel=1, demodulate=False)
    maps, w = torch.randn(2, 6, 5, 5), torch.zeros(2, 4)
    with torch.no_grad():
        layer.style.bias.fill_(3)  # pyright: ignore
    torch.testing.assert_close(layer(maps, w), 3 * F.conv2d(maps, layer.weight * layer.scale))


def test_a_doubled_constant_is_constant_away_from_the_edge() -> None:
    layer = ModulatedConv2d(1, 1, 2, up=True, demodulate=False)
    with torch.no_grad():
        layer.weight.zero_()[0, 0, 1, 1] = 1 / layer.scale
    made = layer(torch.full((1, 1, 6, 6), 0.5), torch.zeros(1, 2))
    assert made.shape == (1, 1, 12, 12)
    torch.testing.assert_close(made[..., 2:-2, 2:-2], torch.full((1, 1, 8, 8), 0.5))


def test_autocast_agrees_to_the_precision_of_bfloat16() -> None:
    torch.manual_seed(0)
    for up in (False, True):
        layer = ModulatedConv2d(16, 8, 4, up=up)
        maps, w = torch.randn(2, 16, 8, 8), torch.randn(2, 4)
        with torch.autocast("cpu", torch.bfloat16):
            made = layer(maps, w)
        assert made.dtype == torch.bfloat16
        torch.testing.assert_close(made.float(), layer(maps, w), rtol=0.05, atol=0.08)
