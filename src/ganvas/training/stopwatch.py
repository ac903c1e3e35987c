"""Wall time of a session: how long it trains, how fast, and how long its evaluations take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


def now() -> float:
    """Seconds of the clock on the wall; only differences mean anything."""
    return time.monotonic()


class Stopwatch:
    """The seconds of one session of a run.

    Args:
        images: the clock at which the session begins.
        before: seconds that earlier sessions trained.
        longest_evaluation: seconds that the longest evaluation of earlier sessions took.
    """

    def __init__(self, images: int, before: float = 0.0, longest_evaluation: float = 0.0) -> None:
        self._before = before
        self._began = now()
        self._lap = (self._began, images)
        self._speed = 0.0
        self._saved = self._began
        self.deadline: float | None = None
        """The moment at which the session stops; None sets no limit."""
        self.evaluating = 0.0
        """Seconds of evaluations since training started."""
        self.longest_evaluation = longest_evaluation
        """Seconds of the longest evaluation, over all sessions."""

    def start(self, images: int) -> None:
        """Training starts now, at this clock; what came before is no part of its speed."""
        self._saved = now()
        self._lap, self._speed = (self._saved, images), 0.0
        self.evaluating = 0.0

    def seconds(self) -> float:
        """Seconds of all sessions of the run so far."""
        return self._before + now() - self._began

    def speed(self, images: int) -> float:
        """Images a second since this was last asked; evaluations are left out."""
        moment = now()
        self._speed = self._since_lap(moment, images)
        self._lap = (moment, images)
        return self._speed

    def newest_speed(self, images: int) -> float:
        """What ``speed`` last said; before that, images a second since training started."""
        return self._speed or self._since_lap(now(), images)

    def left(self, images: int, total: int) -> float | None:
        """Seconds until ``total`` images are seen, or until the deadline if that is sooner; None
        where neither is known."""
        speed, moment = self.newest_speed(images), now()
        until = [] if self.deadline is None else [max(self.deadline - moment, 0.0)]
        if speed > 0:
            until.append((total - images) / speed)
        return min(until, default=None)

    def _since_lap(self, moment: float, images: int) -> float:
        return (images - self._lap[1]) / max(moment - self._lap[0], 1e-9)

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Evaluate inside: this is no training."""
        began = now()
        try:
            yield
        finally:
            took = now() - began
            self._lap = (self._lap[0] + took, self._lap[1])
            self.evaluating += took
            self.longest_evaluation = max(self.longest_evaluation, took)

    def saved(self) -> None:
        """A checkpoint is being saved."""
        self._saved = now()

    def since_saved(self) -> float:
        """Seconds since the newest checkpoint."""
        return now() - self._saved
