"""From what was prepared to an engine that is ready to play."""

from dataclasses import replace

import torch
from torch import nn

from ganvas.data import ItemStream
from ganvas.engine.engine import Engine
from ganvas.engine.game import Game
from ganvas.engine.graph import GraphRecorder
from ganvas.errors import UsageError
from ganvas.games.setup import GameSettings, GameSetup, PlayerSettings
from ganvas.recipes.build.choices import Choices
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.build.watched_augment import WatchedAugment
from ganvas.recipes.own_parts import own_part
from ganvas.recipes.parts import kind_of
from ganvas.recipes.recipe import Recipe


def build_engine(prepared: Prepared) -> Engine:
    """The recipe's game on its images, at the start of its clock.

    Raises:
        UsageError: settings that make no networks, or no game.
    """
    recipe, choices = prepared.recipe, prepared.choices
    game, device = _game(prepared), torch.device(choices.device)
    streams = {
        name: ItemStream(
            prepared.datasets[name],
            recipe.seed,
            device,
            source=name,
            flip=settings.flip,
            shuffle=settings.shuffle,
        )
        for name, settings in recipe.sources.items()
    }
    return Engine(
        game,
        streams,
        batch=recipe.batch,
        seed=recipe.seed,
        device=device,
        bf16=choices.precision == "bf16",
        accumulate=recipe.accumulate,
        recorder=GraphRecorder() if choices.graph else None,
    )


def _game(prepared: Prepared) -> Game:
    """The game, its networks on their device."""
    recipe, known = prepared.recipe, prepared.conditions
    shapes = {name: dataset.shape for name, dataset in prepared.datasets.items()}
    networks = build_networks(recipe, shapes, len(known.names) if known else 0)
    for network in networks.values():
        _place(network, prepared.choices)
    source = None
    if recipe.condition is not None and known is not None:
        source = recipe.condition.condition_source(known, prepared.dataset)
    is_own = own_part(recipe.game) is not None
    watched = WatchedAugment(recipe.augment) if is_own and recipe.augment is not None else None
    setup = GameSetup(
        networks,
        recipe.latent,
        {player: _player(recipe, player) for player in recipe.game.players},
        condition_source=source,
        augment=watched or recipe.augment,
        strength=recipe.strength,
        shapes=shapes,
        field=prepared.dataset.domain.field,
    )
    try:
        game = recipe.game.build(setup)
    except ValueError as error:
        raise UsageError(f"game: {error}") from None
    frozen = {name: networks[name] for name, role in recipe.game.roles.items() if role.frozen}
    game = replace(game, frozen={**game.frozen, **frozen})
    _check_whole(recipe.game, game)
    return game if watched is None else watched.watching(game, kind_of(recipe.game))


def _check_whole(declared: GameSettings, game: Game) -> None:
    """Raises UsageError where a game lacks a network or a player that it declares: a run could
    neither save the one nor set the other."""
    kind, networks = kind_of(declared), game.networks()
    for name in declared.roles:
        if name not in networks:
            raise UsageError(
                f"game {kind}: no player moves its {name}, and that is not `frozen` either"
            )
    for name in declared.players:
        if name not in game.players:
            raise UsageError(f"game {kind}: it declares a player {name}, and makes none")


def _player(recipe: Recipe, name: str) -> PlayerSettings:
    half_life = recipe.half_life if name in recipe.game.averaged else None
    return PlayerSettings(recipe.optimiser(name), half_life, recipe.clip_gradient)


def _place(network: nn.Module, choices: Choices) -> None:
    network.to(device=torch.device(choices.device))
    if choices.memory_format == "channels-last":
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
