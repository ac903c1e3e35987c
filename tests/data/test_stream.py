"""A batch is a function of (seed, start, count), whatever was asked before."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.data import Dataset, Field, ItemStream, load_dataset, make_dataset
from ganvas.domains import Image, Tokens


def numbered(count: int) -> Dataset:
    """Image i is all i, but for its left column, which is 255: a flip shows."""
    pixels = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 1, 2, 3)
    pixels[..., 0] = 255
    return load_dataset((pixels, torch.arange(count)))


def values(stream: ItemStream, start: int, count: int) -> list[int]:
    """Which images a batch holds."""
    images = stream.batch(start, count)["image"]
    return [round(float(image[0, 0, 1] + 1) * 127.5) for image in images]


def test_range_type_and_labels():
    dataset = numbered(10)
    batch = ItemStream(dataset, 0, "cpu", shuffle=False).batch(0, 4)
    assert batch["image"].shape == (4, 1, 2, 3) and batch["image"].dtype == torch.float32
    assert torch.equal(batch["image"], dataset.pixels[:4].float() / 127.5 - 1)
    assert batch["image"].min() == -1 and batch["image"].max() == 1
    assert "label" in batch and batch["label"].tolist() == [0, 1, 2, 3]
    dataset.pixels.zero_()
    assert batch["image"].max() == 1  # a copy, not a view


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 99), st.lists(st.integers(1, 40), min_size=1, max_size=8), st.booleans())
def test_batches_are_slices_of_one_stream(start, counts, flip):
    dataset = numbered(23)
    whole = ItemStream(dataset, 7, "cpu", flip=flip).batch(start, sum(counts))
    stream = ItemStream(dataset, 7, "cpu", flip=flip)
    pieces = []
    place = start
    for count in counts:
        pieces.append(stream.batch(place, count))
        place += count
    assert torch.equal(torch.cat([piece["image"] for piece in pieces]), whole["image"])
    joined = torch.cat([piece["label"] for piece in pieces if piece["label"] is not None])
    assert whole["label"] is not None and torch.equal(joined, whole["label"])


def test_going_back_gives_the_same():
    stream = ItemStream(numbered(23), 7, "cpu", flip=True)
    first = stream.batch(0, 8)["image"]
    stream.batch(500, 64)
    assert torch.equal(stream.batch(0, 8)["image"], first)


def test_every_epoch_holds_every_image_once_in_another_order():
    stream = ItemStream(numbered(23), 7, "cpu")
    epochs = [values(stream, 23 * epoch, 23) for epoch in range(3)]
    assert all(sorted(epoch) == list(range(23)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert values(ItemStream(numbered(23), 8, "cpu"), 0, 23) != epochs[0]


def test_without_shuffling_and_beyond_the_data_set():
    stream = ItemStream(numbered(5), 0, "cpu", shuffle=False)
    assert values(stream, 3, 12) == [3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]


def test_flips_are_half_and_change_by_epoch():
    stream = ItemStream(numbered(200), 3, "cpu", flip=True, shuffle=False)
    flipped = [(stream.batch(200 * epoch, 200)["image"][:, 0, 0, 2] == 1) for epoch in range(2)]
    assert 70 < int(flipped[0].sum()) < 130
    assert not torch.equal(flipped[0], flipped[1])


def test_threads_do_not_change_a_batch():
    dataset = load_dataset(torch.rand(300, 3, 16, 16))
    before = torch.get_num_threads()
    try:
        batches = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            batches.append(ItemStream(dataset, 1, "cpu", flip=True).batch(250, 128)["image"])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*batches)


def test_nothing_but_the_order_is_shared_between_seeds_and_wrong_calls_are_refused():
    stream = ItemStream(numbered(5), 0, "cpu")
    for start, count in ((-1, 4), (0, 0)):
        with pytest.raises(ValueError):
            stream.batch(start, count)


def quickest(call: Callable[[int], object]) -> float:
    """Seconds of the fastest of many calls: other work on the machine slows only some."""
    best = math.inf
    for first in range(0, 5000, 64):
        start = time.perf_counter()
        call(first)
        best = min(best, time.perf_counter() - start)
    return best


def test_a_batch_of_mnist_costs_little_more_than_looking_it_up():
    dataset = load_dataset("mnist", split="test")
    stream = ItemStream(dataset, 0, "cpu", flip=True)
    stream.batch(0, 64)
    order = torch.randperm(5064)
    plain = quickest(lambda first: dataset.pixels[order[first : first + 64]].float() / 127.5 - 1)
    assert quickest(lambda first: stream.batch(first, 64)) < 6 * plain


def test_two_sources_and_two_orders_never_go_together() -> None:
    dataset = numbered(200)
    train, a, b = (ItemStream(dataset, 4, "cpu", source=each) for each in ("train", "a", "b"))
    asked = [(train, ""), (a, ""), (b, ""), (train, "a"), (a, "a"), (train, "train")]
    orders = [stream.batch(0, 200, order)["label"].float() for stream, order in asked]
    for first, second in combinations(orders, 2):
        assert abs(float(torch.corrcoef(torch.stack([first, second]))[0, 1])) < 0.3
    assert torch.equal(orders[0], ItemStream(dataset, 4, "cpu").batch(0, 200)["label"])


def test_fields_of_an_item_are_mirrored_together() -> None:
    pixels = torch.randint(0, 256, (50, 3, 2, 4), dtype=torch.uint8)
    words = torch.randint(0, 9, (50, 6))
    fields = {
        "target": Field(Image(3, 2, 4), 255 - pixels),
        "tokens": Field(Tokens(6, 9), words),
    }
    dataset = make_dataset(Image(3, 2, 4), pixels, None, (), "pairs", fields=fields)
    stream = ItemStream(dataset, 1, "cpu", flip=True)
    batch = stream.batch(30, 50)
    assert set(batch) == {"image", "target", "tokens"}
    torch.testing.assert_close(batch["image"], -batch["target"])
    plain = ItemStream(dataset, 1, "cpu").batch(30, 50)
    assert torch.equal(batch["tokens"], plain["tokens"]) and batch["tokens"].dtype == torch.int64
    mirrored = (batch["image"] != plain["image"]).flatten(1).any(1)
    assert 10 < int(mirrored.sum()) < 40
    other = make_dataset(Image(3, 2, 4), pixels, None, (), "pairs")
    assert other.fingerprint != dataset.fingerprint
    with pytest.raises(ValueError, match="called image"):
        replace(dataset, fields={"image": Field(Image(3, 2, 4), pixels)})
    with pytest.raises(ValueError, match="49 of target for 50"):
        replace(dataset, fields={"target": Field(Image(3, 2, 4), pixels[:49])})


def test_tokens_in_memory_are_a_data_set() -> None:
    tokens = torch.randint(0, 5, (20, 7))
    dataset = make_dataset(Tokens(7, 5), tokens, torch.arange(20) % 2, ("a", "b"), "words")
    batch = ItemStream(dataset, 0, "cpu", flip=True, shuffle=False).batch(0, 20)
    assert torch.equal(batch["tokens"], tokens) and dataset.shape == (7,)
    assert dataset.words() == "words: 20 sequences, 7 tokens out of 5, 2 classes"


def test_orders_do_not_displace_each_other(monkeypatch) -> None:
    drawn = []
    stream = ItemStream(load_dataset(torch.zeros(8, 1, 4, 4, dtype=torch.uint8)), 0, "cpu")
    generator = stream._generator
    monkeypatch.setattr(stream, "_generator", lambda *key: drawn.append(key) or generator(*key))
    for start in (0, 4, 6, 8):
        for order in ("", "x", "y"):
            stream.batch(start, 4, order)
    assert len(drawn) == len(set(drawn)) == 6
    assert {epoch for epoch, _ in stream._epochs} == {0, 1}
