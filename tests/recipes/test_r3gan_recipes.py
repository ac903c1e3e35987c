"""R3GAN's recipes: the paper's loss and burn-in, networks that can be built, a turn that plays."""

from dataclasses import replace

import pytest
import torch

from ganvas.engine.schedule import at, ends
from ganvas.games.gan import GAN
from ganvas.losses.penalties import zero_centred
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.named.r3gan import r3gan_base, r3gan_small, r3gan_tiny


@pytest.mark.parametrize("make", [r3gan_tiny, r3gan_small, r3gan_base])
def test_loss_and_burn_in(make) -> None:
    recipe = make()
    game = recipe.game
    assert isinstance(game, GAN)
    assert game.loss == "relativistic"
    assert [penalty.kind for penalty in game.penalties] == ["r1", "r2"]
    for optimiser in (recipe.optimisers["generator"], recipe.optimisers["discriminator"]):
        assert optimiser.betas[0] == 0
        assert ends(optimiser.betas[1]) == (0.9, 0.99)
        assert at(optimiser.lr, 0) == pytest.approx(4 * at(optimiser.lr, recipe.images))
    for penalty in game.penalties:
        assert at(penalty.weight, 0) == pytest.approx(10 * at(penalty.weight, recipe.images))


def test_base_is_the_papers_for_cifar10() -> None:
    recipe = r3gan_base()
    assert isinstance(recipe.game, GAN)
    assert recipe.batch == 512
    assert ends(recipe.optimisers["generator"].lr) == (2e-4, 5e-5)
    assert ends(recipe.game.penalties[0].weight) == (0.05, 0.005)
    assert recipe.half_life is not None and ends(recipe.half_life) == (0, 5_000_000)


def test_a_weight_is_gamma_of_half_a_squared_slope() -> None:
    """The paper's gamma / 2 stands before the whole square; eq. 2 with a linear discriminator."""
    points = torch.randn(3, 2, 4, 4, requires_grad=True)
    way = torch.randn(2, 4, 4)
    value = zero_centred((points * way).sum((1, 2, 3)), points)
    torch.testing.assert_close(value, (way.square().sum() / 2).expand(3))


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (3, 64, 48)])
def test_tiny_makes_and_judges_images(shape) -> None:
    networks = build_networks(replace(r3gan_tiny(), seed=1), {"train": shape})
    images = networks["generator"](torch.randn(2, 64))
    assert images.shape == (2, *shape)
    assert networks["discriminator"](images).shape == (2,)
