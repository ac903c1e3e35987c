import copy

import pytest
import torch
from torch import nn

from ganvas.engine.optimiser import Adam
from ganvas.engine.player import Player, follow, pairs
from ganvas.engine.schedule import Linear


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(1)
    )


def ready() -> nn.Sequential:
    network = small()
    network(torch.randn(4, 2, 6, 6))
    return network


def test_steps_equal_a_plain_adam_by_hand() -> None:
    network = nn.Linear(3, 2)
    player = Player({"n": network}, Adam(lr=0.1, betas=(0.5, 0.9), eps=1e-8))
    weight = network.weight.detach().clone().double()
    m = v = torch.zeros_like(weight)
    inputs = torch.randn(8, 3)
    for step in range(1, 4):
        network(inputs).square().mean().backward()
        assert network.weight.grad is not None
        gradient = network.weight.grad.double()
        m, v = 0.5 * m + 0.5 * gradient, 0.9 * v + 0.1 * gradient**2
        hat_m, hat_v = m / (1 - 0.5**step), v / (1 - 0.9**step)
        weight = weight - 0.1 * hat_m / (hat_v.sqrt() + 1e-8)
        player.settings.set(player.optimiser, 0)
        player.step()
    torch.testing.assert_close(network.weight.double(), weight, rtol=1e-5, atol=1e-6)


def test_channels_last_moments_keep_their_strides_and_match_contiguous_training() -> None:
    plain, last = ready(), ready()
    last.load_state_dict(plain.state_dict())
    last.to(memory_format=torch.channels_last)  # pyright: ignore
    players = [Player({"n": net}, Adam(lr=1e-2)) for net in (plain, last)]
    for step in range(3):
        images = torch.randn(4, 2, 6, 6, generator=torch.Generator().manual_seed(step))
        for player in players:
            player.networks["n"](images).square().mean().backward()
            player.settings.set(player.optimiser, 0)
            player.step()
    for player in players:
        for parameter, state in player.optimiser.state.items():
            assert state["exp_avg"].stride() == parameter.stride()
    for a, b in zip(plain.parameters(), last.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_schedules_reach_the_optimiser() -> None:
    player = Player(
        {"n": nn.Linear(1, 1)}, Adam(lr=Linear(1, 0, 100), betas=(0.0, Linear(0, 0.9, 10)))
    )
    player.settings.set(player.optimiser, 50)
    group = player.optimiser.param_groups[0]
    assert group["lr"] == 0.5 and group["betas"] == (0.0, 0.9)


def test_average_halves_its_distance_in_one_half_life() -> None:
    player = Player({"n": nn.Linear(2, 2)}, Adam(), half_life=1000.0)
    start = player.averages["n"].weight.clone()  # pyright: ignore
    with torch.no_grad():
        player.networks["n"].weight.add_(1.0)  # pyright: ignore
    for _ in range(10):
        player.set_pace(images=0, drawn=100)
        player.average()
    torch.testing.assert_close(player.averages["n"].weight, start + 0.5)


def test_average_copies_integers_and_averages_buffers() -> None:
    network = ready()
    average = copy.deepcopy(network)
    network(torch.randn(16, 2, 6, 6) * 5)
    before = average[1].running_var.clone()  # pyright: ignore
    follow(pairs(average, network), torch.tensor(0.25))
    assert average[1].num_batches_tracked == network[1].num_batches_tracked  # pyright: ignore
    expected = before.lerp(network[1].running_var, 0.25)  # pyright: ignore
    torch.testing.assert_close(average[1].running_var, expected)


def test_an_average_under_spectral_norm_has_norm_one_too() -> None:
    torch.manual_seed(0)
    network = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 5))
    average = copy.deepcopy(network)
    for _ in range(300):
        with torch.no_grad():
            network.parametrizations.weight.original.add_(0.05 * torch.randn(5, 6))  # pyright: ignore
        network(torch.randn(2, 6))
        follow(pairs(average, network), torch.tensor(0.2))
    norm = torch.linalg.matrix_norm(average.eval().weight, 2).item()  # pyright: ignore
    # Directions belong to the weights of now, not to their average: nearly one.
    assert norm == pytest.approx(1, rel=0.1)
    assert average.parametrizations.weight[0]._u.norm().item() == pytest.approx(1)  # pyright: ignore


def test_a_step_returns_the_norm_of_the_whole_gradient_before_clipping() -> None:
    networks = {"n": ready(), "m": nn.Linear(3, 1)}  # of the second nobody asks for a gradient
    networks["n"][0].weight.requires_grad_(False)  # pyright: ignore
    twin = copy.deepcopy(networks)
    player = Player(networks, Adam(lr=1e-2), clip_gradient=0.1)
    theirs = [p for net in twin.values() for p in net.parameters() if p.requires_grad]
    optimiser = player.settings.build(theirs)
    for _ in range(3):
        images = torch.randn(4, 2, 6, 6)
        networks["n"](images).square().mean().backward()
        twin["n"](images).square().mean().backward()
        gradients = [p.grad.flatten().double() for p in theirs if p.grad is not None]
        norm = player.step()
        assert norm.item() == pytest.approx(torch.cat(gradients).norm().item(), rel=1e-6)
        assert norm > 0.1
        torch.nn.utils.clip_grad_norm_(theirs, 0.1)
        optimiser.step()
        optimiser.zero_grad()
    for ours, other in zip(player.parameters, theirs, strict=True):
        assert torch.equal(ours, other)
    assert player.step() == 0  # nobody has a gradient


def test_gradient_clipping_bounds_the_whole_norm() -> None:
    seen = []
    network = nn.Linear(4, 4)
    player = Player({"n": network}, Adam(lr=0.0), clip_gradient=0.5)
    (network(torch.ones(1, 4)).sum() * 100).backward()
    step = player.optimiser.step

    def spy() -> None:
        seen.append(
            torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
            .norm()
            .item()
        )
        step()

    player.optimiser.step = spy  # pyright: ignore
    player.step()
    assert seen == [pytest.approx(0.5, rel=1e-4)]
    assert network.weight.grad is None
