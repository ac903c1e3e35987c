"""A network of a run that is called wrongly says how it is called."""

import copy
import inspect
import pickle

import pytest
import torch

from ganvas.errors import UsageError
from ganvas.features.projected import MapProjection
from ganvas.networks.protocols import Conditioned
from ganvas.recipes.parts import DISCRIMINATORS, GENERATORS
from ganvas.sampling.conditions import Conditions
from ganvas.sampling.inputs import watch

SHAPE = (1, 32, 32)
CLASSES = Conditions(("cat", "dog", "cow"), True, torch.eye(3), torch.ones(3))
TRAITS = Conditions(("Smiling", "Old", "Hat"), False, torch.eye(3), torch.ones(3))
SMALL = {"latent": 8, "width": 4, "hidden": 8}


def conditional_settings(table: dict[str, type]) -> list:
    """Settings of every kind that take conditions, in each of their forms."""
    found = []
    for kind, part in table.items():
        if kind == "projected" or "conditions" not in inspect.signature(part.build).parameters:
            continue
        fields = part.__dataclass_fields__
        forms = getattr(fields.get("condition"), "type", None)
        given = {name: value for name, value in SMALL.items() if name in fields}
        options = [{}]
        if forms is not None:
            forms = inspect.get_annotations(part, eval_str=True)["condition"].__args__
            options = [{"condition": form} for form in forms]
        found += [pytest.param(part(**given, **each), id=f"{kind}-{each}") for each in options]
    return found


@pytest.mark.parametrize("known", [CLASSES, TRAITS])
@pytest.mark.parametrize("settings", conditional_settings(GENERATORS))
def test_a_generator_asks_for_its_conditions(settings, known) -> None:
    network = settings.build(SHAPE, 3).eval()
    size = settings.latent
    watch(network, "generator", size, known)
    latents, rows = torch.randn(2, size), torch.eye(3)[:2]
    shape = network(latents, rows).shape
    assert shape == (2, *SHAPE) and network(latents, conditions=rows).shape == shape
    with pytest.raises(
        UsageError, match=r"generator\(latents, conditions\), float32 \[N, 3\]"
    ) as e:
        network(latents)
    assert known.names[1] in str(e.value) and f"'{known.names[0]}'" in str(e.value)
    with pytest.raises(UsageError, match=rf"takes latents \[N, {size}\].*, not nothing"):
        network()
    for wrong in (torch.eye(4)[:2], torch.tensor([1, 2]), torch.tensor([[0, 1, 0]] * 2), 1):
        with pytest.raises(UsageError, match=r"float32 \[N, 3\]"):
            network(latents, wrong)


@pytest.mark.parametrize("settings", conditional_settings(DISCRIMINATORS))
def test_a_discriminator_asks_for_its_conditions_where_it_needs_them(settings) -> None:
    network = settings.build(SHAPE, 3).eval()
    watch(network, "discriminator", None, CLASSES)
    images = torch.randn(2, *SHAPE)
    network(images, torch.eye(3)[:2])
    if getattr(settings, "condition", None) == "classifier":
        network(images)  # it classifies, and takes no conditions
        return
    with pytest.raises(UsageError, match=r"discriminator\(images, conditions\).*cat, dog, cow"):
        network(images)


def test_a_projected_head_is_known_too() -> None:
    assert issubclass(MapProjection, Conditioned)


@pytest.mark.parametrize("kind", ["dcgan", "compact", "style", "tutorial-mnist"])
def test_an_unconditional_one_takes_latents_alone(kind) -> None:
    shape = (1, 28, 28) if kind == "tutorial-mnist" else SHAPE
    settings = GENERATORS[kind]()
    network = settings.build(shape).eval()
    watch(network, "generator", settings.latent, None)
    size = settings.latent
    assert network(torch.randn(2, size)).shape == (2, *shape)
    with pytest.raises(UsageError, match="takes latents alone"):
        network(torch.randn(2, size), torch.eye(3)[:2])
    for wrong in (torch.randn(2, size, 1, 1), torch.randn(size), torch.randn(2, size + 1), 3):
        with pytest.raises(UsageError, match=rf"torch.randn\(8, {size}\)"):
            network(wrong)


def test_a_watched_network_is_still_a_plain_module() -> None:
    network = GENERATORS["compact"](width=4, latent=8).build(SHAPE, 3).eval()
    names = list(network.state_dict())
    watch(network, "generator", 8, CLASSES)
    assert list(network.state_dict()) == names
    latents, rows = torch.randn(2, 8), torch.eye(3)[:2]
    expected = network(latents, rows)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(other(latents, rows), expected)
        with pytest.raises(UsageError):
            other(latents)
    exported = torch.export.export(network, (latents, rows))
    torch.testing.assert_close(exported.module()(latents, rows), expected)
