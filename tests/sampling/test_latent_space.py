"""Latents are keyed, and squeezed as a truncated normal."""

import pytest
import torch

from ganvas import keys
from ganvas.domains import Image
from ganvas.sampling.item_space import ItemSpace
from ganvas.sampling.latent_space import LatentSpace


def test_latents_are_a_function_of_seed_and_index() -> None:
    space = LatentSpace(5)
    whole = space.draw(3, 6)
    assert torch.equal(whole[2:5], space.draw(3, 3, first=2))
    assert torch.equal(whole[1], torch.randn(5, generator=keys.generator(3, "sample", 1)))
    assert not torch.equal(whole, space.draw(4, 6))


@pytest.mark.parametrize("most", [0.3, 1.0, 2.5])
def test_truncated_latents_follow_a_truncated_normal(most: float) -> None:
    torch.manual_seed(0)
    squeezed = LatentSpace(1).truncated(torch.randn(200_000), most)
    assert squeezed.abs().max() <= most
    rejected = torch.randn(2_000_000)
    expected = rejected[rejected.abs() <= most]  # the definition, by rejection
    assert squeezed.std().item() == pytest.approx(expected.std().item(), rel=0.02)
    assert squeezed.mean().item() == pytest.approx(0, abs=0.02)


def test_a_wide_truncation_changes_nothing() -> None:
    latents = torch.randn(1000)
    torch.testing.assert_close(
        LatentSpace(1).truncated(latents, 8.0), latents, atol=1e-4, rtol=1e-4
    )


def test_items_are_chosen_by_seed_and_index_and_all_of_them_at_some_time() -> None:
    stored = torch.arange(12, dtype=torch.uint8).view(12, 1, 1, 1)
    space = ItemSpace(Image(1, 1, 1), stored)
    whole = space.draw(3, 200)
    assert torch.equal(whole[20:25], space.draw(3, 5, first=20))
    assert not torch.equal(whole, space.draw(4, 200))
    assert len(whole.unique()) == 12
    assert set(whole.flatten().tolist()) == set((stored.float() / 127.5 - 1).flatten().tolist())
