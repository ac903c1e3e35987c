"""Recipes that claim a paper's settings have them; files from before keep what they meant."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganvas.cli.wording import GIVEN
from ganvas.data.augment.ada import ADA
from ganvas.data.augment.diffaugment import DiffAugment
from ganvas.engine.schedule import Cosine
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.augmentation import Adaptive
from ganvas.networks.r3gan import R3GANDiscriminator
from ganvas.networks.style import StyleGenerator
from ganvas.networks.style_discriminator import StyleDiscriminator
from ganvas.recipes import yaml
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.named.r3gan import r3gan_base
from ganvas.recipes.named.stylegan2 import stylegan2
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import change, find, from_plain

OLDER = Path(__file__).parent / "older"
"""Recipes as runs wrote them down before these settings were there."""


def behind(recipe: Recipe) -> Recipe:
    """The recipe as it was: slopes behind the augmentation, reals used twice, shared steps."""
    game = recipe.game
    assert isinstance(game, GAN)
    penalties = tuple(replace(each, through="augmented") for each in game.penalties)
    game = replace(game, penalties=penalties, fresh_reals=False, lazy="together")
    return replace(recipe, game=game)


def before(name: str, recipe: Recipe) -> Recipe:
    """What the older file meant, from what the recipe is now."""
    recipe = behind(recipe)
    if name in ("r3gan-small", "r3gan-base"):
        size = name.removeprefix("r3gan-")
        head = R3GANDiscriminator(size=size, bias=True)  # pyright: ignore
        return replace(recipe, networks={**recipe.networks, "discriminator": head}, augment=ADA())
    if name == "stylegan2":
        generator = StyleGenerator(64, 64, width=16, average=0.998, bias_gain=False)
        return replace(recipe, networks={**recipe.networks, "generator": generator})
    if name == "folder":
        return replace(recipe, augment=DiffAugment(steps="rounded"))
    if name == "few-shot":
        return replace(recipe, strength=Adaptive(0.6, 100_000, every=1))
    return recipe


@pytest.mark.parametrize("name", sorted(file.stem for file in OLDER.glob("*.yaml")))
def test_a_file_from_before_means_what_it_meant(name: str) -> None:
    older, now = from_plain(yaml.read((OLDER / f"{name}.yaml").read_text())), find(name)
    meant = before(name, now)
    for part in ("networks", "game", "augment", "strength", "half_life"):
        assert getattr(older, part) == getattr(meant, part)
    assert older != now


def test_r3gan_is_the_authors_preset_for_cifar10() -> None:
    """``train.py`` of their repository, preset CIFAR10."""
    recipe = r3gan_base()
    game, augment = recipe.game, recipe.augment
    assert isinstance(game, GAN) and isinstance(augment, ADA)
    assert game.fresh_reals and not game.reuse_fakes
    assert [each.through for each in game.penalties] == ["images", "images"]
    assert augment.blit and augment.geometry and augment.colour and augment.corruption
    assert (augment.blit.chance, augment.geometry.chance, augment.colour.chance) == (1, 1, 0.5)
    assert augment.bands is None
    corruption = augment.corruption
    assert (corruption.noise, corruption.cutout, corruption.chance) == (0, 0.5, 1)
    networks = build_networks(recipe, {"train": (3, 32, 32)}, 10)
    names = [name for name, _ in networks["discriminator"].named_parameters()]
    assert not any(name.endswith("embed.bias") for name in names)


def test_what_the_docstring_says_of_ffhq_is_the_authors_preset() -> None:
    """Preset FFHQ-64 and its command; the widths are those of the network's own plan."""
    recipe = change(find("r3gan-base"), typed(r3gan_base, "is, besides, ``"))
    gamma = Cosine(2, 0.2, until=20_000_000)
    expected = replace(
        r3gan_base(),
        batch=256,
        strength=Cosine(0.0, 0.3, until=20_000_000),
        half_life=Cosine(0.0, 500_000, until=20_000_000),
    )
    assert isinstance(expected.game, GAN)
    penalties = tuple(Penalty(kind, gamma, through="images") for kind in ("r1", "r2"))  # pyright: ignore
    assert recipe == replace(expected, game=replace(expected.game, penalties=penalties))
    plan = R3GANDiscriminator(size="base").build((3, 64, 64))
    widths = {layer.in_channels for layer in plan.modules() if hasattr(layer, "in_channels")}
    assert {768, 384} <= widths


def test_stylegan2_is_the_authors_but_for_its_size_and_discriminator() -> None:
    recipe = stylegan2()
    generator = recipe.networks["generator"]
    assert isinstance(generator, StyleGenerator) and isinstance(recipe.game, GAN)
    assert (generator.average, generator.bias_gain) == (0.995, True)
    assert recipe.game.lazy == "apart"
    assert [each.through for each in recipe.game.penalties] == ["images"]
    theirs = change(recipe, typed(stylegan2, "for pictures on a GPU: ``"))
    assert theirs.networks["discriminator"] == StyleDiscriminator(width=64, bias_gain=True)
    assert isinstance(theirs.game, GAN) and not theirs.game.reuse_fakes
    assert theirs.game.penalties == (Penalty("r1", 0.5, every=16, through="images"),)
    few = change(theirs, typed(stylegan2, "for few of them ``"))
    assert (few.augment, few.strength) == (ADA(), Adaptive(every=4))


def typed(recipe: Callable[[], Recipe], before: str) -> dict[str, Any]:
    """The settings that a recipe's docstring names behind these words."""
    text = " ".join((recipe.__doc__ or "").split())
    given = GIVEN.findall(text.split(before)[1].split("``")[0])
    return {name: yaml.read(value) for name, value in given}
