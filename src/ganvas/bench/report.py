"""What a bench found: everything it measured, and the sentence that sums it up."""

from dataclasses import asdict, dataclass
from typing import Any

from ganvas.bench.layers import Layers
from ganvas.bench.moves import LOOP, Part
from ganvas.bench.speed import Ratio, Speed
from ganvas.recipes.build.choices import Choices


@dataclass(frozen=True)
class Report:
    """What one recipe does on one machine.

    All times and arithmetic are of one round, on average over a cycle.

    recipe: its name.
    data: which images it played with.
    choices: how it played: device, precision, threads and so on.
    batch: images a round.
    cycle: rounds after which every move has been played.
    clock: images drawn a round; more than ``batch`` where the discriminator has several turns.
    torch: the version.
    processor: the device's name.
    ours, plain: images/s that both players saw, of the recipe's engine and of the plain loop; None
        where that was left out.
    ratio: ours over plain.
    parts: a step by move.
    layers: a step by layer.
    products, convolutions: the machine's matrix rate, TFLOP/s, by trial.
    reached: the share of the better rate that a step reaches, chunk by chunk.
    memory: bytes that the engine added at its peak; None where unknown.
    """

    recipe: str
    data: str
    choices: Choices
    batch: int
    cycle: int
    clock: int
    torch: str
    processor: str
    ours: Speed
    plain: Speed | None
    ratio: Ratio | None
    parts: tuple[Part, ...]
    layers: Layers
    products: tuple[float, ...]
    convolutions: tuple[float, ...]
    reached: Ratio
    memory: int | None

    @property
    def milliseconds(self) -> float:
        """Of one round, from images/s."""
        return 1e3 * self.batch / self.ours.median

    @property
    def plain_milliseconds(self) -> float | None:
        """Of one round of the plain loop; None where that was left out."""
        return None if self.plain is None else 1e3 * self.batch / self.plain.median

    @property
    def teraflops(self) -> float:
        """The arithmetic of a round over its time, TFLOP/s."""
        return self.layers.gflop / self.milliseconds

    @property
    def rate(self) -> float:
        """The machine's matrix rate at its best, TFLOP/s."""
        return max(*self.products, *self.convolutions)

    @property
    def outside(self) -> float:
        """Share of a step outside the networks' and the optimisers' own arithmetic."""
        return sum(part.share for part in self.parts if not part.arithmetic)

    @property
    def loop(self) -> float:
        """Share of the loop itself: what is no network, optimiser, EMA, loss or draw either."""
        return sum(part.share for part in self.parts if part.name == LOOP)

    def words(self) -> str:
        """The whole in one sentence."""
        found = [
            f"{self.reached.median:.0%} of this machine's matrix rate",
            f"{self.outside:.1%} loop overhead ({self.loop:.1%} without draws, losses and EMA)",
        ]
        if self.ratio is not None:
            found.insert(0, f"{self.ratio.median:.1f}x the plain loop")
        return "; ".join(found)

    def record(self) -> dict[str, Any]:
        """All of it as plain data, for JSON."""
        derived = {
            "milliseconds": self.milliseconds,
            "plain_milliseconds": self.plain_milliseconds,
            "gflop": self.layers.gflop,
            "gflop_an_image": self.layers.gflop / self.batch,
            "teraflops": self.teraflops,
            "matrix_rate": self.rate,
            "outside_networks_and_optimiser": self.outside,
            "loop": self.loop,
            "words": self.words(),
        }
        return {**asdict(self), **derived}
