"""What games share whose discriminator is an autoencoder: its error of reconstruction is an
energy."""

from collections.abc import Callable

from torch import Tensor

from ganvas.engine.game import Game, Hook, Move, Phase, Result, Turn
from ganvas.games.parts.fakes import Fakes, average_hooks, generate
from ganvas.games.setup import GameSetup
from ganvas.networks.protocols import Autoencoding, implements


def check_autoencoder(setup: GameSetup) -> None:
    """Raises ValueError where the discriminator does not reconstruct images, or the strength of the
    augmentation follows signs of scores, which there are none of."""
    if not implements(setup.networks["discriminator"], Autoencoding):
        raise ValueError(
            "this discriminator does not reconstruct: set `discriminator.kind=autoencoder`"
        )
    if setup.augmentation.adaptive is not None:
        raise ValueError("an energy has no sign for an adaptive strength to follow: set a number")


def reals_and_fakes(turn: Turn, setup: GameSetup) -> tuple[Tensor, Tensor]:
    """Images [N, C, H, W] of both as the discriminator gets them; see ``shared_fakes``.

    Fakes keep their graph: one forward serves both players.
    """
    reals = setup.items(turn)
    fakes = shared_fakes(turn, setup).images
    augment = setup.augmentation.apply
    return augment(turn, reals, "real."), augment(turn, fakes, "fake.")


def shared_fakes(turn: Turn, setup: GameSetup) -> Fakes:
    """The fakes of a round, before any augmentation."""
    return turn.shared("fakes", lambda: generate(turn, setup))


def energy_game(
    setup: GameSetup,
    discriminator_loss: Callable[[Turn], Result],
    generator_loss: Callable[[Turn], Result],
    state: dict[str, Tensor] | None = None,
    hooks: tuple[Hook, ...] = (),
) -> Game:
    """The game of two players whose gradients are of one forward, and who step together.

    Args:
        setup: of the game.
        discriminator_loss, generator_loss: of each player's move.
        state, hooks: of the game; by default it has none.
    """
    moves = (
        Move("discriminator", ("discriminator",), discriminator_loss),
        Move("generator", ("generator",), generator_loss),
    )
    schedules = setup.augmentation.schedules()
    hooks = (*average_hooks(setup), *hooks)
    return Game(
        setup.both_players(), [Phase([moves])], state or {}, schedules=schedules, hooks=hooks
    )
