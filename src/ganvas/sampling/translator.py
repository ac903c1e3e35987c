"""The translator of a run: all that whoever uses one needs, from items to other items."""

from typing import Any

from PIL.Image import Image as Picture
from torch import Tensor, nn

from ganvas.domains import Domain
from ganvas.domains.domain import Score
from ganvas.domains.pictures import stacked
from ganvas.errors import DataError, UsageError
from ganvas.sampling.item_space import ItemSpace
from ganvas.sampling.request import Request
from ganvas.sampling.sampler_base import SamplerBase, Sheet

TRANSLATES = "this run translates items"


class Translator(SamplerBase):
    """From items of one domain to items of another.

    Args:
        network: see ``protocols.Translator``.
        takes: the domain of what goes in.
        domain: that of what comes out.
        items: whose items samples are made of; None where it is used without any at hand.
    """

    def __init__(
        self, network: nn.Module, takes: Domain, domain: Domain, items: ItemSpace | None = None
    ) -> None:
        super().__init__(network, domain)
        self.takes = takes
        self.items = items

    def forward(self, items: Tensor) -> Tensor:
        """Translated items in network form [N, ...], from items in network form [N, ...]."""
        return self.network(items)

    def of(self, items: ItemSpace) -> "Translator":
        """The same network, making samples of other items.

        Raises:
            DataError: they are not such as it takes.
        """
        if items.domain != self.takes:
            raise DataError(
                f"this run translates {self.takes.noun}, {self.takes.words()}, not "
                f"{items.domain.noun}, {items.domain.words()}"
            )
        return Translator(self.network, self.takes, self.domain, items)

    def inputs(self, request: Request) -> tuple[Tensor, ...]:
        """Items in network form [N, ...], each chosen by seed and index.

        Raises:
            UsageError: it has no items, or is asked for what only latents have.
        """
        if self.items is None:
            raise UsageError("a translator makes samples of items: say `data` with some")
        asked = request.truncation, request.label, request.attributes or None
        if asked != (None, None, None):
            raise UsageError(f"{TRANSLATES}: it takes no `truncation`, `label` or `attributes`")
        return (request.rows(self.items.draw),)

    def loop(self, request: Request, steps: int = 16) -> Tensor:
        """None: between items there is no way.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{TRANSLATES}: there is no way from one to the next")

    def sheet(self, seed: int) -> Sheet:
        """Fixed items."""
        count = min(self.takes.sheet_count, self.domain.sheet_count)
        columns = self.takes.class_columns or self.domain.class_columns
        return Sheet(self.inputs(Request(count, seed)), columns)

    def picture(
        self, sheet: Sheet, samples: Tensor, reals: Tensor, score: Score | None = None
    ) -> Picture:
        """Rows of items, and under each the row of what became of them; one row of all where
        neither kind of item has rows."""
        columns = sheet.columns or len(samples)
        given = self.takes.finish(sheet.inputs[0])
        pairs = zip(given.split(columns), samples.split(columns), strict=True)
        rows = [
            domain.sheet(row, columns).convert("RGB")
            for pair in pairs
            for domain, row in zip((self.takes, self.domain), pair, strict=True)
        ]
        return stacked(rows)

    def config(self) -> dict[str, Any]:
        """The domains of what goes in and of what comes out; see ``from_config``."""
        plain = {"takes": self.takes.plain(), "domain": self.domain.plain()}
        return {"kind": "translator", **plain}
