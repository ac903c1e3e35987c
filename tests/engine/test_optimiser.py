"""Each family of optimisers beside PyTorch's own, stepped by hand on the same gradients."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas.engine.optimiser import SGD, Adam, AdamW, OptimiserSettings, RMSprop
from ganvas.engine.player import Player
from ganvas.engine.schedule import Cosine, Linear, at

FAMILIES: dict[str, tuple[OptimiserSettings, dict[str, Any]]] = {
    "adam": (Adam(Linear(0.1, 0.01, 12), (0.5, Linear(0.9, 0.99, 6))), {"fused": True}),
    "adamw": (AdamW(Cosine(0.1, 0.0, 12), weight_decay=0.3), {"fused": True}),
    "rmsprop": (RMSprop(Linear(0.1, 0.01, 12), alpha=Linear(0.9, 0.99, 6)), {}),
    "rmsprop-momentum": (RMSprop(0.01, momentum=Cosine(0.5, 0.9, 8)), {}),
    "sgd": (SGD(Linear(0.1, 0.01, 12)), {}),
    "sgd-momentum": (SGD(0.1, momentum=Linear(0.2, 0.9, 8)), {}),
    "sgd-nesterov": (SGD(Cosine(0.1, 0.01, 8), momentum=0.9, nesterov=True), {}),
}
"""Settings, and how PyTorch's own is asked to compute."""

ROUNDS = 12

every_family = pytest.mark.parametrize("family", FAMILIES)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Conv2d(2, 5, 3), nn.Tanh(), nn.Conv2d(5, 3, 1, bias=False)
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)  # pyright: ignore


def give_gradients(weights: Sequence[Tensor], step: int) -> None:
    """Normal gradients, the same for the same step; the second weight has none at times."""
    source = torch.Generator().manual_seed(step)
    for index, weight in enumerate(weights):
        weight.grad = torch.empty_like(weight).normal_(generator=source)
        if index == 1 and step % 4 == 1:
            weight.grad = None


def play(player: Player, first: int, last: int) -> None:
    for step in range(first, last):
        give_gradients(player.parameters, step)
        player.set_rates(step)
        player.step()


def numbers_by_hand(settings: OptimiserSettings, images: int) -> dict[str, Any]:
    """What the schedules say, field by field."""
    return {
        name: tuple(at(each, images) for each in value) if name == "betas" else at(value, images)
        for name, value in vars(settings).items()
        if name != "nesterov"
    }


@every_family
def test_steps_are_those_of_pytorchs_own_with_scheduled_numbers(family: str) -> None:
    settings, options = FAMILIES[family]
    player, plain = Player({"n": network()}, settings), network()
    more = options | ({"nesterov": True} if getattr(settings, "nesterov", False) else {})
    theirs = settings.family(plain.parameters(), **numbers_by_hand(settings, 0), **more)  # pyright: ignore
    weights = list(plain.parameters())
    for step in range(ROUNDS):
        play(player, step, step + 1)
        theirs.param_groups[0].update(numbers_by_hand(settings, step))
        give_gradients(weights, step)
        theirs.step()
        for ours, other in zip(player.parameters, weights, strict=True):
            assert torch.equal(ours, other)
    kept = dict(player.tensors())
    for name, weight in plain.named_parameters():
        for part, value in theirs.state[weight].items():
            assert torch.equal(kept.pop(f"optimiser.n.{name}.{part}"), value)
    assert not [name for name in kept if name.startswith("optimiser")]


@every_family
def test_another_player_goes_on_to_the_bit_from_its_tensors(family: str) -> None:
    settings, _ = FAMILIES[family]
    whole, cut, other = (Player({"n": network()}, settings) for _ in range(3))
    play(whole, 0, ROUNDS)
    play(cut, 0, 5)
    with torch.no_grad():
        for (name, new), (same, old) in zip(other.tensors(), cut.tensors(), strict=True):
            assert name == same and new.stride() == old.stride()
            new.copy_(old)
    play(other, 5, ROUNDS)
    for (name, a), (_, b) in zip(whole.tensors(), other.tensors(), strict=True):
        assert torch.equal(a, b), name


@every_family
def test_one_that_forgets_begins_anew_where_it_is(family: str) -> None:
    settings, _ = FAMILIES[family]
    player = Player({"n": network()}, settings)
    play(player, 0, 4)
    player.forget()
    fresh = Player({"n": network()}, settings)
    fresh.networks["n"].load_state_dict(player.networks["n"].state_dict())
    for each in (player, fresh):
        play(each, 4, ROUNDS)
    for (name, a), (_, b) in zip(player.tensors(), fresh.tensors(), strict=True):
        assert torch.equal(a, b), name


@every_family
def test_without_further_steps_numbers_are_those_of_the_schedules(family: str) -> None:
    settings, _ = FAMILIES[family]
    for images in range(0, 20, 3):
        found = settings.numbers(images)
        assert found == numbers_by_hand(settings, images) | (
            {"nesterov": settings.nesterov} if isinstance(settings, SGD) else {}
        )


def test_numbers_are_corrected_by_the_share_of_plain_steps() -> None:
    """Karras et al. 2020, appendix B, for Adam; the sum 1 + m + m^2 + ... of a momentum m stays."""
    settings = AdamW(Linear(1e-2, 1e-3, 100), (0.0, Cosine(0.9, 0.99, 100)))
    for images in (0, 30, 200):
        plain, found = settings.numbers(images), settings.numbers(images, 4 / 5)
        assert found["lr"] == pytest.approx(plain["lr"] * 4 / 5)
        assert found["betas"] == pytest.approx((0.0, plain["betas"][1] ** (4 / 5)))
        assert found["weight_decay"] == plain["weight_decay"]
    found, kept = RMSprop(1e-2, alpha=0.9, momentum=0.5).numbers(0, 2 / 3), 0.5 ** (2 / 3)
    assert (found["alpha"], found["momentum"]) == pytest.approx((0.9 ** (2 / 3), kept))
    assert found["lr"] == pytest.approx(1e-2 * 2 / 3 * (1 - kept) / (1 - 0.5))
    found = SGD(1e-2, momentum=0.5).numbers(0, 2 / 3)
    assert (found["lr"], found["momentum"]) == pytest.approx((2e-2 * (1 - kept), kept))
    assert SGD(1e-2).numbers(0, 2 / 3) == SGD(1e-2).numbers(0)


@pytest.mark.parametrize(
    "settings",
    [
        Adam(1e-3, (0.5, 0.9)),
        AdamW(1e-3, weight_decay=0.0),
        RMSprop(1e-3, alpha=0.9),
        RMSprop(1e-3, alpha=0.9, momentum=0.6),
        SGD(1e-3),
        SGD(1e-3, momentum=0.6),
        SGD(1e-3, momentum=0.6, nesterov=True),
    ],
    ids=str,
)
def test_with_further_steps_a_player_goes_as_far_in_a_round(settings: OptimiserSettings) -> None:
    """A steady slope moves a weight as far in a round of one step as in one of two, where the
    second adds as much to what is divided by the size of gradients, and nothing where it is not."""

    def distance(further: bool) -> float:
        layer = nn.Linear(1, 1, bias=False)
        player = Player({"n": layer}, settings)
        if further:
            player.add_steps([1])
        for number in range(100):
            if number == 80:
                start = layer.weight.item()
            player.set_rates(0)
            for step in range(1 + further):
                steady = step == 0 or not isinstance(settings, SGD)
                layer.weight.grad = torch.full((1, 1), float(steady))
                player.step()
        return start - layer.weight.item()

    assert distance(True) == pytest.approx(distance(False), rel=1e-4)


def test_a_graph_freezes_all_numbers_but_the_rate_in_memory() -> None:
    player = Player({"n": nn.Linear(1, 1)}, AdamW(betas=(0.0, Linear(0.9, 0.99, 100))))
    for group in player.optimiser.param_groups:
        group["lr"] = torch.tensor(0.0)  # as on a GPU
    frozen = []
    for images in (0, 50, 100, 150):
        player.set_rates(images)
        frozen.append(player.frozen_numbers())
    assert ("betas", (0.0, 0.99)) in frozen[2] and ("weight_decay", 0.01) in frozen[2]
    assert "lr" not in dict(frozen[0])
    assert len({*frozen[:3]}) == 3 and frozen[2] == frozen[3]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RMSprop(-1.0), "lr must be 0 or more"),
        (lambda: RMSprop(alpha=1.0), "alpha must be within 0 and 1"),
        (lambda: RMSprop(momentum=Linear(0.5, 1.5, 10)), "momentum must be within 0 and 1"),
        (lambda: RMSprop(eps=0), "eps must be more than 0"),
        (lambda: SGD(float("nan")), "lr must be 0 or more"),
        (lambda: SGD(momentum=-0.5), "momentum must be within 0 and 1"),
        (lambda: SGD(nesterov=True), "nesterov needs a momentum above 0"),
        (lambda: AdamW(weight_decay=-0.1), "weight_decay must be 0 or more"),
        (lambda: AdamW(betas=(0.5, 1.0)), "betas must be within 0 and 1"),
    ],
)
def test_numbers_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_networks_without_a_weight_to_train_are_no_player() -> None:
    frozen = nn.Linear(2, 2).requires_grad_(False)
    with pytest.raises(ValueError, match="critic has no weight to train"):
        Player({"critic": frozen}, Adam())
    Player({"critic": frozen, "head": nn.Linear(2, 1)}, Adam())
