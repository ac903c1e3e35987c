"""Roles, players and sources that games declare, and how a flat file names them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import torch
from torch import nn

import ganvas
from ganvas.engine.game import Game
from ganvas.engine.optimiser import Adam, RMSprop
from ganvas.errors import UsageError
from ganvas.games.roles import Role, Spec, discriminator, translator
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.networks.dcgan import DCGANDiscriminator
from ganvas.networks.protocols import TranslatorSettings
from ganvas.networks.shape import Shape
from ganvas.recipes import flat, yaml
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.recipe import Data, Recipe
from ganvas.recipes.recipe_table import RECIPES, change, find, from_plain

SHAPES = {"a": (3, 16, 16), "b": (1, 16, 16)}


@dataclass(frozen=True)
class Mixing:
    """A translator that mixes channels."""

    kernel: int = 1

    def build(self, from_shape: Shape, to_shape: Shape) -> nn.Module:
        pad = self.kernel // 2
        return nn.Conv2d(from_shape[0], to_shape[0], self.kernel, padding=pad)


@dataclass(frozen=True)
class Pair(GameSettings):
    """Two translators, of which one is frozen, and two discriminators under one optimiser."""

    players: ClassVar[Mapping[str, str | None]] = {
        "discriminators": None,
        "b_to_a": "discriminators",
    }
    samples_by = "a_to_b"
    sources = ("a", "b")

    @property
    def roles(self) -> Mapping[str, Role]:
        return {
            "a_to_b": replace(translator("a", "b"), frozen=True),
            "b_to_a": translator("b", "a"),
            "real_a": discriminator("a"),
            "real_b": discriminator("b"),
        }

    def build(self, setup: GameSetup) -> Game:
        raise AssertionError


@pytest.fixture(autouse=True)
def registered(registering) -> None:
    ganvas.register(Pair)
    ganvas.register(Mixing, family=TranslatorSettings)


def pair() -> Recipe:
    plain = {"name": "pair", "images": 9, "game": "pair", "a_to_b": "mixing", "b_to_a": "mixing"}
    return from_plain({**plain, "real_a": "dcgan", "real_b": {"kind": "dcgan", "width": 8}})


def test_a_file_names_networks_players_and_sources_of_any_game() -> None:
    plain = flat.to_plain(pair())
    assert list(plain)[:9] == [
        *("name", "a_to_b", "b_to_a", "real_a", "real_b", "images", "data_a", "data_b", "game"),
    ]
    assert "discriminators_optimiser" in plain and "b_to_a_optimiser" not in plain
    assert from_plain(yaml.read(yaml.write(plain))) == pair()


def test_overrides_reach_them_all() -> None:
    changes = {
        "b_to_a.kernel": 3,
        "real_a.width": 4,
        "data_b.source": "fashion-mnist",
        "b_to_a_optimiser.kind": "rmsprop",
        "discriminators_optimiser.lr": 1e-3,
    }
    recipe = change(pair(), changes)
    assert recipe.networks["b_to_a"] == Mixing(3)
    assert recipe.networks["real_a"] == DCGANDiscriminator(width=4)
    assert recipe.sources == {"a": Data(""), "b": Data("fashion-mnist")}
    assert recipe.optimisers == {"discriminators": Adam(1e-3), "b_to_a": RMSprop()}


def test_a_player_takes_anothers_optimiser_until_it_has_its_own() -> None:
    recipe = find("aae")
    assert recipe.optimiser("encoder") == recipe.optimiser("generator")
    assert "encoder" not in recipe.optimisers
    own = change(recipe, {"encoder_optimiser.lr": 1e-4})
    assert own.optimiser("encoder") == Adam(1e-4)
    assert from_plain(yaml.read(yaml.write(flat.to_plain(own)))) == own


def test_networks_are_built_as_their_roles_say() -> None:
    recipe = pair()
    networks = build_networks(recipe, SHAPES)
    items = {name: torch.zeros(2, *shape) for name, shape in SHAPES.items()}
    assert networks["a_to_b"](items["a"]).shape == items["b"].shape
    assert networks["b_to_a"](items["b"]).shape == items["a"].shape
    assert len(networks["real_b"](items["b"])) == 2
    frozen = [name for name, net in networks.items() if not next(net.parameters()).requires_grad]
    assert frozen == ["a_to_b"] and not networks["a_to_b"].training
    assert (recipe.latent, recipe.data) == (0, Data(""))


def test_freezing_is_of_each_discriminator() -> None:
    networks = build_networks(replace(pair(), freeze=1), SHAPES)
    for name in ("real_a", "real_b"):
        weight, bias, *others = (p.requires_grad for p in networks[name].parameters())
        assert not (weight or bias) and all(others)


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"real_c": "dcgan"}, "unknown setting 'real_c': did you mean real_"),
        ({"generator": "dcgan"}, "unknown setting 'generator'"),
        ({"data": {}}, "unknown setting 'data': did you mean data_"),
        ({"a_to_b": None}, "the game pair needs `a_to_b.kind`: one of .*mixing"),
        ({"a_to_b": "dcgan"}, "a_to_b cannot be 'dcgan': it is a generator"),
        ({"a_to_b_optimiser": {}}, "unknown setting 'a_to_b_optimiser'"),
    ],
)
def test_what_the_game_does_not_know_is_refused(plain: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        from_plain(flat.to_plain(pair()) | plain)


def test_a_recipe_made_in_python_is_checked_too() -> None:
    with pytest.raises(UsageError, match="unknown name in networks of the game pair 'real_c'"):
        replace(pair(), networks={**pair().networks, "real_c": DCGANDiscriminator()})
    with pytest.raises(UsageError, match="unknown name in sources of the game gan 'a'"):
        replace(find("mnist"), sources={"a": Data()})
    with pytest.raises(UsageError, match="the game pair keeps no EMA copy: set `half_life=null`"):
        replace(pair(), half_life=500.0)


@pytest.mark.parametrize("name", RECIPES)
def test_a_file_begins_as_it_always_did(name: str) -> None:
    keys = list(flat.to_plain(RECIPES[name]()))
    assert keys[:13] == [
        *("name", "generator", "discriminator", "images", "data", "game", "condition", "encoder"),
        *("start", "freeze", "generator_optimiser", "discriminator_optimiser", "half_life"),
    ]


def test_settings_of_another_game_are_left_behind() -> None:
    recipe = change(find("aae"), {"game.kind": "gan"})
    assert list(recipe.networks) == ["generator", "discriminator"]
    old = flat.to_plain(find("mnist")) | {"encoder": {"kind": "compact"}}
    assert from_plain(old) == find("mnist")


def test_a_role_may_not_have_the_name_of_a_setting(monkeypatch) -> None:
    roles = property(lambda self: {"batch": translator("a", "b")})
    monkeypatch.setattr(Pair, "roles", roles)
    with pytest.raises(UsageError, match="has a name that is taken: 'batch' is a setting"):
        flat.types(Pair())


def test_a_spec_leads_with_the_main_source() -> None:
    assert Spec(SHAPES, 0).shape == (3, 16, 16)
