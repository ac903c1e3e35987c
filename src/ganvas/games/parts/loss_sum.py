"""A loss that is a sum: an adversarial loss, and what penalties and terms add to it."""

from collections.abc import Mapping

from torch import Tensor

from ganvas.engine.game import Result
from ganvas.errors import UsageError


class LossSum:
    """The sum of losses, and each of them by name for the log.

    Args:
        loss: the first, one number a score [N].
        statistics: what the log gets besides.
        observed: what hooks get.
    """

    def __init__(
        self,
        loss: Tensor,
        statistics: Mapping[str, Tensor] | None = None,
        observed: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.loss = loss
        self.statistics = dict(statistics or {})
        self.observed = dict(observed or {})

    def add(self, name: str, value: Tensor | None, weight: Tensor | None = None) -> None:
        """Add ``weight`` times a value; the log gets the value alone. None adds nothing.

        value: [N], one number a score, or one an image where several images share a score.

        Raises:
            UsageError: it has another shape.
        """
        if value is None:
            return
        if value.shape != self.loss.shape:
            value = _a_score_each(name, value, len(self.loss))
        self.statistics[name] = value
        self.loss = self.loss + (value if weight is None else weight * value)

    def result(self) -> Result:
        """The sum [N], the statistics, and what was observed."""
        return Result(self.loss, self.statistics, self.observed)


def _a_score_each(name: str, value: Tensor, count: int) -> Tensor:
    """Numbers of several images a score as their means [count]."""
    if value.ndim == 0 or len(value) % count:
        raise UsageError(
            f"{name} returned {list(value.shape)}, wanted one number an item [{count}]: take no "
            f"mean over the items"
        )
    return value.unflatten(0, (count, -1)).flatten(1).mean(1)
