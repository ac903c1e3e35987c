"""Conditions of networks: those of the data and of samples, and networks that take none."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from ganvas.data import Dataset, ItemStream, load_dataset
from ganvas.engine.draw import Draw, Share
from ganvas.engine.game import Turn
from ganvas.errors import DataError, UsageError
from ganvas.games.parts.augmentation import Adaptive
from ganvas.games.setup import ConditionSource
from ganvas.networks.layers.conditioned import Concatenate
from ganvas.recipes.build.freeze import freeze
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.condition_settings import ByAttributes, ByClass, Codes, ConditionSettings
from ganvas.recipes.recipe_table import change, find
from ganvas.sampling import conditions as known

CPU = torch.device("cpu")
COUNT = 60


def images(kind: str) -> Dataset:
    generator = torch.Generator().manual_seed(3)
    pixels = torch.randint(0, 256, (COUNT, 1, 8, 8), dtype=torch.uint8, generator=generator)
    if kind == "classes":
        return load_dataset((pixels, torch.arange(COUNT) % 3))
    if kind == "attributes":
        return load_dataset((pixels, torch.arange(COUNT)[:, None] % torch.tensor([2, 3]) == 0))
    return load_dataset(pixels)


def turn(dataset: Dataset) -> Turn:
    sources = {"train": ItemStream(dataset, 0, CPU)}
    shared: dict[str, object] = {}

    def share(name, make):
        if name not in shared:
            shared[name] = make()
        return shared[name]

    draw = Draw(sources, 4, "discriminator.0", 0, Share(8, 0, 8), CPU)
    return Turn(draw, {}, {}, {}, {}, share)


def source_of(settings: ConditionSettings, found: Dataset) -> ConditionSource:
    return settings.condition_source(settings.conditions(found), found)


def test_a_class_is_one_hot_and_belongs_to_its_image() -> None:
    found = images("classes")
    source, now = source_of(ByClass(), found), turn(found)
    rows = source.rows(now)
    batch = now.batch()
    assert (rows.shape[1], source.exclusive) == (3, True)
    assert torch.equal(rows, F.one_hot(batch["label"], 3).float())


def test_attributes_belong_to_their_image_and_columns_may_be_chosen() -> None:
    found = images("attributes")
    for columns, places in (((), [0, 1]), (("a1",), [1])):
        source, now = source_of(ByAttributes(columns), found), turn(found)
        rows = source.rows(now)
        batch = now.batch()
        assert (rows.shape[1], source.exclusive) == (len(places), False)
        assert torch.equal(rows, batch["attributes"][:, places].float())


def test_codes_are_drawn_and_each_is_as_likely() -> None:
    found = images("none")
    now = turn(found)
    draw = Draw({}, 4, "discriminator.0", 0, Share(6000, 0, 6000), CPU)
    rows = source_of(Codes(4), found).rows(Turn(draw, {}, {}, {}, {}, now.shared))
    assert rows.shape == (6000, 4) and torch.equal(rows.sum(1), torch.ones(6000))
    assert (rows.mean(0) - 0.25).abs().max() < 0.02


@pytest.mark.parametrize("kind", ["classes", "attributes"])
def test_samples_have_each_condition_as_often_as_the_data(kind: str) -> None:
    found = images(kind)
    settings = ByClass() if kind == "classes" else ByAttributes()
    conditions = settings.conditions(found)
    rows = conditions.sample(7, 4000)
    if kind == "classes":
        expected = torch.bincount(found.labels) / COUNT  # pyright: ignore
        torch.testing.assert_close(rows.mean(0), expected, atol=0.03, rtol=0)
    else:
        both = (found.attributes.sum(1) == 2).float().mean()  # pyright: ignore
        torch.testing.assert_close((rows.sum(1) == 2).float().mean(), both, atol=0.03, rtol=0)
    assert torch.equal(rows[10:20], conditions.sample(7, 10, first=10))
    again = known.from_plain(conditions.plain())
    assert again.names == conditions.names and torch.equal(again.sample(7, 50), rows[:50])


def test_a_label_is_said_by_name_where_a_name_is_a_number() -> None:
    pixels = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    found = SimpleNamespace(
        labels=torch.tensor([0, 1, 0, 1]), classes=("7", "cat"), name="x", pixels=pixels
    )
    conditions = ByClass().conditions(found)  # pyright: ignore
    for label, place in (("cat", 1), ("7", 0)):
        assert conditions.of_label(label).argmax() == place
    for wrong in ("dog", "1", "2"):
        with pytest.raises(UsageError, match="there are 7, cat"):
            conditions.of_label(wrong)
    with pytest.raises(UsageError, match="say `label`"):
        conditions.with_attributes(torch.zeros(1, 2), {"cat": True})


def test_attributes_are_set_in_rows_and_unknown_ones_refused() -> None:
    conditions = ByAttributes().conditions(images("attributes"))
    rows = conditions.sample(0, 5)
    changed = conditions.with_attributes(rows, {"a1": True, "a0": False})
    assert torch.equal(changed, torch.tensor([[0.0, 1.0]]).expand(5, -1))
    assert torch.equal(rows, conditions.sample(0, 5))
    with pytest.raises(UsageError, match="no attribute 'Smiling': there are a0, a1"):
        conditions.with_attributes(rows, {"Smiling": True})
    with pytest.raises(UsageError, match="say `attributes`"):
        conditions.of_label("7")


def test_data_without_conditions_says_what_it_needs() -> None:
    with pytest.raises(DataError, match="has no classes:"):
        ByClass().conditions(images("none"))
    with pytest.raises(DataError, match="has no attributes:"):
        ByAttributes().conditions(images("classes"))
    with pytest.raises(DataError, match="no attribute 'Smiling'"):
        ByAttributes(("Smiling",)).conditions(images("attributes"))
    with pytest.raises(ValueError, match="at least 2"):
        Codes(1)


def test_a_network_without_conditions_names_those_that_take_some() -> None:
    recipe = change(find("mnist-conditional"), {"generator.kind": "dcgan"})
    with pytest.raises(UsageError, match=r"generator dcgan takes no conditions: .*=compact"):
        build_networks(recipe, {"train": (1, 28, 28)}, 10)


@pytest.mark.parametrize("generator", ["norm", "concatenation"])
@pytest.mark.parametrize("discriminator", ["projection", "concatenation", "classifier"])
def test_conditions_change_what_is_drawn_and_said(generator: str, discriminator: str) -> None:
    changes = {
        "generator.condition": generator,
        "generator.width": 8,
        "discriminator.condition": discriminator,
        "discriminator.width": 8,
    }
    networks = build_networks(
        change(find("mnist-conditional"), changes), {"train": (1, 28, 28)}, 10
    )
    latents, conditions = torch.randn(1, 64).expand(2, -1), torch.eye(10)[:2]
    with torch.no_grad():
        for parameter in networks["generator"].parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))  # gains and biases begin at zero
        made = networks["generator"].eval()(latents, conditions)
        assert (made[0] - made[1]).abs().max() > 1e-3
        image = made[:1].expand(2, -1, -1, -1)
        answer = networks["discriminator"](image, conditions)
    if discriminator == "classifier":
        assert answer.logits.shape == (2, 10)
        torch.testing.assert_close(*answer.scores)  # it takes no conditions
    else:
        assert (answer[0] - answer[1]).abs() > 1e-6


def test_frozen_layers_stay_and_the_others_play(tmp_path) -> None:
    import ganvas

    small = {"generator.width": 4, "discriminator.width": 4, "batch": 16, "threads": 1}
    small |= {"evaluation": None, "freeze": 2, "game.penalties": []}
    run = ganvas.train("mnist", out=tmp_path, images=64, overrides=small)
    begun = build_networks(run.recipe, {"train": (1, 28, 28)})["discriminator"].state_dict()
    moved = {
        name: not torch.equal(begun[name], value)
        for name, value in run.discriminator.state_dict().items()
    }
    assert [name for name, is_moved in moved.items() if not is_moved] == list(moved)[:4]
    with pytest.raises(UsageError, match="less than the discriminator's 4 layers"):
        freeze(build_networks(find("mnist"), {"train": (1, 28, 28)})["discriminator"], 4)


def test_layers_are_counted_from_the_images_on_and_once_each() -> None:
    recipe = change(find("resnet-sngan"), {"discriminator.width": 4, "freeze": 3})
    network = build_networks(recipe, {"train": (1, 28, 28)})["discriminator"]
    frozen = [name for name, p in network.named_parameters() if not p.requires_grad]
    layers = {name.split(".parametrizations")[0].removesuffix(".bias") for name in frozen}
    assert len(layers) == 3 and len(frozen) == 6  # a weight and a bias each
    with pytest.raises(UsageError, match="stand in no one row"):
        build_networks(change(find("progressive"), {"freeze": 1}), {"train": (1, 28, 28)})


def test_a_part_that_is_a_plain_number_may_be_named_by_its_kind() -> None:
    recipe = change(find("folder"), {"strength.kind": "adaptive", "strength.target": 0.5})
    assert recipe.strength == Adaptive(target=0.5)
    with pytest.raises(UsageError, match="strength is of an augmentation"):
        change(find("mnist"), {"strength": 0.5})


def test_conditions_join_maps_in_their_own_memory_order() -> None:
    maps, conditions = torch.randn(2, 3, 4, 4), torch.rand(2, 5)
    for order in (torch.contiguous_format, torch.channels_last):
        found = Concatenate()(maps.to(memory_format=order), conditions)
        assert found.is_contiguous(memory_format=order)
        assert torch.equal(found[:, :3], maps)
        assert torch.equal(found[:, 3:], conditions[:, :, None, None].expand(-1, -1, 4, 4))
