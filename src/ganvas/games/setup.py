"""What a recipe hands to a game: its networks, how their players are made, their conditions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from torch import Tensor, nn

from ganvas.engine.game import Game, Turn
from ganvas.engine.optimiser import Adam, OptimiserSettings
from ganvas.engine.player import Player
from ganvas.engine.schedule import Schedule
from ganvas.games.parts.augmentation import Adaptive, Augment, DiscriminatorAugmentation


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
    """How the player of one side is made: see ``Player``.

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

    networks: by name, ``generator`` and ``discriminator`` among them.
    latent: numbers in a latent; they are standard normal.
    generator, discriminator: how the players of the two sides are made.
    condition_source: conditions of both networks; None where they have none.
    augment: applied to all images that a discriminator gets; None leaves them as they are.
    strength: how strongly ``augment`` is applied.
    field: the name, in a batch, of the items that the game is played on.
    """

    networks: Mapping[str, nn.Module]
    latent: int
    generator: PlayerSettings = field(default_factory=PlayerSettings)
    discriminator: PlayerSettings = field(default_factory=PlayerSettings)
    condition_source: ConditionSource | None = None
    augment: Augment | None = None
    strength: Schedule | Adaptive = 1.0
    field: str = "image"

    def player(self, side: Literal["generator", "discriminator"], *names: str) -> Player:
        """A player of one side, of the networks of these names; by default of the side's own."""
        player: PlayerSettings = getattr(self, side)
        return Player(
            {name: self.networks[name] for name in names or (side,)},
            player.optimiser,
            half_life=player.half_life,
            clip_gradient=player.clip_gradient,
        )

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
    """What a recipe knows of any game: ``build`` makes the game from a setup.

    needs: names of the networks that a recipe must have beside generator and discriminator.
    """

    needs: ClassVar[tuple[str, ...]] = ()

    @property
    def turns(self) -> int:
        """How many batches of data a round draws."""
        return 1

    @property
    def multiple(self) -> int:
        """What the number of images of a micro-batch must divide by."""
        return 1

    def discriminator_input(self, shape: tuple[int, ...], latent: int) -> tuple[int, ...]:
        """The shape of what the discriminator gets: by default, that of an image (C, H, W).

        latent: how many numbers there are in a latent.
        """
        return shape

    def build(self, setup: GameSetup) -> Game:
        """The game; see ``ganvas.engine.game``.

        Raises:
            ValueError: what does not go together.
        """
        raise NotImplementedError
