"""Runs that fit their minutes, on a clock of the test's own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ganvas
from ganvas.engine.schedule import Linear, at
from ganvas.recipes import flat, reading, yaml
from ganvas.recipes.length import fixed
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, find, from_plain
from ganvas.report.run_page import write_report
from ganvas.store import checkpoint
from ganvas.store.event import Event
from ganvas.store.log import read_log
from ganvas.store.run_folder import write_recipe
from ganvas.training import stopwatch, writer
from ganvas.training.evaluator import Evaluator
from ganvas.training.loop import Loop
from ganvas.training.promise import STEADY, Promise
from ganvas.training.resolve import resolve
from ganvas.training.session import RESERVE

from ..playing import MEASURED, SMALL, assert_same_run, log_of

NOMINAL = 2_000
"""Images of the recipe; its rate falls to 0 from two fifths of them on, as ``mnist``'s does."""

SPEED = 8.0
"""Images a second, where a test does not say otherwise."""

SECONDS = 60 - RESERVE
"""Of the one minute that a run here has."""


class Killed(BaseException):
    pass


class Wall:
    """A clock that stands still but for the rounds that are played."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.speed: Callable[[int], float] = lambda images: SPEED

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """The clock of the sessions."""
    clock, after = Wall(), Loop._after_round

    def timed(self: Loop, before: int) -> None:
        clock.seconds += (self.engine.images - before) / clock.speed(before)
        after(self, before)

    monkeypatch.setattr(stopwatch, "now", clock)
    monkeypatch.setattr(Loop, "_after_round", timed)
    return clock


def recipe() -> Recipe:
    """A small ``mnist`` that is to fit its minute."""
    small = {name: value for name, value in SMALL.items() if name != "images"}
    small |= {"minutes": 1.0, "every.log": 32}
    return replace(fixed(change(find("mnist"), small), NOMINAL), fit_minutes=True)


def train(out: Path, data: Any, like: Any = None, **more: Any) -> ganvas.Run:
    return ganvas.train(like or recipe(), data=data, out=out, began=0.0, **more)


def cut(out: Path, data: Any, listen: Callable[[Event], None]) -> Path:
    """The folder of a run that a listener killed."""
    with pytest.raises(Killed):
        train(out, data, listeners=[listen])
    (path,) = out.iterdir()
    return path


def killed_at(images: int) -> Callable[[Event], None]:
    def listen(event: Event) -> None:
        if event.images >= images:
            raise Killed

    return listen


def resume(path: Path, data: Any, wall: Wall, **more: Any) -> ganvas.Run:
    return ganvas.resume(path, data=data, began=wall.seconds, **more)


def found(path: Path) -> tuple[int, int]:
    """When a run fixed its total, by the clock of images, and the total: by its log."""
    (record,) = [each for each in read_log(path / "log.jsonl") if "total" in each]
    return record["images"], record["total"]


def without_totals(path: Path) -> list[dict[str, Any]]:
    return [record for record in log_of(path) if "total" not in record]


@pytest.mark.parametrize("speed", [5.0, 12.0])
def test_a_runs_schedule_ends_with_its_minutes(tmp_path, blobs, wall, speed) -> None:
    wall.speed = lambda images: speed
    run = train(tmp_path, blobs)
    moment, total = found(run.path)
    assert moment == pytest.approx(speed * SECONDS / 10, abs=16)
    assert run.images == run.recipe.images == total
    assert STEADY * SECONDS - 16 / speed < wall.seconds <= SECONDS
    rate = run.recipe.optimisers["generator"].lr
    assert isinstance(rate, Linear) and (rate.begin, rate.until) == (total * 4 // 5, total)
    assert at(rate, run.images) == 0 < at(rate, run.images - 16)
    logged = {record["images"]: record.get("lr/generator") for record in run.log}
    assert all(value is None or value == at(rate, images) for images, value in logged.items())
    assert min(value for value in logged.values() if value is not None) < rate.start


def test_a_fast_machine_plays_the_recipes_images_and_no_more(tmp_path, blobs, wall) -> None:
    wall.speed = lambda images: 100.0
    run = train(tmp_path, blobs)
    assert run.images == run.recipe.images == NOMINAL
    assert run.recipe.optimisers["generator"] == recipe().optimisers["generator"]
    assert not run.recipe.fit_minutes


def test_the_run_is_the_run_of_that_total_from_its_first_image_on(tmp_path, blobs, wall) -> None:
    fitted = train(tmp_path / "fitted", blobs)
    wall.seconds = 0.0
    again = train(tmp_path / "again", blobs, fitted.path / "recipe.yaml")
    assert_same_run(fitted.path, again.path, log=without_totals)
    kept = [sorted(p.name for p in (r.path / "checkpoints").iterdir()) for r in (fitted, again)]
    assert kept[0] == kept[1]
    total = found(fitted.path)[1]
    ends = {f"{side}_optimiser.lr.until": total for side in ("generator", "discriminator")}
    begins = {
        f"{side}_optimiser.lr.begin": total * 4 // 5 for side in ("generator", "discriminator")
    }
    named = train(tmp_path / "named", blobs, images=total, overrides={**ends, **begins})
    assert_same_run(fitted.path, named.path, log=without_totals)


def test_what_was_not_bound_to_the_total_stays(tmp_path, blobs, wall) -> None:
    ramp = Linear(0.0, 1_000.0, until=NOMINAL)
    like = change(recipe(), {"half_life": reading.to_plain(ramp)})
    like = change(
        like, {"generator_optimiser.betas": [0.0, reading.to_plain(Linear(0.5, 0.9, 700))]}
    )
    run = train(tmp_path, blobs, like)
    assert run.recipe.half_life == ramp
    assert run.recipe.optimisers["generator"].betas == like.optimisers["generator"].betas
    assert run.recipe.minutes == 1.0


def test_a_run_killed_before_it_decided_decides_anew(tmp_path, blobs, wall) -> None:
    path = cut(tmp_path, blobs, killed_at(32))
    assert ganvas.load(path).recipe.fit_minutes
    wall.speed = lambda images: 16.0
    begun = wall.seconds
    run = resume(path, blobs, wall)
    assert run.images == run.recipe.images == found(path)[1]
    assert run.images == pytest.approx(16 * SECONDS, rel=0.05)
    assert STEADY * SECONDS - 1 < wall.seconds - begun <= SECONDS


def test_minutes_given_to_its_resume_are_its_minutes(tmp_path, blobs, wall) -> None:
    path = cut(tmp_path, blobs, killed_at(32))
    begun = wall.seconds
    run = resume(path, blobs, wall, minutes=0.5)
    assert run.images == run.recipe.images < SPEED * 30
    assert 0.9 * 28 < wall.seconds - begun <= 28
    assert run.recipe.minutes == 0.5


@pytest.mark.parametrize("moment", [64, 256])
def test_a_run_killed_after_it_decided_is_exact_and_decides_nothing(
    tmp_path, blobs, wall, moment
) -> None:
    whole = train(tmp_path / "whole", blobs)
    wall.seconds = 0.0
    path = cut(tmp_path / "cut", blobs, killed_at(moment))
    wall.speed = lambda images: 1.0  # without limit: the minutes were the first command's
    resume(path, blobs, wall)
    assert_same_run(path, whole.path)


def test_killed_between_its_recipe_and_its_checkpoint(tmp_path, blobs, wall, monkeypatch) -> None:
    whole = train(tmp_path / "whole", blobs)
    wall.seconds = 0.0

    def written_and_killed(path: Path, recipe: Recipe) -> None:
        write_recipe(path, recipe)
        raise Killed

    monkeypatch.setattr(writer, "write_recipe", written_and_killed)
    path = cut(tmp_path / "cut", blobs, lambda event: None)
    total = found(whole.path)[1]
    assert ganvas.load(path).recipe.images == total
    assert checkpoint.total(path / "checkpoints") == NOMINAL
    wall.speed = lambda images: 1.0
    resume(path, blobs, wall)
    assert_same_run(path, whole.path, log=without_totals)


def test_killed_between_its_checkpoint_and_its_recipe(tmp_path, blobs, wall, monkeypatch) -> None:
    whole = train(tmp_path / "whole", blobs)
    moment, total = found(whole.path)
    wall.seconds = 0.0
    monkeypatch.setattr(writer, "write_recipe", lambda path, recipe: None)
    path = cut(tmp_path / "cut", blobs, killed_at(moment + 1))
    assert ganvas.load(path).recipe.images == NOMINAL
    assert checkpoint.total(path / "checkpoints") == total
    wall.speed = lambda images: 1.0
    run = resume(path, blobs, wall)
    assert_same_run(path, whole.path)
    assert run.recipe == whole.recipe


def test_a_machine_that_slows_down_is_stopped_by_its_minutes_and_goes_on(
    tmp_path, blobs, wall
) -> None:
    whole = train(tmp_path / "whole", blobs)
    wall.seconds = 0.0
    wall.speed = lambda images: SPEED if images < 160 else SPEED / 2
    run = train(tmp_path / "slow", blobs)
    assert run.images < run.recipe.images == whole.images
    assert SECONDS <= wall.seconds < SECONDS + 2 * 16 / SPEED
    resume(run.path, blobs, wall)
    assert_same_run(run.path, whole.path)


def test_minutes_given_to_a_run_that_has_decided_only_stop(tmp_path, blobs, wall) -> None:
    path = cut(tmp_path, blobs, killed_at(96))
    total = found(path)[1]
    run = resume(path, blobs, wall, minutes=0.1)
    assert run.images < total and run.recipe.images == total and run.recipe.minutes == 1.0
    longer = resume(path, blobs, wall, images=total + 64)
    assert longer.images == longer.recipe.images and longer.recipe.images == total + 64
    assert longer.recipe.optimisers["generator"] == run.recipe.optimisers["generator"]


def test_images_win(tmp_path, blobs, wall) -> None:
    asked = resolve("mnist", overrides={"images": 10_000})
    assert (asked.images, asked.minutes, asked.fit_minutes) == (10_000, None, False)
    both = resolve("mnist", overrides={"images": 10_000, "minutes": 2})
    assert not both.fit_minutes
    path = cut(tmp_path, blobs, killed_at(32))
    run = resume(path, blobs, wall, images=160)
    assert run.images == 160 and not run.recipe.fit_minutes
    assert run.recipe.optimisers["generator"] == recipe().optimisers["generator"]


def test_minutes_that_start_up_used_up_promise_nothing(tmp_path, blobs, wall) -> None:
    run = ganvas.train(recipe(), data=blobs, out=tmp_path, began=-100.0)
    assert run.images == 16 and run.recipe.images == NOMINAL and run.recipe.fit_minutes


def test_evaluations_are_counted_on(tmp_path, blobs, wall, monkeypatch) -> None:
    evaluate = Evaluator.evaluate

    def slow(self: Evaluator, *arguments: Any) -> Any:
        wall.seconds += 3.0
        return evaluate(self, *arguments)

    monkeypatch.setattr(Evaluator, "evaluate", slow)
    overrides = {**MEASURED, "evaluation.every": 64, "evaluation.best": "kid"}
    evaluation = reading.to_plain(find("mnist").evaluation)
    features = {"evaluation.features": "pixels", "evaluation.metrics": ["kid"]}
    like = change(recipe(), {"evaluation": evaluation, **features})
    run = train(tmp_path, blobs, change(like, overrides))
    assert run.images == run.recipe.images == found(run.path)[1]
    assert 0.85 * SECONDS < wall.seconds <= SECONDS


def test_it_is_said_once_on_the_screen_and_stands_in_the_report(tmp_path, blobs, wall) -> None:
    told: list[str] = []
    run = train(tmp_path, blobs, listeners=[lambda e: told.append(e.text)])
    moment, total = found(run.path)
    assert sum(f"{moment:,} images" in text and f"{total:,}" in text for text in told) == 1
    page = write_report(run).read_text()
    assert f"its minutes allow {total:,}, as it found after {moment:,}" in page
    assert "lr: generator" in page.replace("</span>", "").replace(
        '<span style="color:#2563eb">', ""
    )


def test_a_recipe_of_before_does_as_before(tmp_path, blobs, wall) -> None:
    plain = flat.to_plain(recipe())
    del plain["fit_minutes"]
    run = train(tmp_path, blobs, from_plain(yaml.read(yaml.write(plain))))
    assert run.recipe.images == NOMINAL and run.images == pytest.approx(SPEED * SECONDS, abs=16)
    assert not any("total" in record for record in run.log)


def test_a_promise_in_numbers() -> None:
    promise = Promise(began=100.0, until=200.0, images=40)
    assert [promise.is_due(now) for now in (100.0, 109.9, 110.0, 199.9, 200.0)] == [
        False, False, True, True, False,
    ]  # fmt: skip
    # 60 images in 10 seconds of training, 5 of evaluation; 85 left; pauses of 0.1 an image.
    total = promise.total(115.0, 100, evaluating=5.0, pause=0.1)
    assert total == 100 + int(STEADY * 85 / (10 / 60 + 0.1))
