"""Every network can be written down: by ``torch.jit.trace`` and ``torch.export``, for any batch."""

import io
from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import ganvas
from ganvas.networks.layers.minibatch import MinibatchStd
from ganvas.networks.protocols import conditional, takes_conditions
from ganvas.recipes.parts import DISCRIMINATORS, ENCODERS, GENERATORS

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:FutureWarning")

SHAPE = (3, 16, 16)

LATENT = 8

CONDITIONS = 3

SMALL: dict[str, Any] = {
    "latent": LATENT,
    "width": 4,
    "widest": 8,
    "hidden": 8,
    "intermediate": 8,
    "depth": 2,
    "widths": (8, 4),
    "blocks": 1,
}
"""Settings that make a network small, for those that have them."""

FORMS: dict[str, list[dict[str, Any]]] = {
    "autoencoder": [{"norm": "batch"}],
    "compact": [
        {},
        {"condition": "concatenation"},
        {"condition": "classifier"},
        {"diversity": "deviation"},
        {"diversity": "discrimination"},
    ],
    "dcgan": [{"norm": "batch"}, {"norm": "spectral"}],
    "fastgan": [{"spectral": True, "sphere": True}],
    "mlp": [{"codes": 4, "waves": 4, "deviation": True}],
    "projected": [{"size": 32}],
    "r3gan": [{"group": 4}],
    "resnet": [{"attention": 8, "norm": "spectral"}],
}
"""Forms beside the usual one, or in place of it, that compute in another way."""


def cases(table: dict[str, type]) -> list:
    """Settings of each kind in each of its forms, without conditions and with them."""
    found = {}
    for kind, part in table.items():
        own = {field.name for field in fields(part)}
        for form in FORMS.get(kind, [{}]):
            given = {name: value for name, value in {**SMALL, **form}.items() if name in own}
            form = {name: value for name, value in form.items() if name in own}
            for count in (0, CONDITIONS) if conditional(part) else (0,):
                if count or "condition" not in form:
                    found[f"{kind}-{count}-{form}"] = pytest.param(part(**given), count)
    return [pytest.param(*each.values, id=name) for name, each in found.items()]


def rows(network: nn.Module, count: int) -> tuple[Tensor, ...]:
    """Conditions [count, K], for a network that takes any."""
    places = torch.arange(count) % CONDITIONS
    return (torch.eye(CONDITIONS)[places],) if takes_conditions(network) else ()


def saved_and_loaded(traced: Any) -> Any:
    """Through a file, which refuses whatever is no operation of PyTorch's own."""
    file = io.BytesIO()
    torch.jit.save(traced, file)
    file.seek(0)
    return torch.jit.load(file)


def assert_written_down(
    network: nn.Module, inputs: tuple[Tensor, ...], others: tuple[Tensor, ...]
) -> None:
    """A trace and an export from ``inputs`` compute what the network does from ``others``."""
    expected = network.eval().requires_grad_(False)(*others)
    traced = saved_and_loaded(torch.jit.trace(network, inputs, check_trace=False))
    torch.testing.assert_close(traced(*others), tuple_or_tensor(expected), rtol=1e-5, atol=1e-5)
    batch = torch.export.Dim("batch")
    sizes = tuple({0: batch} for _ in inputs)
    exported = torch.export.export(network, inputs, dynamic_shapes=sizes).module()
    torch.testing.assert_close(exported(*others), expected, rtol=1e-5, atol=1e-5)


def tuple_or_tensor(output: Any) -> Any:
    return output if isinstance(output, Tensor) else tuple(output)


@pytest.mark.parametrize(("settings", "conditions"), cases(GENERATORS))
def test_a_generator_traces_and_exports(settings, conditions: int) -> None:
    torch.manual_seed(0)
    network = settings.build(SHAPE, *([conditions] if conditions else []))
    given = [(torch.randn(n, settings.latent), *rows(network, n)) for n in (4, 6)]
    assert_written_down(network, given[0], given[1])


@pytest.mark.parametrize(("settings", "conditions"), cases(DISCRIMINATORS))
def test_a_discriminator_traces_and_exports(settings, conditions: int) -> None:
    torch.manual_seed(0)
    network = settings.build(SHAPE, *([conditions] if conditions else []))
    given = [(torch.randn(n, *SHAPE), *rows(network, n)) for n in (4, 6)]
    assert_written_down(network, given[0], given[1])


@pytest.mark.parametrize(("settings", "conditions"), cases(ENCODERS))
def test_an_encoder_traces_and_exports(settings, conditions: int) -> None:
    network = settings.build(SHAPE, LATENT)
    assert_written_down(network, (torch.randn(4, *SHAPE),), (torch.randn(6, *SHAPE),))


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
    inputs, others = (tuple(each for each in pair if each is not None) for pair in given)
    assert_written_down(run.generator, inputs, others)
    shown = [(run.generator(*pair), *pair[1:]) for pair in (inputs, others)]
    assert_written_down(run.discriminator, shown[0], shown[1])
