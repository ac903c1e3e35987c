"""``batch: auto``: which batch is taken, and what happens where memory ends."""

import pytest
import torch

from ganvas.data.dataset import Dataset, make_dataset
from ganvas.domains import Image
from ganvas.errors import UserError
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, find
from ganvas.trial import batch_size
from ganvas.trial.batch_size import fit_batch


def images(count: int = 5_000) -> Dataset:
    return make_dataset(
        Image(1, 28, 28), torch.zeros(count, 1, 28, 28, dtype=torch.uint8), None, (), "black"
    )


def tiny(**more: object) -> Recipe:
    small = {"generator.width": 2, "discriminator.width": 2, "discriminator.hidden": 4}
    return change(find("mnist"), {**small, "threads": 1, "precision": "fp32", **more})


def speeds(monkeypatch: pytest.MonkeyPatch, by_batch: dict[int, float]) -> list[int]:
    """Images/s by batch instead of measured ones; beyond them, memory ends. What was tried."""
    tried = []

    def seconds(recipe: Recipe, *_: object) -> float:
        tried.append(recipe.batch)
        if recipe.batch not in by_batch:
            torch.empty(10**16)  # a real lack of memory
        return recipe.batch / by_batch[recipe.batch]

    monkeypatch.setattr(batch_size, "_round_seconds", seconds)
    return tried


def test_the_smallest_batch_that_is_nearly_as_fast_as_any(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = speeds(monkeypatch, {16: 100, 32: 180, 64: 196, 128: 200, 256: 150, 512: 1000})
    found, why = fit_batch(tiny(), images())
    assert (found.batch, found.accumulate) == (64, 1)
    assert tried == [16, 32, 64, 128, 256]  # one that is clearly slower ends the search
    assert why.startswith("batch 64; images/s by batch 16: 100, 32: 180")


def test_memory_that_ends_before_the_recipes_batch_cuts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    speeds(monkeypatch, {16: 100, 32: 180})
    found, why = fit_batch(tiny(batch=100), images())
    assert (found.batch, found.accumulate) == (96, 3)
    assert "batch 96 in 3 micro-batches" in why
    found, _ = fit_batch(tiny(batch=100), images(70))  # no more than there are
    assert (found.batch, found.accumulate) == (64, 2)


def test_a_batch_is_no_larger_than_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = speeds(monkeypatch, {n: float(n) for n in (8, 16, 32, 64, 128)})
    assert fit_batch(tiny(), images(50))[0].batch == 32
    assert max(tried) == 32
    assert fit_batch(tiny(), images(8))[0].batch == 8


def test_memory_that_would_be_filled_next_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = speeds(monkeypatch, {n: float(n) for n in (16, 32, 64, 128)})
    monkeypatch.setattr(batch_size, "free_memory", lambda device: 1000)
    used = iter([100, 200, 450])
    monkeypatch.setattr(batch_size.peak_memory, "watch", lambda device: lambda: next(used))
    found, _ = fit_batch(tiny(batch=64), images())
    assert tried == [16, 32, 64] and found.batch == 64


def test_no_batch_at_all_says_what_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    speeds(monkeypatch, {})
    with pytest.raises(UserError, match=r"`generator\.width`"):
        fit_batch(tiny(), images())


def test_other_errors_are_not_taken_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> float:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(batch_size, "_round_seconds", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        fit_batch(tiny(), images())


def test_it_works_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "LARGEST", 32)
    found, why = fit_batch(tiny(), images(40))
    assert found.batch in (16, 32) and found.accumulate == 1
    assert "16: " in why and "32: " in why
