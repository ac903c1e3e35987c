"""Path length regularisation as a move of the two-player game."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.draw import Draw, Share
from ganvas.engine.engine import Engine
from ganvas.engine.game import Phase
from ganvas.engine.optimiser import Adam
from ganvas.games.gan import GAN
from ganvas.games.parts.path_length import EvenPart, PathLength
from ganvas.games.setup import ConditionSource, GameSetup, PlayerSettings
from ganvas.losses.path_length import path_lengths
from ganvas.networks.style import StyleGenerator
from ganvas.networks.style_discriminator import StyleDiscriminator

CPU = torch.device("cpu")
SHAPE, LATENT, BATCH = (1, 8, 8), 6, 8


class Pool:
    def __init__(self) -> None:
        self.pool = torch.randn(40, *SHAPE, generator=torch.Generator().manual_seed(9))

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        return {"image": self.pool[torch.arange(start, start + count) % 40].clone()}


def setup(mixing: float = 0.0, conditions: int = 0) -> GameSetup:
    torch.manual_seed(0)
    generator = StyleGenerator(LATENT, 5, 2, 4, mixing=mixing).build(SHAPE, conditions)
    discriminator = StyleDiscriminator(4, 8).build(SHAPE, conditions)
    player = PlayerSettings(Adam(1e-2, (0.0, 0.99)))
    rows = torch.eye(2).repeat(BATCH // 2, 1)
    source = (
        ConditionSource(True, lambda turn: rows[: turn.draw.share.count]) if conditions else None
    )
    networks = {"generator": generator, "discriminator": discriminator}
    return GameSetup(networks, LATENT, {"generator": player, "discriminator": player}, source)


def engine(term: PathLength, players: GameSetup | None = None, **more) -> Engine:
    game = GAN(terms=(term,)).build(players or setup())
    return Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU, **more)


def test_the_first_turn_observes_and_the_next_is_drawn_to_what_it_saw() -> None:
    term = PathLength(weight=0.0, every=1, part=0.5)
    play = engine(term)
    network: Any = play.game.networks()["generator"].eval()  # no fresh noise: a function of z alone

    def lengths(round_: int) -> Tensor:
        # The discriminator's batch has moved the clock by then.
        clock = BATCH * (round_ + 1)
        draw = Draw({}, 4, "path-length.0", clock, Share(BATCH, 0, BATCH), CPU)
        ws = network.ws(draw.normal("latent", LATENT)[::2])
        images = network.synthesis(ws)
        return path_lengths(images, ws, draw.normal("path.noise", *SHAPE)[::2]).detach()

    first = lengths(0)
    play.round()
    stats = play.meter.read()
    assert stats["path/length"] == pytest.approx(first.mean().item(), rel=1e-3)
    assert stats["path/penalty"] == 0
    assert play.game.state["path-length"].item() == pytest.approx(stats["path/length"], rel=1e-4)
    second = lengths(1)
    play.round()
    expected = (second - first.mean()).square().mean().item()
    assert play.meter.read()["path/penalty"] == pytest.approx(expected, rel=1e-2)


def test_the_running_mean_is_plain_at_first_and_forgets_later() -> None:
    play = engine(PathLength(every=1, decay=0.25))
    lengths, means = [], []
    for _ in range(7):
        play.round()
        lengths.append(play.meter.read()["path/length"])
        means.append(play.game.state["path-length"].item())
    assert means[:4] == pytest.approx([sum(lengths[: n + 1]) / (n + 1) for n in range(4)], rel=1e-4)
    for index in range(4, 7):
        expected = 0.75 * means[index - 1] + 0.25 * lengths[index]
        assert means[index] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("part", [1.0, 0.5, 0.25, 0.2, 0.07])
@pytest.mark.parametrize("accumulate", [1, 2, 4, 8])
def test_a_part_is_the_same_however_the_batch_is_cut(part: float, accumulate: int) -> None:
    rows, count = torch.arange(16.0), 16 // accumulate
    shares = [Share(16, count * micro, count) for micro in range(accumulate)]
    parts = [EvenPart(share, part) for share in shares]
    mine = [rows[share.first : share.first + count] for share in shares]
    chosen = torch.cat([p.of(each) for p, each in zip(parts, mine, strict=True) if not p.is_empty])
    assert torch.equal(chosen, rows[:: round(1 / part)])
    spread = [p.spread(p.of(each)) for p, each in zip(parts, mine, strict=True)]
    assert all(len(each) == count for each in spread)
    torch.testing.assert_close(torch.cat(spread).mean(), chosen.mean())


def test_it_is_played_rarely_and_weighs_more() -> None:
    play = engine(PathLength(weight=3.0, every=4))
    seen = []
    for _ in range(8):
        play.round()
        stats = play.meter.read()
        seen.append("path/penalty" in stats)
        if seen[-1]:
            loss = stats["loss/path-length"]
            assert loss == pytest.approx(12 * stats["path/penalty"], rel=1e-5, abs=1e-12)
    assert seen == [True, False, False, False] * 2


def test_it_moves_the_generator_and_nothing_else() -> None:
    moved = []
    for weight in (0.0, 100.0):
        play = engine(PathLength(weight=weight, every=1))
        play.round()  # which only observes
        play.round()
        players = play.game.players
        moved.append(
            [
                torch.cat([p.detach().flatten() for p in players[side].parameters])
                for side in ("generator", "discriminator")
            ]
        )
    assert not torch.equal(moved[0][0], moved[1][0])
    assert torch.equal(moved[0][1], moved[1][1])


def test_it_makes_lengths_alike() -> None:
    """Alone in the game: their relative deviation over many latents falls."""
    term, players = PathLength(weight=10.0, every=1, part=1.0, decay=0.1), setup()
    game = GAN(terms=(term,)).build(players)
    game.phases = [Phase([term.moves(players)])]
    play = Engine(game, {"train": Pool()}, batch=BATCH, seed=4, device=CPU)
    network = game.networks()["generator"]
    spreads = [spread(network)]
    for _ in range(40):
        play.round()
    spreads.append(spread(network))
    assert spreads[1] < 0.9 * spreads[0]


def spread(network: Any) -> float:
    """Deviation over mean of the path lengths of 500 latents, each along its own noise."""
    draws = torch.Generator().manual_seed(0)
    ws = network.ws(torch.randn(500, LATENT, generator=draws))
    noise = torch.randn(500, *SHAPE, generator=draws)
    lengths = path_lengths(network.synthesis(ws), ws, noise)
    return (lengths.std() / lengths.mean()).item()


@pytest.mark.parametrize(("mixing", "conditions"), [(0.9, 0), (0.0, 2), (0.9, 2)])
def test_mixing_conditions_and_micro_batches(mixing: float, conditions: int) -> None:
    play = engine(PathLength(every=1), setup(mixing, conditions), accumulate=2, bf16=True)
    before = [p.detach().clone() for p in play.game.players["generator"].parameters]
    for _ in range(2):
        play.round()
    assert play.is_finite()
    after = play.game.players["generator"].parameters
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_checkpoint_holds_the_mean() -> None:
    assert "state.path-length" in engine(PathLength()).tensors()


def test_a_generator_without_intermediate_latents_is_refused() -> None:
    plain = nn.Sequential(nn.Linear(LATENT, 64), nn.Unflatten(1, SHAPE))
    networks = {"generator": plain, "discriminator": StyleDiscriminator(4, 8).build(SHAPE)}
    with pytest.raises(ValueError, match="style"):
        GAN(terms=(PathLength(),)).build(GameSetup(networks, LATENT))


@pytest.mark.parametrize("numbers", [{"weight": -1}, {"every": 0}, {"part": 0}, {"decay": 2}])
def test_numbers_that_cannot_be_are_refused(numbers) -> None:
    with pytest.raises(ValueError):
        PathLength(**numbers)
