"""A recipe as plain data, as files and overrides have it: flat, a network under its role's name.

There is one level: the recipe's fields, and in place of its mappings the networks under their own
names, the optimisers as ``<player>_optimiser``, the source ``train`` as ``data`` and any other as
``data_<name>``. These names are permanent.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from ganvas.engine.optimiser import OptimiserSettings
from ganvas.errors import UsageError
from ganvas.games.gan import GAN
from ganvas.games.setup import GameSettings
from ganvas.recipes import reading
from ganvas.recipes.parts import kind_of
from ganvas.recipes.recipe import Data, Recipe

ENCODER = "encoder"
"""Of any game, files have this name, null where there is no such role, and have it behind
``condition``: so it was before games declared their roles."""


def source_setting(source: str) -> str:
    """The setting of a source: ``data``, or ``data_<name>``."""
    return "data" if source == "train" else f"data_{source}"


def optimiser_setting(player: str) -> str:
    """The setting of a player's optimiser: ``<player>_optimiser``."""
    return f"{player}_optimiser"


def types(game: GameSettings) -> dict[str, Any]:
    """The settings of a recipe with this game, in the order of a file, and the type of each.

    Raises:
        UsageError: a role, a player or a source of the game has the name of another setting.
    """
    own = get_type_hints(Recipe)
    networks = {name: role.family | None for name, role in game.roles.items()}
    encoder = {ENCODER: networks.pop(ENCODER, Any)}
    optimisers = {optimiser_setting(player): OptimiserSettings | None for player in game.players}
    groups = {
        "networks": networks,
        "sources": {source_setting(source): Data | None for source in game.sources},
        "condition": {"condition": own["condition"], **encoder},
        "optimisers": optimisers,
    }
    found: dict[str, Any] = {}
    for field in fields(Recipe):
        settings = groups.get(field.name, {field.name: own[field.name]})
        for name in settings:
            if name in found:
                raise UsageError(
                    f"the game {kind_of(game)} has a name that is taken: {name!r} is a setting"
                )
        found |= settings
    return found


def meaningful(game: GameSettings) -> set[str]:
    """The settings that change something with this game: all but ``encoder`` where it has none."""
    return {name for name in types(game) if name != ENCODER or name in game.roles}


def to_plain(recipe: Recipe) -> dict[str, Any]:
    """A recipe as dictionaries, lists and plain values."""
    values = {
        **vars(recipe),
        ENCODER: None,
        **recipe.networks,
        **{source_setting(source): each for source, each in recipe.sources.items()},
        **{optimiser_setting(player): each for player, each in recipe.optimisers.items()},
    }
    known = types(recipe.game)
    return {name: reading.to_plain(values[name]) for name in known if name in values}


def from_plain(plain: Mapping[str, Any]) -> Recipe:
    """A recipe from plain data.

    Raises:
        UsageError: an unknown or missing key, an unknown kind, or a value that cannot be.
    """
    game = game_of(plain)
    found = reading.settings(types(game), _with_sources(plain, game))
    for field in ("name", "images"):
        if field not in found:
            raise UsageError(f"{field} is missing")
    found["game"] = game
    found["networks"] = {role: found.pop(role, None) for role in game.roles}
    found["sources"] = {name: found.pop(source_setting(name), None) for name in game.sources}
    found["optimisers"] = {name: found.pop(optimiser_setting(name), None) for name in game.players}
    found.pop(ENCODER, None)
    return Recipe(**found)


def _with_sources(plain: Mapping[str, Any], game: GameSettings) -> dict[str, Any]:
    """The same, where a word in place of a source is where it lies, and a source beside ``train``
    has no usual place."""
    whole = dict(plain)
    for name in game.sources:
        setting = source_setting(name)
        given = (
            {"source": plain[setting]}
            if isinstance(plain.get(setting), str)
            else plain.get(setting)
        )
        if isinstance(given, Mapping):
            whole[setting] = given if name == "train" else {"source": "", **given}
    return whole


def game_of(plain: Mapping[str, Any]) -> GameSettings:
    """The game of a recipe as plain data.

    Raises:
        UsageError: an unknown game, or settings that it cannot have.
    """
    return reading.from_plain(GameSettings, plain["game"], "game") if "game" in plain else GAN()
