"""Every network can be written down: by ``torch.jit.trace`` and ``torch.export``, for any batch."""

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import ganvas
from ganvas.networks.layers.minibatch import MinibatchStd

from ..small_networks import EVERY, build, inputs

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:FutureWarning")


def saved_and_loaded(traced: Any) -> Any:
    """Through a file, which refuses whatever is no operation of PyTorch's own."""
    file = io.BytesIO()
    torch.jit.save(traced, file)
    file.seek(0)
    return torch.jit.load(file)


def assert_written_down(
    network: nn.Module, given: tuple[Tensor, ...], others: tuple[Tensor, ...]
) -> None:
    """A trace and an export of what is ``given`` compute what the network does of ``others``."""
    expected = network.eval().requires_grad_(False)(*others)
    traced = saved_and_loaded(torch.jit.trace(network, given, check_trace=False))
    torch.testing.assert_close(traced(*others), tuple_or_tensor(expected), rtol=1e-5, atol=1e-5)
    batch = torch.export.Dim("batch")
    sizes = tuple({0: batch} for _ in given)
    exported = torch.export.export(network, given, dynamic_shapes=sizes).module()
    torch.testing.assert_close(exported(*others), expected, rtol=1e-5, atol=1e-5)


def tuple_or_tensor(output: Any) -> Any:
    return output if isinstance(output, Tensor) else tuple(output)


@pytest.mark.parametrize(("settings", "conditions"), EVERY)
def test_every_network_traces_and_exports(settings, conditions: int) -> None:
    torch.manual_seed(0)
    network = build(settings, conditions)
    assert_written_down(network, inputs(settings, network, 4), inputs(settings, network, 6))


@pytest.mark.parametrize(("group", "channels"), [(4, 1), (4, 3), (5, 1), (1, 1)])
def test_groups_of_a_batch_of_any_size(group: int, channels: int) -> None:
    layer = MinibatchStd(group, channels)
    traced: Any = torch.jit.trace(layer, torch.randn(2, 6, 2, 2))
    for count in range(1, 10):
        maps = torch.randn(count, 6, 2, 2) * torch.rand(count, 1, 1, 1)
        torch.testing.assert_close(traced(maps), layer(maps))


@pytest.mark.parametrize("recipe", ["mnist", "mnist-conditional"])
def test_the_networks_of_a_run_trace(tmp_path, recipe: str) -> None:
    images = torch.randint(0, 255, (32, 1, 28, 28), dtype=torch.uint8)
    small = {"generator.width": 4, "discriminator.width": 4, "discriminator.hidden": 8}
    small |= {"batch": 16, "threads": 1, "evaluation": None}
    data = images if recipe == "mnist" else (images, torch.arange(32) % 3)
    run = ganvas.train(recipe, data=data, out=tmp_path, images=16, overrides=small)
    given = [(torch.randn(n, run.recipe.latent), run.sample_conditions(n)) for n in (4, 6)]
    few, more = (tuple(each for each in pair if each is not None) for pair in given)
    assert_written_down(run.generator, few, more)
    shown = [(run.generator(*pair), *pair[1:]) for pair in (few, more)]
    assert_written_down(run.discriminator, shown[0], shown[1])
