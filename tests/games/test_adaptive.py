"""A strength that follows signs rarely, and optimisers that begin anew: state that hooks move."""

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.engine import Engine
from ganvas.engine.game import Outcome
from ganvas.engine.optimiser import Adam
from ganvas.games.gan import GAN
from ganvas.games.parts.augmentation import Adaptive, DiscriminatorAugmentation
from ganvas.games.progressive import Progressive
from ganvas.games.setup import ConditionSource, GameSetup, PlayerSettings
from ganvas.networks.progressive import ProgressiveDiscriminator, ProgressiveGenerator
from ganvas.networks.r3gan import R3GANDiscriminator

from .pools import Pool

CPU = torch.device("cpu")
BATCH, EACH = 8, 20


def unchanged(images, uniform, strength):
    return images


def expected_strengths(signs: list[float], adaptive: Adaptive) -> list[float]:
    """Appendix D's heuristic, as the authors' loop has it, kept within 0 and 1."""
    p, gathered, found = 0.0, [], []
    for sign in signs:
        gathered.append(sign)
        if len(gathered) == adaptive.every:
            mean = sum(gathered) / len(gathered)
            change = BATCH * adaptive.every / adaptive.images
            p = min(1.0, max(0.0, p + (change if mean > adaptive.target else -change)))
            gathered = []
        found.append(p)
    return found


@pytest.mark.parametrize("every", [1, 3, 4])
def test_a_strength_follows_the_signs_of_so_many_rounds(every: int) -> None:
    adaptive = Adaptive(target=0.6, images=100, every=every)
    strength = DiscriminatorAugmentation(unchanged, adaptive)
    state = strength.state(CPU)
    (hook,) = strength.hooks(state)
    signs = torch.rand(40, generator=torch.Generator().manual_seed(3)).mul(0.9).add(0.2).tolist()
    found = []
    for index, sign in enumerate(signs):
        hook.call(Outcome({"augment/sign": torch.tensor(sign)}, {}, (index + 1) * BATCH))
        found.append(state["augment"].item())
    assert found == pytest.approx(expected_strengths(signs, adaptive), abs=1e-6)
    assert len(set(found)) > 3


def test_a_strength_is_resumed_between_two_changes() -> None:
    adaptive = Adaptive(target=0.0, images=100, every=4)
    strength = DiscriminatorAugmentation(unchanged, adaptive)
    state, other = strength.state(CPU), strength.state(CPU)
    signs = [0.5, -0.1, 0.2, 0.3, -0.9, -0.2, 0.1, 0.1]
    for index, sign in enumerate(signs):
        if index == 6:
            for name, value in other.items():
                value.copy_(state[name])
        for each in (state, other)[: 1 + (index >= 6)]:
            (hook,) = strength.hooks(each)
            hook.call(Outcome({"augment/sign": torch.tensor(sign)}, {}, (index + 1) * BATCH))
    assert all(torch.equal(value, other[name]) for name, value in state.items())
    assert state["augment"].item() == 0.0


def test_older_runs_have_the_state_they_had() -> None:
    assert set(DiscriminatorAugmentation(unchanged, Adaptive()).state(CPU)) == {
        "augment",
        "augment.clock",
    }
    rarely = DiscriminatorAugmentation(unchanged, Adaptive(every=4)).state(CPU)
    assert set(rarely) == {"augment", "augment.clock", "augment.signs", "augment.rounds"}


class Wide(Pool):
    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        return {"image": super().batch(start, count)["image"].repeat(1, 1, 4, 4)}


def growing(restart: bool) -> Engine:
    torch.manual_seed(0)
    networks: dict[str, nn.Module] = {
        "generator": ProgressiveGenerator(3, 4, 8, output="linear").build((1, 16, 16)),
        "discriminator": ProgressiveDiscriminator(4, 8).build((1, 16, 16)),
    }
    player = PlayerSettings(Adam(1e-3, (0.0, 0.99)))
    settings = Progressive(images_per_stage=EACH, restart=restart)
    game = settings.build(GameSetup(networks, 3, {"generator": player, "discriminator": player}))
    return Engine(game, {"train": Wide()}, batch=BATCH, seed=0, device=CPU)


def weights(play: Engine) -> list[torch.Tensor]:
    players = play.game.players.values()
    return [weight.detach() for player in players for weight in player.parameters]


def test_adam_begins_anew_where_a_stage_begins_or_is_there() -> None:
    """Against an optimiser of which the moments are taken away by hand after these rounds."""
    play, plain = growing(True), growing(False)
    for _ in range(14):
        before = plain.images
        play.round()
        plain.round()
        if any(before < moment <= plain.images for moment in (20, 40, 60, 80)):
            for player in plain.game.players.values():
                for state in player.optimiser.state.values():
                    for value in state.values():
                        value.zero_()
        for a, b in zip(weights(play), weights(plain), strict=True):
            assert torch.equal(a, b)
    states = [state for p in play.game.players.values() for state in p.optimiser.state.values()]
    steps = {state["step"].item() for state in states}
    assert steps == {0.0, 4.0}  # since 80 images; what draws small images plays no more


def test_a_resumed_game_begins_anew_at_its_stages_alone() -> None:
    play, again = growing(True), growing(True)
    for _ in range(4):
        play.round()
    with torch.no_grad():
        for name, value in again.tensors().items():
            value.copy_(play.tensors()[name])
    again.set_clock(play.clock())
    for _ in range(8):
        play.round()
        again.round()
        for a, b in zip(weights(play), weights(again), strict=True):
            assert torch.equal(a, b)
    assert not any("progressive" in name for name in growing(False).tensors())


def test_attributes_need_a_bias() -> None:
    generator = nn.Sequential(nn.Linear(3, 64), nn.Unflatten(1, (1, 8, 8)))
    for bias, exclusive in ((False, False), (False, True), (True, False)):
        discriminator = R3GANDiscriminator(widths=(4,), blocks=1, bias=bias).build((1, 8, 8), 2)
        conditions = ConditionSource(exclusive, lambda turn: torch.eye(2))
        networks = {"generator": generator, "discriminator": discriminator}
        setup = GameSetup(
            networks,
            3,
            {"generator": PlayerSettings(Adam()), "discriminator": PlayerSettings(Adam())},
            conditions,
        )
        if bias or exclusive:
            GAN("relativistic").build(setup)
        else:
            with pytest.raises(ValueError, match="bias=true"):
                GAN("relativistic").build(setup)


@pytest.mark.parametrize("settings", [{"every": 0}, {"images": 0}])
def test_numbers_that_cannot_be_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Adaptive(**settings)
