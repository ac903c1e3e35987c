"""Minutes as images: how long a run that promises minutes turns out to be."""

from dataclasses import dataclass

SHARE = 0.1
"""Of its minutes, after which a run knows how fast it is here."""

STEADY = 0.97
"""Of the time then left, what is counted on: a run that is disturbed a little still ends whole."""


@dataclass(frozen=True)
class Promise:
    """How long a run may train. Moments are in seconds of one clock.

    began: the moment at which it began to train.
    until: the moment until which it may train; its last evaluation comes after that.
    images: seen when it began.
    """

    began: float
    until: float
    images: int

    def is_due(self, now: float) -> bool:
        """Whether it is time to say how many images there will be: once, after the first tenth."""
        return self.began + SHARE * (self.until - self.began) <= now < self.until

    def total(self, now: float, images: int, *, evaluating: float, pause: float) -> int:
        """How many images will have been seen when the time is over.

        Args:
            images: seen so far.
            evaluating: seconds since it began that went into evaluations.
            pause: seconds that evaluations still to come will take, an image.
        """
        each = (now - self.began - evaluating) / (images - self.images) + pause
        return images + int(STEADY * (self.until - now) / each)
