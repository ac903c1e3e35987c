"""A whole bench: what it reports, as data and as a picture."""

import io
import json

import pytest
import torch
from PIL import Image

from ganvas.bench import picture
from ganvas.bench.bench import bench, timed_loop
from ganvas.bench.bench_dataset import bench_dataset, shape_of
from ganvas.bench.speed import PAIRS, TimedLoop, in_turn, ratio
from ganvas.errors import UsageError
from ganvas.recipes.recipe import Data
from ganvas.recipes.recipe_table import change, find
from ganvas.trial import peak_memory

from .small_recipes import engine_of, tiny


@pytest.fixture(scope="module")
def report():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganvas.bench.rate.SIZE", 64)
        patch.setattr("ganvas.bench.rate.IMAGES", 1)
        penalties = [{"kind": "r1", "every": 2}]
        recipe = tiny("tutorial-cifar10", game__penalties=penalties, game__critic_turns=2)
        yield bench(recipe, seconds=0.05)


def test_a_report_is_whole(report) -> None:
    record = json.loads(json.dumps(report.record()))
    assert set(record) == {
        "recipe", "data", "choices", "batch", "cycle", "clock", "torch", "processor", "ours",
        "plain", "ratio", "parts", "layers", "products", "convolutions", "reached", "memory",
        "milliseconds",
        "plain_milliseconds", "gflop", "gflop_an_image", "teraflops", "matrix_rate",
        "outside_networks_and_optimiser", "loop", "words",
    }  # fmt: skip
    assert record["recipe"] == "tutorial-cifar10" and record["cycle"] == 2
    assert record["data"] == "random images in memory, 32x32 colour"
    assert set(record["choices"]) >= {"device", "precision", "memory_format", "threads"}
    assert len(record["ratio"]["pairs"]) == len(record["ours"]["chunks"]) == PAIRS >= 5
    assert record["ratio"]["low"] <= record["ratio"]["median"] <= record["ratio"]["high"]
    assert 0 < record["loop"] <= record["outside_networks_and_optimiser"] < 1
    assert len(record["products"]) == len(record["convolutions"]) == PAIRS
    for share, speed, *rates in zip(
        record["reached"]["pairs"], record["ours"]["chunks"], record["products"],
        record["convolutions"], strict=True,
    ):  # fmt: skip
        assert share == pytest.approx(speed * record["gflop_an_image"] / 1e3 / max(rates))
    assert {"name", "kind", "forward_ms", "backward_ms", "forward_gflop", "backward_gflop"} == set(
        record["layers"]["layers"][0]
    )
    for words in ("x the plain loop", "of this machine's matrix rate", "loop overhead"):
        assert words in record["words"]
    assert record["clock"] == 2 * record["batch"]


def test_its_picture_has_every_part(report) -> None:
    svg = picture.svg(report)
    for words in ("ganvas", "plain PyTorch loop", "penalty.r1: slope", "discriminator.0", "loop"):
        assert words in svg
    with Image.open(io.BytesIO(picture.png(report))) as image:
        assert image.format == "PNG" and image.width == 2 * picture.WIDTH
        assert image.getcolors(1 << 16)


def test_sides_play_in_turn_and_whole_cycles() -> None:
    played: list[str] = []
    cpu = torch.device("cpu")
    sides = [
        TimedLoop(lambda: played.append("a"), 4, 1, cpu),
        TimedLoop(lambda: played.append("b"), 4, 3, cpu),
    ]
    first, second = in_turn(sides, 1e-9)
    assert "".join(played) == "aaabbbbbb" + "abbb" * PAIRS
    assert first.chunk_rounds == 1 and second.chunk_rounds == 3
    assert first.low <= first.median <= first.high


def test_a_phase_that_ends_is_begun_again() -> None:
    engine = engine_of(tiny("warm-up", game__warm_up__images=40))
    phase, clocks = engine.game.phase(0), []
    loop = timed_loop(engine)
    for _ in range(7):
        loop.round()
        clocks.append(engine.images)
    assert clocks == [8, 16, 24, 32, 0, 8, 16] and engine.rounds == 7
    assert engine.game.phase(engine.images) is phase


def test_a_ratio_is_taken_pair_by_pair() -> None:
    found = ratio((2.0, 9.0, 8.0), (1.0, 3.0, 8.0))
    assert (found.median, found.low, found.high) == (2.0, 1.0, 3.0)


def test_what_is_played_with() -> None:
    assert bench_dataset(tiny(), given=False).name == "mnist"
    assert shape_of(find("folder").data) == (3, 64, 64)
    assert shape_of(Data("cifar10", size=16, channels=1)) == (1, 16, 16)
    assert shape_of(Data("fashion-mnist")) == (1, 28, 28)
    assert shape_of(Data("somewhere")) is None
    many = bench_dataset(change(find("folder"), {"batch": 3_000}), given=False)
    assert len(many) == 6_000 and many.name == "random images in memory, 64x64 colour"


def test_memory_that_is_taken_is_seen() -> None:
    grown = peak_memory.watch(torch.device("cpu"))
    first = grown()
    if first is None:
        pytest.skip("this system does not tell")
    block = torch.ones(256 << 20, dtype=torch.uint8)
    later = grown()
    assert later is not None and later - first > 128 << 20 and len(block)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none(limit) -> None:
    with pytest.raises(UsageError, match="`seconds` must be more than 0"):
        bench(tiny(), seconds=limit)


def test_fewer_than_no_workers_are_refused() -> None:
    with pytest.raises(UsageError, match="`workers`"):
        bench(tiny("mnist"), workers=-1)
