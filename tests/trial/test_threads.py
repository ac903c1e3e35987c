"""How many threads a run takes: as few as do, and none that others want the cores of."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganvas.recipes.build.choices import Choices
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import RECIPES, change, find
from ganvas.trial import choose, cores, threads
from ganvas.trial.choose import try_out
from ganvas.trial.threads import fewest, fits, halvings

from .test_choose import GREY, idle, stopwatch, tiny


class Still:
    """An engine whose rounds are nothing, so that threads are not started for a test."""

    reason = recorder = None

    def round(self) -> None:
        pass


class Machine:
    """A machine of so many cores, of which others leave some alone, and seconds of a round on it.

    asked: the numbers of threads that were timed.
    """

    def __init__(self, patch: pytest.MonkeyPatch, count: int, **seconds: float) -> None:
        self.first: float | None = count
        self.meanwhile: float | None = count
        self.seconds = {int(name[1:]): value for name, value in seconds.items()}
        self.asked: set[int] = set()
        idle(patch, count)
        patch.setattr(cores, "free", lambda: self.first)
        patch.setattr(cores, "watch", lambda: lambda: self.meanwhile)
        patch.setattr(choose, "build_engine", lambda *_: Still())
        stopwatch(patch, self.cost)

    def cost(self, choices: Choices) -> float:
        self.asked.add(choices.threads)
        return self.seconds[choices.threads]

    def busy(self, free: float) -> None:
        self.first = self.meanwhile = free


def small(**more: object) -> Recipe:
    return tiny(threads=None, precision="fp32", **more)


def test_on_idle_cores_more_threads_are_taken_where_they_are_clearly_faster(monkeypatch) -> None:
    Machine(monkeypatch, 2, t1=1.7, t2=1.0)
    found = try_out(small(), GREY)
    assert found.threads == 2 and found.why == "2 threads 1.7x 1 thread"


def test_a_small_gain_is_not_worth_a_core(monkeypatch) -> None:
    Machine(monkeypatch, 2, t1=1.05, t2=1.0)
    assert try_out(small(), GREY).threads == 1


def test_of_many_cores_as_few_as_do(monkeypatch) -> None:
    Machine(monkeypatch, 16, t1=10.0, t4=3.0, t8=2.0, t16=1.95)
    assert try_out(small(), GREY).threads == 8


def test_busy_cores_are_left_alone_without_a_trial(monkeypatch) -> None:
    machine = Machine(monkeypatch, 2, t1=1.7, t2=1.0)
    machine.busy(1.2)
    first = try_out(small(), GREY)
    assert first.threads == 1 and first.why.startswith(threads.BUSY) and not machine.asked
    said: list[str] = []
    assert try_out(small(), GREY, tell=said.append) == first and not said  # all else is remembered
    machine.busy(2.0)
    assert try_out(small(), GREY).threads == 2  # and that the cores were busy is not
    machine.busy(0.0)
    assert try_out(small(), GREY).threads == 2


def test_no_more_threads_than_cores_that_are_free(monkeypatch) -> None:
    machine = Machine(monkeypatch, 16, t1=10.0, t4=3.0, t8=2.0, t16=1.0)
    machine.busy(9.0)
    assert try_out(small(), GREY).threads == 8 and machine.asked == {8, 4, 1}
    machine.busy(16.0)
    assert try_out(small(), GREY).threads == 16


def test_what_others_did_not_limit_is_remembered(monkeypatch) -> None:
    machine = Machine(monkeypatch, 16, t1=10.0, t4=3.0, t8=2.9)
    machine.busy(9.0)
    assert try_out(small(), GREY).threads == 4
    machine.busy(1.0)
    assert try_out(small(), GREY).threads == 4


def test_cores_that_were_wanted_while_it_tried(monkeypatch) -> None:
    machine = Machine(monkeypatch, 2, t1=1.7, t2=1.0)
    machine.meanwhile = 1.4
    found = try_out(small(), GREY)
    assert found.threads == 1 and threads.BUSY in found.why
    machine.meanwhile = 2.0
    assert try_out(small(), GREY).threads == 2


def test_where_the_system_tells_nothing_the_trial_decides(monkeypatch) -> None:
    machine = Machine(monkeypatch, 2, t1=1.7, t2=1.0)
    machine.first = machine.meanwhile = None
    assert try_out(small(), GREY).threads == 2


def test_who_names_a_number_is_not_asked(monkeypatch) -> None:
    machine = Machine(monkeypatch, 2, t1=1.7, t2=1.0)
    monkeypatch.setattr(cores, "free", lambda: pytest.fail("nothing was open"))
    for number in (1, 2):
        assert try_out(change(small(), {"threads": number}), GREY).threads == number
    assert not machine.asked


def test_the_same_number_is_the_same_choice(monkeypatch) -> None:
    named = try_out(change(small(), {"threads": 1}), GREY)
    machine = Machine(monkeypatch, 2, t1=1.0, t2=1.0)
    machine.busy(1.0)
    busy = try_out(small(seed=1), GREY)
    machine.busy(2.0)
    quiet = try_out(small(seed=2), GREY)
    assert quiet.threads == busy.threads == named.threads == 1
    assert quiet.forms == busy.forms == named.forms != {}


def test_more_threads_must_win_both_halves() -> None:
    slow = [1.0] * 8
    assert fewest({1: slow, 2: [0.6] * 8}, 2.0) == 2
    assert fewest({1: slow, 2: [0.6] * 4 + [1.0] * 4}, 2.0) == 1  # disturbed for half of the trial
    assert fewest({1: [3.0] * 4 + [1.0] * 4, 2: slow}, 2.0) == 1  # the other was disturbed
    assert fewest({1: [9.0], 2: [1.0] * 8}, 2.0) == 2  # hopeless, and so tried once
    assert fewest({1: slow, 2: [9.0]}, 2.0) == 1
    assert fewest({4: [60.0, 60.0], 8: [10.0, 10.0]}, None) == 8


def test_a_core_for_each_thread_but_for_what_a_system_always_does() -> None:
    assert fits(2, 1.8) and not fits(2, 1.7) and fits(1, 0.0) and fits(64, None)
    assert halvings(16) == [16, 8, 4, 1] and halvings(2) == [2, 1] and halvings(1) == [1]


STAT = """cpu  {all} 0 0 0 0 0 0 0 0 0
cpu0 {a} 5 10 {b} 20 0 0 3 0 0
cpu1 {c} 0 0 {d} 0 0 0 0 0 0
intr 1 2 3
"""


def test_linuxs_accounts_are_read(tmp_path: Path) -> None:
    file = tmp_path / "stat"
    file.write_text(STAT.format(all=0, a=100, b=300, c=40, d=60))
    assert cores.ticks({0}, file) == (118, 320)  # waiting for a disk is idle; stolen time is not
    assert cores.ticks({0, 1}, file) == (158, 380)
    assert cores.ticks({0, 7}, file) is None  # not all cores are told of
    assert cores.ticks({0}, tmp_path / "none") is None


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """Two cores at 100 ticks a second, and what this process spent of a second that passes."""
    state = {"busy": 0.0, "spent": 0.0, "now": 0.0}

    def ticks(_: object) -> tuple[int, int]:
        busy = round(100 * state["busy"])
        return busy, round(200 * state["now"]) - busy

    monkeypatch.setattr(cores, "_cores", lambda: {0, 1})
    monkeypatch.setattr(cores, "ticks", ticks)
    monkeypatch.setattr(time, "process_time", lambda: state["spent"])
    monkeypatch.setattr(time, "monotonic", lambda: state["now"])
    yield state


@pytest.mark.parametrize(
    ("busy", "spent", "free"),
    [
        (0.0, 0.0, 2.0),
        (1.0, 1.0, 2.0),
        (2.0, 2.0, 2.0),
        (1.5, 1.0, 1.5),
        (2.0, 0.5, 0.5),
        (1, 0, 1),
    ],
)
def test_what_a_process_uses_itself_is_free_for_it(accounts, busy, spent, free) -> None:
    watched = cores.watch()
    accounts.update(busy=busy, spent=spent, now=1.0)
    assert watched() == pytest.approx(free)


def test_without_accounts_the_load_is_asked(monkeypatch) -> None:
    monkeypatch.setattr(cores, "ticks", lambda _: None)
    monkeypatch.setattr(cores, "_cores", lambda: set(range(8)))
    monkeypatch.setattr("os.getloadavg", lambda: (2.5, 9.0, 9.0), raising=False)
    assert cores.watch()() == 5.5
    monkeypatch.delattr("os.getloadavg")
    assert cores.watch()() is None


def test_this_machine_is_read() -> None:
    free = cores.free()
    assert free is None or 0.0 <= free <= len(cores._cores())


PLANE = ("ring", "grid", "spiral")
"""Sources of points, whose networks are tiny."""


def test_small_recipes_leave_their_threads_to_the_machine_and_tiny_ones_have_one() -> None:
    recipes = {name: make() for name, make in RECIPES.items()}
    named = {name for name, recipe in recipes.items() if recipe.threads is not None}
    assert named == {name for name, recipe in recipes.items() if recipe.data.source in PLANE}
    assert {"playground-ring", "unrolled"} <= named
    assert find("mnist").threads is None
