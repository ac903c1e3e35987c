"""What does not go together in a game, said before it begins. Every check raises ValueError."""

from collections.abc import Iterable

from ganvas.engine.optimiser import Adam
from ganvas.games.parts.classifier import Classifier
from ganvas.games.parts.term import Term
from ganvas.games.parts.unrolled import Unrolled
from ganvas.games.setup import GameSetup, PlayerSettings
from ganvas.losses.adversarial import AdversarialLoss
from ganvas.networks.protocols import (
    Autoencoding,
    classifies,
    implements,
    needs_nonzero_conditions,
)


def check_losses(adversarial: AdversarialLoss, generator_loss: str, fresh_reals: bool) -> None:
    """The generator's loss, of that name, looks at reals where it gets reals of its own."""
    if fresh_reals and not adversarial.needs_reals:
        raise ValueError(
            f"the generator's loss {generator_loss} looks at no reals: set fresh_reals to false"
        )


def check_scores(setup: GameSetup, pack: int) -> None:
    """The discriminator scores images, ``pack`` of them together, with their conditions."""
    network, source = setup.networks["discriminator"], setup.condition_source
    if implements(network, Autoencoding):
        raise ValueError(
            "this discriminator reconstructs images and scores none: set `game.kind=began` or ebgan"
        )
    if pack > 1 and source is not None:
        raise ValueError("packed images cannot have conditions: set `game.pack=1`")
    if source is not None and not source.exclusive and needs_nonzero_conditions(network):
        raise ValueError(
            "without a bias an image that has no attribute has no score: set "
            "`discriminator.bias=true`"
        )


def check_signs(setup: GameSetup, loss: str, centred: bool) -> None:
    """An adaptive strength follows signs of scores, so these must mean something to the loss."""
    if setup.augmentation.adaptive is not None and not centred:
        raise ValueError(
            f"an adaptive strength follows the signs of scores, which mean nothing to the loss "
            f"{loss}: set a number"
        )


def check_classifier(setup: GameSetup, terms: Iterable[Term]) -> None:
    """A classifier has conditions to learn and a term that teaches it; codes have a classifier."""
    reads = classifies(setup.networks["discriminator"])
    teachers = [term for term in terms if isinstance(term, Classifier)]
    of_fakes = reads and teachers and all(term.on == "fakes" for term in teachers)
    if _has_codes(setup) and not of_fakes:
        raise ValueError(
            "codes belong to no real image, so only a classifier of fakes can use them: set "
            "`discriminator.condition=classifier game.terms=[{kind: classifier, on: fakes}]`"
        )
    if teachers and (setup.condition_source is None or not reads):
        raise ValueError(
            "a classifier needs a condition (`condition.kind=class`) and a discriminator that "
            "reads it (`discriminator.condition=classifier`)"
        )
    if reads and not teachers:
        raise ValueError(
            "nothing teaches this discriminator to read conditions: add "
            "`game.terms=[{kind: classifier, on: reals}]`, or set "
            "`discriminator.condition=projection`"
        )


def check_unrolled(setup: GameSetup, unrolled: Unrolled | None) -> None:
    """Steps looked ahead that are those of the discriminator's Adam need one."""
    player = setup.players.get("discriminator", PlayerSettings())
    adam = type(player.optimiser) is Adam
    if unrolled is not None and unrolled.inner == "adam" and not adam:
        raise ValueError(
            "the steps looked ahead are those of Adam, and the discriminator has another "
            "optimiser: set `discriminator_optimiser.kind=adam`, or "
            "`game.unrolled.inner=gradient-descent`"
        )


def check_no_classifier(setup: GameSetup) -> None:
    """There are neither codes nor a classifier, in a game that teaches none."""
    if _has_codes(setup):
        raise ValueError(
            "this game gives codes no meaning: set `condition.kind=class`, or `game.kind=gan`"
        )
    if classifies(setup.networks["discriminator"]):
        raise ValueError(
            "this game teaches no classifier: set `discriminator.condition=projection`"
        )


def _has_codes(setup: GameSetup) -> bool:
    """Whether conditions belong to no real image."""
    source = setup.condition_source
    return source is not None and not source.of_reals
