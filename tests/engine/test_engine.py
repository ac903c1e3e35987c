import json
import math
from typing import Any

import pytest
import torch
from torch import nn

from ganvas.engine.engine import Engine
from ganvas.engine.game import Game, Hook, Move, Outcome, Phase, Result, Turn
from ganvas.engine.meter import Meter
from ganvas.engine.optimiser import Adam
from ganvas.engine.player import Player
from ganvas.errors import UsageError, UserError

CPU = torch.device("cpu")


class Counting:
    """A source whose item i is the number i, [N, 1]."""

    def batch(self, start: int, count: int) -> torch.Tensor:
        return torch.arange(start, start + count).float().view(-1, 1)


def two_players(seed: int = 0) -> dict[str, Player]:
    torch.manual_seed(seed)
    return {name: Player({name: nn.Linear(1, 1)}, Adam(lr=1e-2)) for name in ("a", "b")}


def engine(game: Game, **more: Any) -> Engine:
    return Engine(game, {"train": Counting()}, **{"batch": 8, "seed": 3, "device": CPU, **more})


def weights(player: Player) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in player.parameters])


def fit(name: str, noise: bool = False):
    def loss(turn: Turn) -> Result:
        x = turn.draw.normal("x", 1) if noise else turn.draw.data() / 100
        return Result((turn.networks[name](x) - 1).square().flatten())

    return loss


def test_only_the_moving_player_moves_and_nothing_is_left_on_the_other() -> None:
    players = two_players()

    def loss(turn: Turn) -> Result:
        both = turn.networks["b"](turn.networks["a"](turn.draw.data()))
        return Result(both.square().flatten())

    play = engine(Game(players, [Phase([(Move("m", ("a",), loss),)])]))
    before = weights(players["b"])
    play.round()
    assert torch.equal(weights(players["b"]), before)
    assert all(p.grad is None for player in players.values() for p in player.parameters)


def test_the_clock_counts_a_batch_for_each_turn_that_begins_anew() -> None:
    players = two_players()
    moves = [
        (Move("a", ("a",), fit("a"), repeat=3),),
        (Move("b", ("b",), fit("b", noise=True)),),
    ]
    play = engine(Game(players, [Phase(moves)]))
    play.round()
    assert (play.images, play.rounds) == (24, 1)


def test_repeats_see_fresh_data_in_order() -> None:
    seen = []

    def loss(turn: Turn) -> Result:
        data = turn.draw.data()
        seen.append(data.flatten().tolist())
        return Result(turn.networks["a"](data).flatten())

    play = engine(Game(two_players(), [Phase([(Move("a", ("a",), loss, repeat=2),)])]), batch=3)
    play.round()
    play.round()
    assert seen == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_moves_with_an_interval_and_a_changing_repeat() -> None:
    calls = []

    def note(name: str):
        def loss(turn: Turn) -> Result:
            calls.append(name)
            return fit("a")(turn)

        return loss

    game = Game(
        two_players(),
        [
            Phase(
                [
                    (Move("often", ("a",), note("o"), repeat=lambda images: 1 + (images >= 8)),),
                    (Move("lazy", ("a",), note("l"), every=3),),
                ]
            )
        ],
    )
    play = engine(game)
    for _ in range(4):
        play.round()
    assert "".join(calls) == "ol" + "oo" + "oo" + "ool"


def test_accumulated_gradients_equal_the_whole_batch() -> None:
    results = []
    for accumulate in (1, 4):
        players = two_players()
        play = engine(
            Game(players, [Phase([(Move("a", ("a",), fit("a")),)])]), accumulate=accumulate
        )
        for _ in range(5):
            play.round()
        results.append(weights(players["a"]))
    torch.testing.assert_close(results[0], results[1], rtol=1e-6, atol=1e-7)


def test_shared_values_are_made_once_and_last_until_the_move_repeats() -> None:
    made = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    got = []

    def loss(turn: Turn) -> Result:
        got.append(turn.shared("x", make))
        return fit("a")(turn)

    groups = [(Move("one", ("a",), loss, repeat=2),), (Move("two", ("a",), loss),)]
    play = engine(Game(two_players(), [Phase(groups)]))
    play.round()
    play.round()
    assert got == [0, 1, 1, 2, 3, 3]


def test_one_forward_serves_several_losses_of_a_group() -> None:
    """Two players move on one shared graph: all gradients of a group come before its steps."""
    players = two_players()
    forwards = []

    def hidden(turn: Turn) -> torch.Tensor:
        forwards.append(1)
        return turn.networks["a"](turn.draw.data() / 10)

    def first(turn: Turn) -> Result:
        return Result((turn.shared("h", lambda: hidden(turn)) - 1).square().flatten())

    def second(turn: Turn) -> Result:
        h = turn.shared("h", lambda: hidden(turn))
        return Result((turn.networks["b"](h) - 2).square().flatten())

    group = (Move("first", ("a",), first), Move("second", ("a", "b"), second))
    expected = []
    twin = two_players()
    x = torch.arange(8).float().view(-1, 1) / 10
    h = twin["a"].networks["a"](x)
    loss = (h - 1).square().mean() + (twin["b"].networks["b"](h) - 2).square().mean()
    loss.backward()
    for player in twin.values():
        player.settings.set(player.optimiser, 0)
        player.step()
        expected.append(weights(player))
    engine(Game(players, [Phase([group])])).round()
    assert len(forwards) == 1
    for player, wanted in zip(players.values(), expected, strict=True):
        torch.testing.assert_close(weights(player), wanted)


def test_phases_follow_the_clock() -> None:
    names = []

    def note(name: str):
        def loss(turn: Turn) -> Result:
            names.append(name)
            return fit("a")(turn)

        return (Move(name, ("a",), loss),)

    phases = [Phase([note("warm")], until=16), Phase([note("play")])]
    play = engine(Game(two_players(), phases))
    for _ in range(4):
        play.round()
    assert names == ["warm", "warm", "play", "play"]


def test_a_game_may_move_its_own_state_after_a_round() -> None:
    players = two_players()
    game = Game(players, [Phase([(Move("a", ("a",), fit("a")),)])], state={"k": torch.zeros(())})
    game.hooks = [Hook(lambda outcome: game.state["k"].add_(outcome.means["loss/a"]))]
    play = engine(game)
    play.round()
    assert game.state["k"] > 0
    assert "state.k" in play.tensors()


def test_dropout_depends_on_the_place_alone() -> None:
    def played(rounds_before: int) -> torch.Tensor:
        network = nn.Sequential(nn.Linear(1, 32), nn.Dropout(0.5))
        torch.manual_seed(0)
        for p in network.parameters():
            nn.init.ones_(p)
        player = Player({"a": network}, Adam(lr=0.0))
        out = []

        def loss(turn: Turn) -> Result:
            out.append(turn.networks["a"](turn.draw.data()).detach())
            return Result(turn.networks["a"](turn.draw.data()).flatten(1).mean(1))

        play = engine(Game({"a": player}, [Phase([(Move("a", ("a",), loss),)])]))
        if rounds_before:
            play.round()
        else:
            play.set_clock({"images": 8, "rounds": 1, "meter": {}})
        play.round()
        return out[-1]

    torch.manual_seed(5)
    assert torch.equal(played(1), played(0))


def test_a_non_finite_loss_is_noticed() -> None:
    factors = iter([1.0, math.inf])

    def loss(turn: Turn) -> Result:
        return Result(turn.networks["a"](turn.draw.data()).flatten() * next(factors))

    play = engine(Game(two_players(), [Phase([(Move("a", ("a",), loss),)])]))
    play.round()
    assert play.is_finite()
    play.round()
    assert not play.is_finite()


def scores(turn: Turn) -> torch.Tensor:
    return turn.networks["a"](turn.draw.data()).flatten()


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (
            lambda turn: Result(scores(turn).mean()),
            r"returned \[\], wanted one number an item \[8\]",
        ),
        (lambda turn: scores(turn), r"returned a Tensor, wanted Result\(loss\)"),
        (lambda turn: None, "returned nothing"),
        (lambda turn: Result(scores(turn).detach()), "has no gradient"),
        (lambda turn: Result(turn.networks["b"](turn.draw.data()).flatten()), "never learn"),
        (lambda turn: Result(scores(turn) * math.nan), "is not finite in the first turn"),
        (
            lambda turn: Result(scores(turn) * math.nan, {"term/a": scores(turn) / 0}),
            r"\(and so is term/a\)",
        ),
    ],
)
def test_the_first_turn_says_what_is_wrong_with_a_loss(loss, said) -> None:
    play = engine(Game(two_players(), [Phase([(Move("mine", ("a",), loss),)])]), batch=8)
    with pytest.raises(UserError, match=f"the loss of move 'mine' .*{said}"):
        play.round()


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("bf16", [False, True])
def test_gradient_norms_are_the_means_of_all_steps_since_the_last_line(accumulate, bf16) -> None:
    def constant(name: str, factor: float):
        """The gradient of a bias alone: ``factor``, whatever the weights."""
        return lambda turn: Result(factor * turn.networks[name].bias.expand(turn.draw.share.count))

    moves = (
        Move("plain", ("a",), constant("a", 2.0), repeat=2),
        Move("lazy", ("a",), constant("a", 8.0), every=2, apart=True),
        Move("other", ("b",), constant("b", 4.0)),
        Move("joint", ("b",), constant("b", 0.5)),
    )
    play = engine(Game(two_players(), [Phase([moves])]), accumulate=accumulate, bf16=bf16)
    play.round()
    play.round()
    found = play.meter.read()
    # Of a: two steps in either round, and one more, apart, in the first.
    assert found["gradient/a"] == ((2 + 2 + 8) / 3 + 2) / 2
    assert found["gradient/b"] == 4.5  # one step for both moves
    play.round()
    assert play.meter.read()["gradient/a"] == (2 + 2 + 8) / 3


def test_a_meter_of_before_there_were_gradient_norms_goes_on() -> None:
    play = engine(Game(two_players(), [Phase([(Move("a", ("a",), fit("a")),)])]))
    play.round()
    clock = play.clock()
    del clock["meter"]["gradient/a"]
    play.set_clock(clock)
    play.round()
    assert play.meter.state()["loss/a"][1] == 2 and play.meter.state()["gradient/a"][1] == 1


def test_a_batch_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        engine(Game(two_players(), [Phase([])]), batch=8, accumulate=3)


def test_the_meter_averages_and_survives_a_checkpoint() -> None:
    play = engine(Game(two_players(), [Phase([(Move("a", ("a",), fit("a")),)])]))
    play.round()
    clock = play.clock()
    other = engine(Game(two_players(), [Phase([(Move("a", ("a",), fit("a")),)])]))
    other.set_clock(clock)
    assert other.meter.read() == play.meter.read()
    assert play.meter.read() == {}


def test_a_meter_goes_on_in_the_precision_that_it_had() -> None:
    stats = {"wide": torch.tensor([0.1, 0.4], dtype=torch.float64), "nan": torch.tensor(math.nan)}
    meter, other = Meter(), Meter()
    meter.add(stats)
    other.restore(json.loads(json.dumps(meter.state())), CPU)
    for each in (meter, other):
        each.add(stats)
    assert meter.state()["wide"] == other.state()["wide"]
    assert meter.read()["wide"] == other.read()["wide"] == 0.25


def test_who_asks_for_data_does_not_move_the_clock() -> None:
    """In every move of the round, and as often as it likes: the items are the same."""
    got: dict[str, list] = {"a": [], "b": []}

    def loss(name: str, times: int):
        def ask(turn: Turn) -> Result:
            for _ in range(times):
                got[name].append(turn.draw.data().flatten().tolist())
            assert turn.batch().flatten().tolist() == got[name][-1]
            return Result(turn.networks[name](turn.batch()).flatten())

        return ask

    groups = [(Move("a", ("a",), loss("a", 2), repeat=2),), (Move("b", ("b",), loss("b", 3)),)]
    play = engine(Game(two_players(), [Phase(groups)]), batch=2)
    play.round()
    assert play.images == 4
    assert got == {"a": [[0, 1]] * 2 + [[2, 3]] * 2, "b": [[2, 3]] * 3}
    play.round()
    assert play.images == 8 and got["b"][-1] == [6, 7]


def test_turns_that_are_none_or_not_due_take_no_items() -> None:
    played = []

    def note(name: str):
        def loss(turn: Turn) -> Result:
            first = int(turn.batch().flatten()[0])
            played.append((name, turn.draw.start, first))
            return fit(name)(turn)

        return loss

    def often(images: int) -> int:
        return 0 if images in (0, 24) else 2

    groups = [
        (Move("a", ("a",), note("a"), repeat=often),),
        (Move("b", ("b",), note("b"), every=3),),
    ]
    play = engine(Game(two_players(), [Phase(groups)]))
    clocks = []
    for _ in range(4):
        play.round()
        clocks.append(play.images)
    assert clocks == [8, 24, 24, 32]  # in the third round nothing is due
    first, second, last = [("b", 0, 0)], [("a", 8, 8), ("a", 16, 16)], [("b", 24, 24)]
    assert played == [*first, *second, *last]


class Ordered(Counting):
    """A source with orders of its own: another order begins elsewhere."""

    def batch(self, start: int, count: int, order: str = "") -> torch.Tensor:
        return super().batch(start, count) + 100 * len(order)


def test_fresh_items_are_of_an_order_of_their_own() -> None:
    got = []

    def loss(turn: Turn) -> Result:
        got.append([turn.batch().flatten().tolist(), turn.fresh("other").flatten().tolist()])
        return Result(turn.networks["a"](turn.batch()).flatten())

    game = Game(two_players(), [Phase([(Move("a", ("a",), loss),)])])
    Engine(game, {"train": Ordered()}, batch=2, seed=0, device=CPU).round()
    assert got == [[[0, 1], [500, 501]]]


def test_sources_are_shared_each_by_its_name() -> None:
    got = []

    def loss(turn: Turn) -> Result:
        got.append([turn.batch(name).flatten().tolist() for name in ("x", "y", None)])
        assert turn.batch() is turn.batch("x")
        return Result(turn.networks["a"](turn.batch("x")).flatten())

    game = Game(two_players(), [Phase([(Move("a", ("a",), loss),)])])
    shifted = Ordered()
    shifted.batch = lambda start, count, order="": Counting().batch(start + 50, count)
    play = Engine(game, {"x": Counting(), "y": shifted}, batch=2, seed=0, device=CPU)
    play.round()
    assert got == [[[0, 1], [50, 51], [0, 1]]]


@pytest.mark.parametrize("accumulate", [1, 2, 4])
def test_hooks_get_what_was_observed_in_the_order_of_the_items(accumulate: int) -> None:
    got: list[Outcome] = []

    def loss(turn: Turn) -> Result:
        data = turn.batch()
        return Result(turn.networks["a"](data).flatten(), {"half": data / 2}, {"x": data})

    game = Game(two_players(), [Phase([(Move("a", ("a",), loss, repeat=2),)])])
    game.hooks = [Hook(got.append, every=2)]
    play = engine(game, batch=4, accumulate=accumulate)
    for _ in range(3):
        play.round()
    assert [outcome.images for outcome in got] == [8, 24]
    assert got[1].observed["x"].squeeze(2).tolist() == [[16, 17, 18, 19], [20, 21, 22, 23]]
    assert got[1].means["half"].item() == pytest.approx(9.75)
    assert not got[1].observed["x"].requires_grad


def test_frozen_networks_take_part_stay_and_are_saved() -> None:
    players, frozen = two_players(), nn.Linear(1, 1)

    def loss(turn: Turn) -> Result:
        return Result(turn.networks["f"](turn.networks["a"](turn.batch())).square().flatten())

    game = Game(players, [Phase([(Move("a", ("a",), loss),)])], frozen={"f": frozen})
    before, moving = [p.clone() for p in frozen.parameters()], weights(players["a"])
    play = engine(game)
    play.round()
    assert all(torch.equal(a, b) for a, b in zip(before, frozen.parameters(), strict=True))
    assert not torch.equal(weights(players["a"]), moving)
    assert torch.equal(play.tensors()["frozen.network.f.weight"], frozen.weight)
    assert all(p.grad is None for p in frozen.parameters())


@pytest.mark.parametrize(
    ("observed", "says"),
    [
        (
            lambda scores: scores.mean(),
            r"observed 'seen' as \[\], wanted a row an item",
        ),
        (lambda scores: 3.0, "observed 'seen' as a float"),
    ],
)
def test_what_a_loss_observes_has_a_row_an_item(observed: Any, says: str) -> None:
    network = torch.nn.Linear(1, 1)

    def loss(turn: Turn) -> Result:
        scores = turn.networks["network"](torch.ones(4, 1)).flatten()
        return Result(scores, observed={"seen": observed(scores.detach())})

    engine = one_player(network, loss)
    with pytest.raises(UsageError, match=says):
        engine.round()


def test_a_loss_that_changes_the_state_is_refused() -> None:
    network, mean = torch.nn.Linear(1, 1), torch.zeros(())

    def loss(turn: Turn) -> Result:
        scores = turn.networks["network"](torch.ones(4, 1)).flatten()
        mean.lerp_(scores.detach().mean(), 0.1)
        return Result(scores)

    engine = one_player(network, loss, state={"mean": mean})
    with pytest.raises(UsageError, match="'move' changed the game's state mean: losses only read"):
        engine.round()


def one_player(network: nn.Module, loss: Any, **more: Any) -> Engine:
    """An engine of one player with one move."""
    players = {"player": Player({"network": network}, Adam())}
    game = Game(players, [Phase([(Move("move", ("player",), loss),)])], **more)
    return engine(game, batch=4)
