"""The augmentation of what a discriminator gets: fixed, scheduled, or as strong as it overfits."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Hook, Outcome, Turn
from ganvas.engine.schedule import Schedule
from ganvas.losses.adversarial import per_image

Uniform = Callable[..., Tensor]
"""``uniform(name, *shape)``: fresh uniform noise [N, *shape] in [0, 1)."""

Augment = Callable[[Tensor, Uniform, float | Tensor], Tensor]
"""Images [N, C, H, W], a source of noise and a strength in; such images out, differentiably."""

STRENGTH, CLOCK = "augment", "augment.clock"
SIGNS, ROUNDS = "augment.signs", "augment.rounds"


@dataclass(frozen=True)
class Adaptive:
    """ADA (Karras et al. 2020, section 3): strength follows how much the discriminator overfits.

    The strength begins at 0 and stays within 0 and 1. In the authors' code it may rise above 1,
    where nothing more is applied, and then has to come back.

    target: of the mean sign of the reals' scores, within -1 and 1; above it the strength grows,
        below it the strength falls.
    images: how many it takes the strength to go from 0 to 1 if it grows all the time.
    every: rounds between two changes, each by the signs of all of them (the authors' code: 4).

    Raises:
        ValueError: a target outside (-1, 1), no images, or no rounds.
    """

    target: float = 0.6
    images: int = 500_000
    every: int = 1

    def __post_init__(self) -> None:
        if not -1 < self.target < 1:
            raise ValueError(f"target must be within -1 and 1, not {self.target}")
        if self.images < 1 or self.every < 1:
            raise ValueError("images and every must be at least 1")

    def state(self, device: torch.device) -> dict[str, Tensor]:
        """The strength [] and the clock [] of its last change; where it does not change in every
        round, also the sum [] of mean signs since, and of how many rounds []."""
        names = (STRENGTH,) if self.every == 1 else (STRENGTH, SIGNS, ROUNDS)
        numbers = {name: torch.zeros((), device=device) for name in names}
        return {**numbers, CLOCK: torch.zeros((), dtype=torch.int64, device=device)}

    def follow(self, state: dict[str, Tensor], sign: Tensor, images: int) -> None:
        """Move the strength in ``state`` by the mean sign [] of a round at this clock."""
        if self.every > 1:
            self._follow_rarely(state, sign, images)
            return
        step = (images - state[CLOCK]) / self.images
        direction = (sign - self.target).sign()
        state[STRENGTH].add_(direction * step).clamp_(0, 1)
        state[CLOCK].fill_(images)

    def _follow_rarely(self, state: dict[str, Tensor], sign: Tensor, images: int) -> None:
        signs, rounds, clock = state[SIGNS], state[ROUNDS], state[CLOCK]
        signs.add_(sign)
        rounds.add_(1)
        due = rounds >= self.every  # on the device: to read it would be to wait for the device
        direction = (signs / rounds - self.target).sign()
        state[STRENGTH].add_(due * direction * (images - clock) / self.images).clamp_(0, 1)
        clock.copy_(torch.where(due, images, clock))
        for number in (signs, rounds):
            number.mul_(~due)


@dataclass(frozen=True)
class DiscriminatorAugmentation:
    """An augmentation of all images that a discriminator gets, and its strength.

    augment: what is applied; None leaves images as they are.
    strength: a number or a schedule, usually from 0 to 1; or ``Adaptive``.
    """

    augment: Augment | None
    strength: Schedule | Adaptive

    @property
    def adaptive(self) -> Adaptive | None:
        """The settings of an adaptive strength; None where nothing is augmented or adapted."""
        if self.augment is not None and isinstance(self.strength, Adaptive):
            return self.strength
        return None

    def state(self, device: torch.device) -> dict[str, Tensor]:
        """The state that an adaptive strength adds to that of a game."""
        return {} if self.adaptive is None else self.adaptive.state(device)

    def schedules(self) -> dict[str, Schedule]:
        """The schedule that a scheduled strength adds to those of a game."""
        if self.augment is None or isinstance(self.strength, Adaptive | float | int):
            return {}
        return {STRENGTH: self.strength}

    def hooks(self, state: dict[str, Tensor]) -> tuple[Hook, ...]:
        """The hook of an adaptive strength, which moves a game's state; none for any other."""
        adaptive = self.adaptive
        if adaptive is None:
            return ()

        def follow(outcome: Outcome) -> None:
            adaptive.follow(state, outcome.means["augment/sign"], outcome.images)

        return (Hook(follow),)

    def apply(self, turn: Turn, images: Tensor, side: str) -> Tensor:
        """Images [N, C, H, W] augmented, with noise that has ``side``, ``real.`` or ``fake.``, in
        its name. Fewer images than the turn has are its first ones, and get the noise of these."""
        if self.augment is None:
            return images
        if isinstance(self.strength, float | int):
            strength = float(self.strength)
        else:
            strength = (turn.state if self.adaptive else turn.scheduled)[STRENGTH]
        draw = turn.draw
        return self.augment(
            images, lambda name, *shape: draw.uniform(side + name, *shape)[: len(images)], strength
        )

    def statistics(self, turn: Turn, real_scores: Tensor) -> dict[str, Tensor]:
        """What an adaptive strength follows, from the reals' scores [N, ...], and how strong it
        is: [N] each."""
        if self.adaptive is None:
            return {}
        sign = per_image(real_scores.detach().float().sign())
        return {"augment/sign": sign, "augment/strength": turn.state[STRENGTH].expand(len(sign))}
