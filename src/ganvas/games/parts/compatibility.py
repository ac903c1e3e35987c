"""What does not go together in the two-player game, said before it begins."""

from typing import TYPE_CHECKING

from torch import nn

from ganvas.games.parts.classifier import Classifier
from ganvas.games.setup import GameSetup
from ganvas.networks.layers.heads import Classify
from ganvas.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStd
from ganvas.networks.r3gan import Head

if TYPE_CHECKING:
    from ganvas.games.gan import GAN

COUPLING = (nn.modules.batchnorm._BatchNorm, MinibatchDiscrimination, MinibatchStd)


def check(settings: "GAN", setup: GameSetup) -> None:
    """Raises ValueError for settings and a setup that could only be played to no end."""
    network = setup.networks["discriminator"]
    if hasattr(network, "encode") and hasattr(network, "decode"):
        raise ValueError(
            "this discriminator reconstructs images and scores none: set --game.kind began or ebgan"
        )
    if settings.pack > 1 and setup.condition_source is not None:
        raise ValueError("packed images cannot be told conditions: set pack to 1")
    if setup.augmentation().adaptive is not None and not settings.adversarial.centred:
        raise ValueError(
            f"an adaptive strength follows the signs of scores, which mean nothing to the loss "
            f"{settings.loss}: set a number"
        )
    if (
        setup.condition_source is not None
        and not setup.condition_source.exclusive
        and _has_bare_head(network)
    ):
        raise ValueError(
            "without a bias an image that has no attribute has no score: set --discriminator.bias "
            "true"
        )
    _check_classifier(settings, setup, reads(network))


def check_plain(setup: GameSetup) -> None:
    """Raises ValueError for what a game that teaches no classifier can do nothing with."""
    if codes(setup):
        raise ValueError(
            "this game gives codes no meaning: set --condition.kind class, or --game.kind gan"
        )
    if reads(setup.networks["discriminator"]):
        raise ValueError(
            "this game teaches no classifier: set --discriminator.condition projection"
        )


def codes(setup: GameSetup) -> bool:
    """Whether the game is told what belongs to no real image."""
    return setup.condition_source is not None and not setup.condition_source.of_reals


def couples(network: nn.Module) -> bool:
    """Whether through some layer the images of a batch see each other."""
    return _has(network, COUPLING)


def reads(network: nn.Module) -> bool:
    """Whether a discriminator has a classifier of conditions beside its scores."""
    return _has(network, Classify)


def _check_classifier(settings: "GAN", setup: GameSetup, reads: bool) -> None:
    terms = [term for term in settings.terms if isinstance(term, Classifier)]
    if codes(setup) and not (reads and terms and all(term.on == "fakes" for term in terms)):
        raise ValueError(
            "codes belong to no real image, so only a classifier of fakes can use them: set "
            '--discriminator.condition classifier --game.terms "[{kind: classifier, on: fakes}]"'
        )
    if terms and (setup.condition_source is None or not reads):
        raise ValueError(
            "a classifier needs a condition (--condition.kind class) and a discriminator that "
            "reads it (--discriminator.condition classifier)"
        )
    if reads and not terms:
        raise ValueError(
            'nothing teaches this discriminator to read conditions: add --game.terms "[{kind: '
            'classifier, on: reals}]", or set --discriminator.condition projection'
        )


def _has_bare_head(network: nn.Module) -> bool:
    heads = [layer.embed for layer in network.modules() if isinstance(layer, Head)]
    return any(embed is not None and embed.bias is None for embed in heads)


def _has(network: nn.Module, kinds: type | tuple[type, ...]) -> bool:
    return any(isinstance(layer, kinds) for layer in network.modules())
