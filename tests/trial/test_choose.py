"""What a trial decides, what is remembered of it, and that the rest of a run uses it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganvas.domains import Image
from ganvas.engine import device
from ganvas.engine.engine import Engine
from ganvas.engine.graph import GraphRecorder
from ganvas.errors import UsageError
from ganvas.networks.operators import forms
from ganvas.recipes.build.choices import Choices, choose, playing
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, find
from ganvas.trial import choose as trial
from ganvas.trial import cores, remembered
from ganvas.trial.choose import Trial, try_out

GREY = Image(1, 28, 28)


def tiny(**more: object) -> Recipe:
    small = {"generator.width": 2, "discriminator.width": 2, "discriminator.hidden": 4, "batch": 4}
    return change(find("mnist"), {**small, "threads": 1, **more})


def stopwatch(monkeypatch: pytest.MonkeyPatch, cost: Callable[[Choices], float]) -> list[Choices]:
    """Rounds that take as long as ``cost`` says of their choices; whose rounds were timed."""
    now: list[Choices] = []
    timed: list[Choices] = []

    @contextmanager
    def noted(choices: Choices) -> Iterator[None]:
        now.append(choices)
        try:
            with playing(choices):
                yield
        finally:
            now.pop()

    def seconds(_: object) -> float:
        timed.append(now[-1])
        return cost(now[-1])

    monkeypatch.setattr(trial, "playing", noted)
    monkeypatch.setattr(trial, "round_seconds", seconds)
    return timed


def idle(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """A machine of so many cores that nobody else uses."""
    monkeypatch.setattr("ganvas.recipes.build.choices.available_threads", lambda: count)
    monkeypatch.setattr(cores, "free", lambda: count)
    monkeypatch.setattr(cores, "watch", lambda: lambda: count)


def with_bf16(monkeypatch: pytest.MonkeyPatch, there: bool = True) -> None:
    monkeypatch.setattr(device, "has_fast_bf16", lambda _: there)


def test_bf16_stays_where_it_is_not_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bf16(monkeypatch)
    stopwatch(monkeypatch, lambda c: {"bf16": 1.0, "fp32": 1.5}[c.precision])
    found = try_out(tiny(), GREY)
    assert found.precision == "bf16" and found.why == "bf16 1.5x fp32"


def test_bf16_is_never_silently_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bf16(monkeypatch)
    stopwatch(monkeypatch, lambda c: {"bf16": 2.0, "fp32": 1.0}[c.precision])
    found = try_out(tiny(), GREY)
    assert found.precision == "fp32" and found.why == "fp32 2.0x bf16"


def test_a_small_gain_does_not_overrule_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bf16(monkeypatch)
    stopwatch(monkeypatch, lambda c: {"bf16": 1.0, "fp32": 0.95}[c.precision])
    assert try_out(tiny(), GREY).precision == "bf16"


def test_what_was_asked_for_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bf16(monkeypatch)
    stopwatch(monkeypatch, lambda c: pytest.fail("nothing was open"))
    for wanted in ("fp32", "bf16"):
        assert try_out(tiny(precision=wanted), GREY).precision == wanted
    with_bf16(monkeypatch, there=False)
    assert try_out(tiny(), GREY).precision == "fp32"


def test_fewer_threads_where_many_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    idle(monkeypatch, 4)
    stopwatch(monkeypatch, lambda c: {4: 8.0, 2: 3.0, 1: 1.0}[c.threads])
    found = try_out(tiny(threads=None, precision="fp32"), GREY)
    assert found.threads == 1 and found.why == "1 thread 3.0x 2 threads"


def test_findings_are_remembered_and_measured_anew_on_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_bf16(monkeypatch)
    costs = {"bf16": 1.0, "fp32": 2.0}
    stopwatch(monkeypatch, lambda c: costs[c.precision])
    first = try_out(tiny(), GREY)
    costs.update(bf16=2.0, fp32=1.0)
    assert try_out(tiny(seed=5, images=77), GREY) == first  # neither matters to speed
    assert try_out(tiny(batch=6), GREY) != first
    assert try_out(tiny(), GREY, anew=True).precision == "fp32"
    assert try_out(tiny(), GREY).precision == "fp32"


def test_who_remembers_first_is_right() -> None:
    recipe, rule = tiny(), choose(tiny())
    remembered.keep(recipe, GREY.shape, rule, replace(rule, why="first"), anew=False)
    remembered.keep(recipe, GREY.shape, rule, replace(rule, why="second"), anew=False)
    found = remembered.find(recipe, GREY.shape, rule)
    assert found is not None and found.why == "first"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', "\x00"])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "choices.json").write_text(text)
    found = try_out(tiny(), GREY)
    assert found == try_out(tiny(), GREY)
    assert json.loads((tmp_path / "choices.json").read_text())


def test_a_cache_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file" / "below"))
    with pytest.warns(RuntimeWarning, match="GANVAS_CACHE"):
        assert try_out(tiny(), GREY).device


def test_measured_forms_are_used_again_and_change_nothing_but_rounding() -> None:
    recipe = tiny(precision="fp32")
    found = try_out(recipe, GREY)
    assert found.forms and set(found.forms.values()) <= {"native", "matrix"}
    assert not forms.CHOICE.measured and not forms.CHOICE.measuring
    weights = []
    for choices in (found, replace(found, forms={})):
        with playing(choices):
            assert forms.CHOICE.measured == choices.forms
            engine = build_engine(Prepared.of(recipe, trial.noise(GREY, 8), choices))
            engine.round()
        weights.append(torch.cat([t.flatten().float() for _, t in engine.game.tensors()]))
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-4)


def test_the_fastest_form_of_a_shape_is_found() -> None:
    calls = {"native": 0, "matrix": 0}

    def form(name: str, seconds: float):
        def run() -> torch.Tensor:
            calls[name] += 1
            torch.zeros(1)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                pass
            return torch.zeros(1)

        return run

    both = {"native": form("native", 3e-3), "matrix": form("matrix", 1e-4)}
    assert forms._fastest(both, "native") == "matrix"
    assert calls["native"] == calls["matrix"] >= 3


def test_compile_needs_a_gpu() -> None:
    with pytest.raises(UsageError, match="CUDA graphs"):
        choose(tiny(compile=True, device="cpu"))
    assert not choose(tiny(compile=False)).graph


def test_a_containers_share_bounds_the_threads(tmp_path: Path) -> None:
    limit = tmp_path / "cpu.max"
    for text, threads in (("150000 100000", 1), ("400000 100000", 4), ("max 100000", None)):
        limit.write_text(text)
        assert device._quota(limit) == threads
    assert device._quota(tmp_path / "none") is None


def test_a_trial_leaves_no_trace_in_the_networks_it_is_for() -> None:
    recipe = tiny(precision="fp32")
    plain = build_engine(Prepared.of(recipe, trial.noise(GREY, 8), choose(recipe)))
    Trial(recipe, GREY).fastest(choose(recipe), [choose(recipe)], lambda c: c.precision)
    after = build_engine(Prepared.of(recipe, trial.noise(GREY, 8), choose(recipe)))
    for (name, a), (_, b) in zip(plain.game.tensors(), after.game.tensors(), strict=True):
        assert torch.equal(a, b), name


def test_a_candidate_without_memory_is_left_out_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_bf16(monkeypatch)

    def cost(choices: Choices) -> float:
        if choices.precision == "fp32":
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return 1.0

    stopwatch(monkeypatch, cost)
    found = try_out(tiny(), GREY)
    assert found.precision == "bf16" and found.why == "no memory for fp32"


def test_other_errors_of_a_candidate_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bf16(monkeypatch)

    def cost(choices: Choices) -> float:
        if choices.precision == "fp32":
            raise RuntimeError("shapes differ")
        return 1.0

    stopwatch(monkeypatch, cost)
    with pytest.raises(RuntimeError, match="shapes differ"):
        try_out(tiny(), GREY)


def test_a_hopeless_candidate_plays_one_round_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bf16(monkeypatch)
    timed = stopwatch(monkeypatch, lambda c: {"bf16": 1.0, "fp32": 9.0}[c.precision])
    try_out(tiny(), GREY)
    assert sum(choices.precision == "fp32" for choices in timed) == 1
    assert sum(choices.precision == "bf16" for choices in timed) > 3


class Recording(Engine):
    """Rounds that are recorded in the seventh; the first are of another kind."""

    def __init__(self, reason: str | None = None) -> None:
        self.rounds = 0
        self.recorder = GraphRecorder()
        self.recorder.reason = reason

    def round(self) -> None:
        self.rounds += 1
        assert self.recorder is not None
        self.recorder.replays += self.rounds >= 7


@pytest.mark.parametrize(("reason", "before"), [(None, 7), ("its weights lie elsewhere", 1)])
def test_what_recording_takes_is_not_timed(monkeypatch, reason, before) -> None:
    """Or a candidate that records would look hopeless after its one timed round."""
    rounds: list[int] = []
    monkeypatch.setattr(trial, "round_seconds", lambda engine: rounds.append(engine.rounds) or 1.0)
    played = Trial(tiny(), GREY)
    monkeypatch.setattr(played, "engine", lambda choices: Recording(reason))
    trial.Candidate(played, replace(choose(tiny()), graph=True))
    assert rounds == [before]


def test_patience_leaves_two_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    idle(monkeypatch, 8)
    monkeypatch.setattr(trial, "PATIENCE", 0.0)
    timed = stopwatch(monkeypatch, lambda c: {8: 60.0, 4: 10.0}[c.threads])
    found = try_out(tiny(threads=None, precision="fp32"), GREY)
    assert found.threads == 4 and found.why == "4 threads 6.0x 8 threads"
    assert sum(choices.threads == 8 for choices in timed) == 1  # even the rule's, if hopeless


def test_a_trial_tells_that_it_begins_and_a_memory_does_not() -> None:
    said: list[str] = []
    try_out(tiny(), GREY, tell=said.append)
    try_out(tiny(), GREY, tell=said.append)
    assert said == ["trying out what is fastest here (once)"]


def test_a_real_lack_of_memory_is_known_as_one() -> None:
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        torch.empty(10**16)
    assert device.is_out_of_memory(caught.value)
    assert not device.is_out_of_memory(RuntimeError("shapes differ"))
