"""What a recipe hands to a game: its networks, how their players are made, their conditions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganvas.engine.game import Game, Turn
from ganvas.engine.optimiser import Adam, OptimiserSettings
from ganvas.engine.player import Player
from ganvas.engine.schedule import Schedule
from ganvas.games.parts.augmentation import Adaptive, Augment, DiscriminatorAugmentation
from ganvas.games.roles import Role, discriminator, generator
from ganvas.networks.shape import Shape


@dataclass(frozen=True)
class ConditionSource:
    """Conditions of the items of a turn.

    exclusive: each condition is one-hot, a class; otherwise every number is an attribute of its
        own, 0 or 1.
    rows: ``rows(turn)`` gives the conditions of a turn, float32 [N, K].
    of_reals: they are those of the turn's real images; otherwise they belong to none.
    """

    exclusive: bool
    rows: Callable[[Turn], Tensor]
    of_reals: bool = True


@dataclass(frozen=True)
class PlayerSettings:
    """How a player is made: see ``Player``.

    optimiser: its optimiser's settings.
    half_life: images after which an EMA copy has forgotten half; None keeps no copy.
    clip_gradient: largest norm of the whole gradient, above 0; None for no limit.
    """

    optimiser: OptimiserSettings = field(default_factory=Adam)
    half_life: Schedule | None = None
    clip_gradient: float | None = None


@dataclass(frozen=True)
class GameSetup:
    """What a game is built from.

    networks: of the game's roles, by name.
    latent: numbers in a latent; they are standard normal.
    players: how each player is made, by name; empty makes any by default settings.
    condition_source: conditions of the networks that take any; None where there are none.
    augment: applied to all images that a discriminator gets; None leaves them as they are.
    strength: how strongly ``augment`` is applied.
    shapes: of an item of each source in network form, such as (C, H, W), by the source's name.
    field: the name, in a batch, of the items that the game is played on.
    """

    networks: Mapping[str, nn.Module]
    latent: int
    players: Mapping[str, PlayerSettings] = field(default_factory=dict)
    condition_source: ConditionSource | None = None
    augment: Augment | None = None
    strength: Schedule | Adaptive = 1.0
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    field: str = "image"

    def player(self, name: str, *networks: str) -> Player:
        """The player of this name, with the networks of these names; by default with the one that
        has the player's own name.

        Raises:
            ValueError: the game does not declare such a player, so no recipe could set it.
        """
        if self.players and name not in self.players:
            raise ValueError(f"it makes a player {name!r}, and declares {', '.join(self.players)}")
        player = self.players.get(name, PlayerSettings())
        return Player(
            {network: self.networks[network] for network in networks or (name,)},
            player.optimiser,
            half_life=player.half_life,
            clip_gradient=player.clip_gradient,
        )

    @property
    def shape(self) -> Shape:
        """The shape of an item of the main source in network form, such as (C, H, W)."""
        return next(iter(self.shapes.values()))

    @property
    def device(self) -> torch.device:
        """Where the networks lie, and so what a game keeps of its own must lie."""
        return next(p.device for each in self.networks.values() for p in each.parameters())

    def both_players(self) -> dict[str, Player]:
        """The players ``discriminator`` and ``generator``, each of one network."""
        return {
            "discriminator": self.player("discriminator"),
            "generator": self.player("generator"),
        }

    def items(self, turn: Turn) -> Tensor:
        """The real items of a turn in network form, such as images [N, C, H, W]."""
        return turn.batch()[self.field]

    def conditions(self, turn: Turn) -> tuple[Tensor, ...]:
        """Conditions beside a network's input, to unpack into a call: () or ([N, K],)."""
        return () if self.condition_source is None else (self.condition_source.rows(turn),)

    @property
    def augmentation(self) -> DiscriminatorAugmentation:
        """How what the discriminator gets is augmented, and how strongly."""
        return DiscriminatorAugmentation(self.augment, self.strength)


@dataclass(frozen=True)
class GameSettings:
    """What a recipe knows of any game: the networks, players and sources that it must have, and
    ``build``, which makes the game from a setup::

        @register
        @dataclass(frozen=True)
        class Plain(GameSettings):
            def build(self, setup):
                def critic(turn):
                    fakes = generate(turn, setup).images.detach()
                    network = turn.networks["discriminator"]
                    return Result(per_image(network(fakes)) - per_image(network(setup.items(turn))))

                def artist(turn):
                    fakes = generate(turn, setup).images
                    return Result(-per_image(turn.networks["discriminator"](fakes)))

                groups = [
                    (Move("discriminator", ("discriminator",), critic),),
                    (Move("generator", ("generator",), artist),),
                ]
                return Game(setup.both_players(), [Phase(groups)])

    players: the names of those that are trained; each with the name of another, whose optimiser it
        takes where the recipe gives it none, or with None.
    averaged: the players whose networks have EMA copies, where the recipe has a ``half_life``.
    samples_by: the role of the network that makes samples.
    samples_from: the source of whose items it makes them; None for a network that takes latents.
    samples_like: the source whose items samples are like; None for the main one.
    sources: the names of the sources that it trains on; the first is the main one.
    """

    players: ClassVar[Mapping[str, str | None]] = {"generator": None, "discriminator": None}
    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    samples_by: ClassVar[str] = "generator"
    samples_from: ClassVar[str | None] = None
    samples_like: ClassVar[str | None] = None
    sources: ClassVar[tuple[str, ...]] = ("train",)

    @property
    def roles(self) -> Mapping[str, Role]:
        """What it needs networks for, by name, in the order in which they are built."""
        return {"generator": generator(), "discriminator": discriminator()}

    @property
    def target(self) -> str:
        """The source whose items samples are like."""
        return self.samples_like or self.sources[0]

    @property
    def multiple(self) -> int:
        """What the number of images of a micro-batch must divide by."""
        return 1

    def build(self, setup: GameSetup) -> Game:
        """The game; see ``ganvas.engine.game``.

        Raises:
            ValueError: what does not go together.
        """
        raise NotImplementedError
