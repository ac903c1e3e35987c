"""How strongly what a discriminator gets is augmented: fixed, scheduled, or as it overfits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.engine.game import Turn
from ganvas.engine.schedule import Schedule
from ganvas.losses.adversarial import per_image

Uniform = Callable[..., Tensor]
"""``uniform(name, *shape)``: fresh uniform noise [N, *shape] in [0, 1)."""

Augment = Callable[[Tensor, Uniform, float | Tensor], Tensor]
"""Images [N, C, H, W], a source of noise and a strength in; such images out, differentiably."""

STATE, CLOCK = "augment", "augment.clock"
SIGNS, ROUNDS = "augment.signs", "augment.rounds"


@dataclass(frozen=True)
class Adaptive:
    """ADA (Karras et al. 2020, section 3): strength follows how much the discriminator overfits.

    target: of the mean sign of the reals' scores; above it the strength grows, below it falls.
    images: over which it could go from 0 to 1. every: rounds between two changes; each follows the
    signs of all of them (the authors' code: 4). The strength stays within 0 and 1; theirs may rise
    above 1, where nothing more is applied, and has to come back.

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


@dataclass(frozen=True)
class Strength:
    """What a game needs of it: its state, its schedule, and what happens after a round."""

    augment: Augment | None
    strength: Schedule | Adaptive

    @property
    def adaptive(self) -> Adaptive | None:
        is_adaptive = self.augment is not None and isinstance(self.strength, Adaptive)
        return self.strength if is_adaptive else None  # pyright: ignore[reportReturnType]

    def state(self, device: torch.device) -> dict[str, Tensor]:
        """The strength [] and the clock [] of its last change; where that is not of every round,
        also the sum of mean signs [] since, and of how many rounds []."""
        if self.adaptive is None:
            return {}
        names = (STATE,) if self.adaptive.every == 1 else (STATE, SIGNS, ROUNDS)
        numbers = {name: torch.zeros((), device=device) for name in names}
        return {**numbers, CLOCK: torch.zeros((), dtype=torch.int64, device=device)}

    def schedules(self) -> dict[str, Schedule]:
        if self.augment is None or isinstance(self.strength, Adaptive | float | int):
            return {}
        return {STATE: self.strength}

    def augmented(self, turn: Turn, images: Tensor, side: str) -> Tensor:
        """Images [N, C, H, W] as the discriminator sees them; ``side`` names their noise. Fewer
        images than the turn has are its first ones, with the very noise of these."""
        if self.augment is None:
            return images
        if isinstance(self.strength, float | int):
            strength = float(self.strength)
        else:
            strength = (turn.state if self.adaptive else turn.scheduled)[STATE]
        draw = turn.draw
        return self.augment(
            images, lambda name, *shape: draw.uniform(side + name, *shape)[: len(images)], strength
        )

    def stats(self, turn: Turn, real_scores: Tensor) -> dict[str, Tensor]:
        """What ``after_round`` and a log want to know, of the reals' scores [N, ...]."""
        if self.adaptive is None:
            return {}
        sign = per_image(real_scores.detach().float().sign())
        return {"augment/sign": sign, "augment/strength": turn.state[STATE].expand(len(sign))}

    def after_round(
        self, state: dict[str, Tensor]
    ) -> Callable[[Mapping[str, Tensor], int], None] | None:
        """Moves the strength in place, by the mean sign since it last did."""
        adaptive = self.adaptive
        if adaptive is None:
            return None

        def follow(means: Mapping[str, Tensor], images: int) -> None:
            step = (images - state[CLOCK]) / adaptive.images
            direction = (means["augment/sign"] - adaptive.target).sign()
            state[STATE].add_(direction * step).clamp_(0, 1)
            state[CLOCK].fill_(images)

        def follow_rarely(means: Mapping[str, Tensor], images: int) -> None:
            signs, rounds, clock = state[SIGNS], state[ROUNDS], state[CLOCK]
            signs.add_(means["augment/sign"])
            rounds.add_(1)
            due = rounds >= adaptive.every  # on the device: to ask would be to wait for it
            direction = (signs / rounds - adaptive.target).sign()
            state[STATE].add_(due * direction * (images - clock) / adaptive.images).clamp_(0, 1)
            clock.copy_(torch.where(due, images, clock))
            for number in (signs, rounds):
                number.mul_(~due)

        return follow if adaptive.every == 1 else follow_rarely
