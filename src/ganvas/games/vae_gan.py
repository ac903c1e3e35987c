"""VAE-GAN: a variational autoencoder that learns what is alike from a discriminator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ganvas.engine.game import Game, Move, Phase, Result, Turn
from ganvas.games.parts.augmented_discriminator import AugmentedDiscriminator, split_output
from ganvas.games.parts.coding import gaussian
from ganvas.games.parts.compatibility import check_plain
from ganvas.games.parts.penalty import Penalty
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.losses.adversarial import accuracy, adversarial_loss, per_image
from ganvas.losses.reconstruction import kl_to_normal, squared


@dataclass(frozen=True)
class RoundOutputs:
    """A round's images and what was said of them.

    images: reals and images of noise, [N, C, H, W] each. conditions: () or ([N, K],). augmented:
    images as the discriminator gets them. scores: of reals, reconstructions and images of noise,
    [N, ...] each. error: of reconstruction [N]. kl: divergence of the codes from noise [N].
    """

    images: tuple[Tensor, Tensor]
    augmented: tuple[Tensor, Tensor]
    conditions: tuple[Tensor, ...]
    scores: tuple[Tensor, Tensor, Tensor]
    error: Tensor
    kl: Tensor


@dataclass(frozen=True)
class VAEGAN(GameSettings):
    """Larsen et al. 2016, algorithm 1. One forward, three gradients, then all three steps: the
    encoder lowers kl * KL + E, the generator gamma * E + adversarial * its loss on reconstructions
    and images of noise, the discriminator its own loss on both and the reals.

    E is half the squared distance between an image and its reconstruction, which is minus the log
    likelihood of a Gaussian of variance 1, up to a constant. loss: of generator and discriminator,
    by name; reals count as much as both kinds of fakes together (in the paper half as much).
    likeness: where E is taken: in the discriminator's last ``features`` or in ``pixels``. gamma,
    kl, adversarial: weights; likeness ``pixels`` with gamma 1 and adversarial 0 is a plain VAE
    (Kingma & Welling 2014). penalties: added to the discriminator's loss; they see reals and images
    of noise.

    Reconstructions and images of noise are drawn in one pass: BatchNorm knows both.

    Raises:
        ValueError: an unknown loss, a negative weight, or two penalties of one kind.
    """

    loss: str = "non-saturating"
    likeness: Literal["features", "pixels"] = "features"
    gamma: float = 0.1
    kl: float = 1.0
    adversarial: float = 1.0
    penalties: tuple[Penalty, ...] = ()

    needs = ("encoder",)

    def __post_init__(self) -> None:
        adversarial_loss(self.loss)
        if min(self.gamma, self.kl, self.adversarial) < 0:
            raise ValueError("gamma, kl and adversarial must be 0 or more")
        if len({penalty.kind for penalty in self.penalties}) < len(self.penalties):
            raise ValueError("each kind of penalty may stand once")

    def build(self, setup: GameSetup) -> Game:
        """The game of the setup's ``encoder``, its ``generator`` and its ``discriminator``, a
        sequence of layers: what stands before the last with weights are the features."""
        loss = adversarial_loss(self.loss)
        augmentation = setup.augmentation()
        if augmentation.adaptive is not None:
            raise ValueError("this game adapts no strength: set a number")
        check_plain(setup)
        features, head = parted(setup.networks["discriminator"])

        def play(turn: Turn) -> RoundOutputs:
            reals = turn.shared("batch", turn.draw.data).images
            mean, log_variance = turn.networks["encoder"](reals).float().chunk(2, 1)
            codes = gaussian(mean, log_variance, turn.draw.normal("posterior", setup.latent))
            latents = torch.cat([codes, turn.draw.normal("latent", setup.latent)])
            conditions = setup.conditions(turn)
            twice = tuple(torch.cat([rows, rows]) for rows in conditions)
            rebuilt, drawn = turn.networks["generator"](latents, *twice).float().chunk(2)
            # A reconstruction is compared with its image, so both are augmented alike.
            real = augmentation.augmented(turn, reals, "real.")
            rebuilt = augmentation.augmented(turn, rebuilt, "real.")
            seen = augmentation.augmented(turn, drawn, "fake.")
            of_real, of_rebuilt, of_drawn = (
                features(images, *conditions) for images in (real, rebuilt, seen)
            )
            scores = (
                split_output(head(of_real, *conditions))[0],
                split_output(head(of_rebuilt, *conditions))[0],
                split_output(head(of_drawn, *conditions))[0],
            )
            pair = (of_rebuilt, of_real) if self.likeness == "features" else (rebuilt, real)
            error = pair[0][0].numel() / 2 * squared(*pair)
            kl = kl_to_normal(mean, log_variance)
            return RoundOutputs((reals, drawn), (real, seen), conditions, scores, error, kl)

        def played(turn: Turn) -> RoundOutputs:
            return turn.shared("played", lambda: play(turn))

        def discriminate(turn: Turn) -> Result:
            real, rebuilt, drawn = played(turn).scores
            value = loss.discriminator(real, rebuilt) + loss.discriminator(real, drawn)
            stats = {
                "score/real": per_image(real),
                "score/rebuilt": per_image(rebuilt),
                "score/fake": per_image(drawn),
                "score/accuracy": accuracy(real, drawn),
            }
            return Result(value / 2, stats)

        def encode(turn: Turn) -> Result:
            error, kl = played(turn).error, played(turn).kl
            return Result(self.kl * kl + error, {"kl": kl, "error": error})

        def generate(turn: Turn) -> Result:
            real, rebuilt, drawn = played(turn).scores
            value = loss.generator(real, rebuilt) + loss.generator(real, drawn)
            return Result(self.gamma * played(turn).error + self.adversarial * value / 2)

        def penalise(penalty: Penalty) -> Callable[[Turn], Result]:
            name = f"penalty/{penalty.kind}"

            def slope(turn: Turn) -> Result:
                now = played(turn)
                before = penalty.through == "images"
                images = now.images if before else now.augmented
                judge = AugmentedDiscriminator(augmentation) if before else None
                value = penalty.value(turn, *images, conditions=now.conditions, judge=judge)
                return Result(turn.scheduled[name] * penalty.every * value, {name: value})

            return slope

        slopes = tuple(
            Move(f"penalty.{each.kind}", ("discriminator",), penalise(each), every=each.every)
            for each in self.penalties
        )
        moves = (
            Move("discriminator", ("discriminator",), discriminate),
            *slopes,
            Move("encoder", ("encoder",), encode),
            Move("generator", ("generator",), generate),
        )
        return Game(
            players={
                "discriminator": setup.player("discriminator"),
                "encoder": setup.player("generator", "encoder"),
                "generator": setup.player("generator"),
            },
            phases=[Phase([moves])],
            schedules={
                **{f"penalty/{penalty.kind}": penalty.weight for penalty in self.penalties},
                **augmentation.schedules(),
            },
        )


def parted(network: nn.Module) -> tuple[nn.Sequential, nn.Sequential]:
    """A sequence of layers in two: before the last one with weights, and from there on.

    Raises:
        ValueError: it is no sequence, or fewer than two of its layers have weights.
    """
    layers = list(network) if isinstance(network, nn.Sequential) else []
    weighted = [i for i, layer in enumerate(layers) if any(True for _ in layer.parameters())]
    if len(weighted) < 2 or not isinstance(network, nn.Sequential):
        raise ValueError(
            "this discriminator is no sequence of layers whose last features could be compared: "
            "set --discriminator.kind compact"
        )
    return network[: weighted[-1]], network[weighted[-1] :]
