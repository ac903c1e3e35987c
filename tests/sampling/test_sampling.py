import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ganvas.domains import Image
from ganvas.domains.domain import to_bytes
from ganvas.errors import UsageError
from ganvas.sampling import generate

COLOUR = Image(3, 2, 2)


def test_latents_are_a_function_of_seed_and_index() -> None:
    whole = generate.latents(3, 6, 5)
    assert torch.equal(whole[2:5], generate.latents(3, 3, 5, first=2))
    assert torch.equal(generate.latents_of([9, 3], 5)[1], whole[0])
    assert not torch.equal(whole, generate.latents(4, 6, 5))


@pytest.mark.parametrize("most", [0.3, 1.0, 2.5])
def test_truncated_latents_follow_a_truncated_normal(most: float) -> None:
    torch.manual_seed(0)
    squeezed = generate.truncate(torch.randn(200_000), most)
    assert squeezed.abs().max() <= most
    rejected = torch.randn(2_000_000)
    expected = rejected[rejected.abs() <= most]  # the definition, by rejection
    assert squeezed.std().item() == pytest.approx(expected.std().item(), rel=0.02)
    assert squeezed.mean().item() == pytest.approx(0, abs=0.02)


def test_a_wide_truncation_changes_nothing() -> None:
    latent = torch.randn(1000)
    torch.testing.assert_close(generate.truncate(latent, 8.0), latent, atol=1e-4, rtol=1e-4)


@given(st.floats(-1.2, 1.2))
def test_bytes_are_the_nearest_to_the_value(value: float) -> None:
    byte = to_bytes(torch.tensor([value])).item()
    exact = min(255.0, max(0.0, (value + 1) * 127.5))
    assert abs(byte - exact) <= 0.5 + 1e-4


def test_drawing_is_in_evaluation_mode_and_puts_the_mode_back() -> None:
    network = nn.Sequential(nn.Linear(3, 12), nn.Dropout(0.9), nn.Unflatten(1, (3, 2, 2)))
    network[0].eval()
    latent = torch.randn(250, 3)
    images = generate.sample(COLOUR, network, latent)
    assert images.shape == (250, 2, 2, 3) and images.dtype == torch.uint8
    assert torch.equal(images, generate.sample(COLOUR, network, latent))
    assert network.training and not network[0].training


class StyleLike(nn.Module):
    """Doubles latents; drawn towards its average of 1, where that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return (self.weight * z).clamp(-1, 1)[:, :, None, None]

    def truncated(self, z: torch.Tensor, psi: float) -> torch.Tensor:
        return torch.ones_like(z).lerp(self.forward(z)[..., 0, 0], psi)[:, :, None, None]


def test_a_style_based_generator_is_truncated_in_its_own_way() -> None:
    latent = torch.linspace(-0.4, 0.4, 9)[:, None]
    found = generate.sample_values(StyleLike(), latent, truncation=0.25).flatten()
    torch.testing.assert_close(found, 0.75 + 0.25 * 2 * latent.flatten())
    assert torch.equal(generate.sample_values(StyleLike(), latent).flatten(), 2 * latent.flatten())
    with pytest.raises(UsageError, match="more than 0"):
        generate.sample(COLOUR, StyleLike(), latent, truncation=0)
