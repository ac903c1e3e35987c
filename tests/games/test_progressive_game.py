"""Growth by the clock: phases, small networks on small reals, averages that grow along."""

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.engine import Engine
from ganvas.engine.game import Outcome
from ganvas.engine.optimiser import Adam
from ganvas.games.gan import Penalty
from ganvas.games.parts.warm_up import WarmUp
from ganvas.games.progressive import Progressive, reals_at
from ganvas.games.setup import GameSetup, PlayerSettings
from ganvas.networks.operators.fading import doubled, halved
from ganvas.networks.progressive import (
    GrowingNetwork,
    ProgressiveDiscriminator,
    ProgressiveGenerator,
)

CPU = torch.device("cpu")
LATENT, BATCH, EACH = 4, 16, 64
CLOCKS = [
    (0, 0, 0.0),
    (63, 0, 0.0),
    (64, 1, 0.0),
    (96, 1, 0.5),
    (128, 1, 1.0),
    (191, 1, 1.0),
    (192, 2, 1.0),
    (208, 2, 1.25),
    (256, 2, 2.0),
    (9999, 2, 2.0),
]
"""Images seen, stage and growth of three stages with ``EACH`` images for a fade."""


class Halves:
    """Images [N, 1, 16, 16] of which one half, left or right, is white, the other one black."""

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        return {"image": halves(torch.arange(start, start + count) * 7 // 3 % 2 == 0)}


def halves(left: Tensor) -> Tensor:
    side = torch.where(torch.arange(16) < 8, 1.0, -1.0)
    return torch.where(left[:, None], side, -side)[:, None, None].expand(-1, 1, 16, 16).clone()


def networks(seed: int = 0) -> dict[str, nn.Module]:
    torch.manual_seed(seed)
    shape = (1, 16, 16)
    return {
        "generator": ProgressiveGenerator(LATENT, 4, 16).build(shape),
        "discriminator": ProgressiveDiscriminator(4, 16).build(shape),
    }


def engine(
    settings: Progressive,
    nets: dict[str, nn.Module] | None = None,
    rate: float = 2e-3,
    seed: int = 0,
) -> Engine:
    adam = Adam(rate, (0.0, 0.99))
    setup = GameSetup(
        nets or networks(),
        LATENT,
        {"generator": PlayerSettings(adam, half_life=200.0), "discriminator": PlayerSettings(adam)},
    )
    game = settings.build(setup)
    return Engine(game, {"train": Halves()}, batch=BATCH, seed=seed, device=CPU)


def whole(play: Engine) -> list[GrowingNetwork]:
    return list(play.game.networks().values())  # pyright: ignore[reportReturnType]


def moved(play: Engine) -> set[int]:
    """Which weights an optimiser has stepped."""
    return {
        id(weights)
        for player in play.game.players.values()
        for weights, state in player.optimiser.state.items()
        if state["step"] > 0
    }


@pytest.mark.parametrize(("images", "stage", "growth"), CLOCKS)
def test_stage_and_growth_are_functions_of_the_clock(
    images: int, stage: int, growth: float
) -> None:
    settings = Progressive(images_per_stage=EACH)
    assert sum(fade(images) for fade in settings.fades(3)) == growth
    play = engine(settings)
    play.game.hooks[-1].call(Outcome({}, {}, images))
    assert all(network.growth == growth for network in whole(play))
    phase = play.game.phase(images)
    assert play.game.phases.index(phase) == stage


@pytest.mark.parametrize(("images", "stage", "growth"), [CLOCKS[0], CLOCKS[3], CLOCKS[7]])
def test_a_stage_plays_at_its_size_and_moves_its_weights_alone(images, stage, growth) -> None:
    play = engine(Progressive(images_per_stage=EACH, penalties=(Penalty("r1", 1.0),)))
    play.game.hooks[-1].call(Outcome({}, {}, images))
    play.images = images
    sides: list[int] = []
    discriminator = whole(play)[0]
    for joint in discriminator.joints:
        joint.register_forward_hook(lambda _, given, made: sides.append(given[0].shape[2]))
    play.round()
    assert set(sides) == {4 << s for s in range(max(stage - 1, 0), stage + 1)}
    parts = [network.at(stage) for network in whole(play)]
    assert moved(play) == {id(p) for part in parts for p in part.parameters()}


def test_all_at_once_is_one_stage_from_the_start() -> None:
    play = engine(Progressive(images_per_stage=0))
    assert play.game.phase(0) is play.game.phases[-1]
    assert all(network.growth == 2 for network in whole(play))
    play.round()
    assert whole(play)[1](torch.zeros(1, LATENT)).shape == (1, 1, 16, 16)


def test_phases_of_the_game_and_stages_are_walked_side_by_side() -> None:
    play = engine(Progressive(images_per_stage=EACH, warm_up=WarmUp(100)))
    ends = [phase.until for phase in play.game.phases]
    found = {clock: play.game.phases.index(play.game.phase(clock)) for clock in (0, 70, 150, 500)}
    assert ends == [64, 64, 100, 192, 100, None]
    assert found == {0: 0, 70: 2, 150: 3, 500: 5}


def test_reals_are_as_coarse_as_fakes_can_be() -> None:
    images = torch.rand(3, 2, 16, 16, generator=torch.Generator().manual_seed(4))
    coarse = images.unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5))
    torch.testing.assert_close(reals_at(0, images, 2, torch.tensor(0.0)), coarse)
    fine = images.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))
    blurred = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    for growth in (0.0, 0.25, 1.0):
        mixed = (1 - growth) * blurred + growth * fine
        torch.testing.assert_close(reals_at(1, images, 1, torch.tensor(growth)), mixed)


def test_averages_grow_with_their_networks_and_draw_at_their_stage() -> None:
    play = engine(Progressive(images_per_stage=EACH))
    for _ in range(7):
        play.round()
    assert play.images == 112
    average = play.game.averages()["generator"]
    assert isinstance(average, GrowingNetwork)
    assert average.growth == whole(play)[0].growth == whole(play)[1].growth == 0.75
    images = average(torch.randn(3, LATENT))
    assert images.shape == (3, 1, 16, 16)
    assert torch.equal(images, doubled(halved(images)))
    assert not torch.equal(images, doubled(doubled(halved(halved(images)))))


def test_networks_that_do_not_grow_are_refused() -> None:
    for side in ("generator", "discriminator"):
        with pytest.raises(
            ValueError, match=f"{side} does not grow: set `{side}.kind=progressive`"
        ):
            engine(Progressive(), {**networks(), side: nn.Linear(4, 4)})
    with pytest.raises(ValueError, match="images_per_stage must be 0 or more"):
        Progressive(images_per_stage=-1)
    with pytest.raises(ValueError, match="unknown loss"):
        Progressive(loss="none")


def test_a_small_game_learns_while_it_grows(seed: int, within) -> None:
    settings = Progressive(
        penalties=(Penalty("r1", 0.1, every=4),), reuse_fakes=True, images_per_stage=600
    )
    play = engine(settings, networks(seed), rate=4e-3, seed=seed)
    for _ in range(250):
        play.round()
    images = play.game.averages()["generator"](torch.randn(200, LATENT))
    kinds = halves(torch.tensor([True, False]))
    errors = (images[:, None] - kinds).square().mean((2, 3, 4))
    nearest, kind = errors.min(1)
    # A picture of one half is 4 away from the other, a grey one 1; between the two lie mixtures.
    within(float(nearest.median()), 0.1)
    within(float((kind.float().mean() - 0.5).abs()), 0.25)
