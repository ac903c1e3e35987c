"""Rounds replayed from a recording equal rounds played as they are.

No GPU is needed: ``Recorder`` stands in for a CUDA graph. It notes every kernel that a round calls,
with the very tensors, and replays them into the same memory; any number that Python passed is
frozen into the recording, exactly as a graph would freeze it.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from ganvas.data import ItemStream, load_dataset
from ganvas.data.augment.ada import ADA
from ganvas.data.augment.colour import Colour
from ganvas.data.augment.corruption import Corruption
from ganvas.engine.engine import Engine
from ganvas.engine.game import Game, Move, Outcome, Phase, Result, Turn
from ganvas.engine.graph import MOST_GRAPHS, RECORDED_AFTER, Cut, GraphRecorder, _tensors
from ganvas.engine.optimiser import SGD, Adam, OptimiserSettings, RMSprop
from ganvas.engine.player import Player
from ganvas.engine.schedule import Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.augmentation import Adaptive, Augment
from ganvas.games.setup import GameSetup, PlayerSettings
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator

CPU = torch.device("cpu")


class Recorder(TorchDispatchMode):
    """A CUDA graph's stand-in: kernels and their operands, to be called again."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple, dict, Any]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("a number was read back while a graph is recorded")
        out = func(*args, **(kwargs or {}))
        writes = any(a.alias_info and a.alias_info.is_write for a in func._schema.arguments)
        view = not writes and any(a.alias_info for a in func._schema.returns)
        if not view and torch.Tag.inplace_view not in func.tags:
            self.calls.append((func, *tree_map(as_it_lies, (args, kwargs or {}, out))))
        return out


@torch.no_grad()
def replay(calls: list[tuple[Any, tuple, dict, Any]]) -> None:
    for func, args, kwargs, out in calls:
        again = func(*args, **kwargs)
        for old, new in zip(tensors(out), tensors(again), strict=True):
            if old.data_ptr() != new.data_ptr():
                old.copy_(new)


def as_it_lies(value: Any) -> Any:
    """A tensor's memory with its present shape, whatever becomes of the tensor's own later."""
    return value.detach() if isinstance(value, Tensor) else value


def tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value] if value.layout == torch.strided else []
    return [t for each in value for t in tensors(each)] if isinstance(value, list | tuple) else []


def capture(engine_tensors: Callable[[], list[Tensor]]):
    """A capture that, like CUDA's, leaves every tensor as it was until it is replayed."""

    def record(function: Callable[[Cut], Outcome]) -> tuple[list[Callable[[], None]], Outcome]:
        before = [tensor.clone() for tensor in engine_tensors()]
        starts: list[int] = []
        with Recorder() as recorder:
            outcome = function(lambda: starts.append(len(recorder.calls)))
        with torch.no_grad():
            for tensor, old in zip(engine_tensors(), before, strict=True):
                tensor.copy_(old)
        assert starts[0] == 0  # nothing is computed before the first graph begins
        ends = [*starts[1:], len(recorder.calls)]
        parts = [recorder.calls[start:end] for start, end in zip(starts, ends, strict=True)]
        return [partial(replay, part) for part in parts], outcome

    return record


def game(
    settings: GAN,
    width: int = 4,
    augment: Augment | None = None,
    strength: Any = 1.0,
    family: type[OptimiserSettings] = Adam,
    **optimiser: Any,
) -> Game:
    torch.manual_seed(0)
    shape = (1, 8, 8)
    pair = {
        "generator": DCGANGenerator(latent=5, width=width).build(shape),
        "discriminator": DCGANDiscriminator(width=width, norm="none").build(shape),
    }
    chosen = family(**{"lr": Linear(1e-2, 1e-3, 200), **optimiser})
    player = PlayerSettings(chosen, half_life=50.0)
    players = {"generator": player, "discriminator": player}
    made = settings.build(GameSetup(pair, 5, players, augment=augment, strength=strength))
    for player in made.players.values():  # rates as a GPU has them: tensors, which a graph can read
        for group in player.optimiser.param_groups:
            group["lr"] = torch.tensor(0.0)
            group |= {SGD: {"fused": True}, RMSprop: {"capturable": True, "foreach": True}}.get(
                family, {}
            )
    return made


def engines(make: Callable[[], Game], **more: Any) -> tuple[Engine, Engine, GraphRecorder]:
    pixels = torch.randint(0, 256, (40, 1, 8, 8), generator=torch.Generator().manual_seed(1))
    dataset = load_dataset(pixels.to(torch.uint8))
    plain_game, graph_game = make(), make()
    options = {"batch": 8, "seed": 3, "device": CPU, **more}
    plain = Engine(plain_game, {"train": ItemStream(dataset, 3, CPU, flip=True)}, **options)

    def memory() -> list[Tensor]:
        tapes = [kind.tape for kind in recorder._kinds.values()]
        drawn = [t for tape in tapes for _, kept in tape._slots.values() for t in _tensors(kept)]
        return [*drawn, *(tensor for _, tensor in graph_game.tensors())]

    recorder = GraphRecorder(capture(memory))
    stream = ItemStream(dataset, 3, CPU, flip=True)
    graph = Engine(graph_game, {"train": stream}, recorder=recorder, **options)
    return plain, graph, recorder


def assert_equal(plain: Engine, graph: Engine) -> None:
    assert (plain.images, plain.rounds) == (graph.images, graph.rounds)
    for (name, a), (_, b) in zip(plain.game.tensors(), graph.game.tensors(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, msg=name)
    ours, theirs = plain.meter.means(), graph.meter.means()
    assert ours.keys() == theirs.keys() >= {f"gradient/{player}" for player in plain.game.players}
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=0, atol=0, msg=name)


@pytest.mark.parametrize(
    "settings",
    [
        GAN(),
        GAN(reuse_fakes=True, joint_pass=True, penalties=(Penalty("r1", 1.0, every=3),)),
        GAN(loss="wasserstein", critic_turns=2, penalties=(Penalty("gradient", 10.0),)),
        GAN(penalties=(Penalty("r1", Linear(5.0, 0.5, 150)), Penalty("r2", 1.0))),
    ],
    ids=["plain", "lazy", "critic", "scheduled"],
)
def test_replayed_rounds_are_the_rounds_themselves(settings: GAN) -> None:
    plain, graph, recorder = engines(lambda: game(settings))
    for number in range(4 * RECORDED_AFTER):
        plain.round()
        graph.round()
        assert_equal(plain, graph)
        if number % 3 == 2:  # what was read, and what was gathered since, is nobody else's
            assert plain.meter.read() == graph.meter.read()
    assert recorder.reason is None
    assert recorder.replays > 2


@pytest.mark.parametrize(
    ("settings", "strength"),
    [
        (GAN(lazy="apart", penalties=(Penalty("r1", 1.0, every=2, through="images"),)), 0.5),
        (GAN("relativistic", fresh_reals=True, penalties=(Penalty("r2", through="images"),)), 0.5),
        (GAN(lazy="apart", critic_turns=2, penalties=(Penalty("r1", 1.0, every=2),)), 0.5),
        (GAN(penalties=(Penalty("gradient", through="images"),)), Adaptive(-0.9, 100, every=2)),
    ],
    ids=["apart", "fresh", "apart-critic", "adaptive"],
)
def test_augmented_rounds_and_those_with_steps_apart_are_replayed(settings: GAN, strength) -> None:
    augment = ADA(colour=Colour(chance=0.5), corruption=Corruption(noise=0.0, span="rims"))
    plain, graph, recorder = engines(lambda: game(settings, augment=augment, strength=strength))
    for _ in range(4 * RECORDED_AFTER):
        plain.round()
        graph.round()
        assert_equal(plain, graph)
    assert recorder.reason is None
    assert recorder.replays > 2


def test_micro_batches_are_replayed_too() -> None:
    plain, graph, recorder = engines(lambda: game(GAN()), accumulate=2)
    for _ in range(3 * RECORDED_AFTER):
        plain.round()
        graph.round()
    assert_equal(plain, graph)
    assert recorder.replays > 2


def test_moving_betas_are_never_frozen() -> None:
    plain, graph, recorder = engines(lambda: game(GAN(), betas=(0.0, Linear(0.5, 0.9, 64))))
    replays = []
    for _ in range(8 + 2 * RECORDED_AFTER):
        plain.round()
        graph.round()
        replays.append(recorder.replays)
    assert_equal(plain, graph)
    assert replays[7] == 0 and replays[-1] > 0  # recorded once they stand still


@pytest.mark.parametrize("family", [SGD, RMSprop])
def test_steps_of_other_families_are_replayed_and_a_moving_momentum_is_not_frozen(
    family: type[OptimiserSettings], monkeypatch
) -> None:
    its = sys.modules[RMSprop.family.__module__]
    monkeypatch.setattr(its, "_get_capturable_supported_devices", lambda *_, **__: ["cpu"])
    momentum = Linear(0.1, 0.5, 64)
    plain, graph, recorder = engines(lambda: game(GAN(), family=family, momentum=momentum))
    replays = []
    for _ in range(8 + 3 * RECORDED_AFTER):
        plain.round()
        graph.round()
        replays.append(recorder.replays)
        assert_equal(plain, graph)
    assert recorder.reason is None
    assert replays[7] == 0 and replays[-1] > 2


def test_a_clock_that_is_set_back_is_followed() -> None:
    plain, graph, _ = engines(lambda: game(GAN()))
    for _ in range(2 * RECORDED_AFTER):
        graph.round()
        plain.round()
    for each in (plain, graph):
        each.set_clock({"images": 16, "rounds": 2, "meter": {}})
        each.round()
    assert_equal(plain, graph)


def noisy(layer: nn.Module, apart: bool = False) -> Game:
    """Two moves, a group each; or ``apart``, of one: two turns of one, a step of the other."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), layer, nn.Linear(8, 1))
    player = Player({"a": network}, Adam(lr=1e-2))
    for group in player.optimiser.param_groups:
        group["lr"] = torch.tensor(0.0)

    def loss(turn: Turn) -> Result:
        return Result(turn.networks["a"](turn.draw.data()["image"]).square().flatten())

    one, other = (Move(name, ("a",), loss, every=every) for name, every in (("m", 1), ("n", 2)))
    groups = [(one,), (other,)]
    if apart:
        groups = [(replace(one, repeat=2), replace(other, apart=True))]
    return Game({"a": player}, [Phase(groups)])


class Noise(nn.Module):
    """What a style-based generator does between two layers."""

    def forward(self, input: Tensor) -> Tensor:
        return input + 0.1 * torch.randn_like(input)


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), Noise()], ids=["dropout", "noise"])
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("apart", [False, True])
def test_networks_that_draw_for_themselves_draw_the_same_in_a_replay(
    layer, accumulate: int, apart: bool
) -> None:
    plain, graph, recorder = engines(lambda: noisy(layer, apart), accumulate=accumulate)
    for _ in range(4 * RECORDED_AFTER):
        plain.round()
        graph.round()
    assert_equal(plain, graph)
    assert recorder.reason is None and recorder.replays > 4
    turns = {len(kind.replays) for kind in recorder._kinds.values()}
    rare = 3 if apart else 2
    assert turns == {(rare - 1) * accumulate, rare * accumulate}  # a graph a turn, and its seed


def test_a_move_that_joins_later_has_its_first_turn_outside_of_a_recording() -> None:
    def later() -> Game:
        made = noisy(nn.Identity())
        (one,), (other,) = made.phases[0].groups
        late = replace(other, name="late", every=RECORDED_AFTER)
        # Due from the first round on, but without a turn for long.
        rare = replace(one, name="rare", repeat=lambda images: int(images >= 8 * 40))
        first = Phase([(one, rare), (other,)], until=8 * 50)
        return replace(made, phases=[first, Phase([(one, replace(other, name="joined")), (late,)])])

    plain, graph, recorder = engines(later)
    for _ in range(80):
        plain.round()
        graph.round()
        assert_equal(plain, graph)
    assert graph._begun == {"m", "n", "rare", "joined", "late"}
    assert recorder.reason is None and recorder.replays > 50


def test_a_round_that_cannot_be_recorded_goes_on_without() -> None:
    plain, graph, recorder = engines(lambda: game(GAN()))

    def refuse(function: Callable[[Cut], Outcome]) -> tuple[list[Callable[[], None]], Outcome]:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    recorder._capture = refuse
    for _ in range(2 * RECORDED_AFTER):
        plain.round()
        graph.round()
    assert_equal(plain, graph)
    assert recorder.reason == "operation not permitted when stream is capturing"


def test_few_kinds_of_rounds_are_recorded() -> None:
    def many() -> Game:
        made = game(GAN())
        group = made.phases[0].groups[0]
        turns = [replace(move, repeat=lambda images: 1 + images // 48 % 11) for move in group]
        return replace(made, phases=[Phase([tuple(turns), *made.phases[0].groups[1:]])])

    plain, graph, recorder = engines(many)
    for _ in range(4 * MOST_GRAPHS):
        plain.round()
        graph.round()
        assert len(recorder._kinds) <= MOST_GRAPHS
    assert_equal(plain, graph)
    assert len(recorder._kinds) == MOST_GRAPHS


def test_a_drawn_batch_that_is_changed_in_place_is_drawn_anew() -> None:
    def spoil() -> Game:
        torch.manual_seed(0)
        player = Player({"a": nn.Sequential(nn.Flatten(), nn.Linear(64, 1))}, Adam(lr=1e-2))
        for group in player.optimiser.param_groups:
            group["lr"] = torch.tensor(0.0)

        def loss(turn: Turn) -> Result:
            images = turn.draw.data()["image"].mul_(0.5).requires_grad_()
            return Result(turn.networks["a"](images + turn.draw.normal("n", 1, 1, 1)).flatten())

        return Game({"a": player}, [Phase([(Move("a", ("a",), loss),)])])

    plain, graph, recorder = engines(spoil)
    for _ in range(3 * RECORDED_AFTER):
        plain.round()
        graph.round()
    assert_equal(plain, graph)
    assert recorder.replays > 2
