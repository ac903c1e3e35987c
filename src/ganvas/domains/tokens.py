"""Sequences of tokens, such as sentences: each token is a number into a vocabulary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from PIL.Image import Image as Picture
from torch import Tensor

from ganvas.disk import replace_file
from ganvas.domains.domain import Domain, finite
from ganvas.domains.pictures import lines_of_text
from ganvas.domains.writers import Chunk, Writer, whole


@dataclass(frozen=True)
class Tokens(Domain):
    """A sequence of tokens, all of one length: shorter ones end in a token that means nothing.

    Stored, network form and finished: int64 [L]. A generator may also return a row of numbers a
    token, [L, V], one-hot or logits: the largest is the token.

    length: L.
    vocabulary: the words or characters that tokens stand for; or how many there are, V.
    """

    name: ClassVar[str] = "tokens"
    noun: ClassVar[str] = "sequences"
    field: ClassVar[str] = "tokens"
    caption: ClassVar[str] = "training sequences"
    sheet_count: ClassVar[int] = 32
    shown_count: ClassVar[int] = 32

    length: int
    vocabulary: tuple[str, ...] | int

    @property
    def shape(self) -> tuple[int]:
        """(L,)."""
        return (self.length,)

    @property
    def size(self) -> int:
        """How many different tokens there are."""
        return self.vocabulary if isinstance(self.vocabulary, int) else len(self.vocabulary)

    def words(self) -> str:
        """Length and size: "12 tokens out of 27"."""
        return f"{self.length} tokens out of {self.size:,}"

    def noise(self, count: int, generator: torch.Generator) -> Tensor:
        """Random tokens, int64 [count, L]."""
        return torch.randint(0, self.size, (count, self.length), generator=generator)

    def to_network(self, stored: Tensor) -> Tensor:
        """Tokens as int64 [N, L]."""
        return stored.long()

    def finish(self, values: Tensor) -> Tensor:
        """Tokens int64 [N, L], of tokens or of a row of numbers [N, L, V] for each.

        Raises:
            NonFinite: numbers are not finite.
        """
        return (finite(values).argmax(2) if values.ndim == 3 else values.long()).cpu()

    def texts(self, finished: Tensor) -> list[str]:
        """What sequences [N, L] say: characters in a row, or words (and numbers) with spaces."""
        if isinstance(self.vocabulary, int):
            return [" ".join(map(str, row)) for row in finished.tolist()]
        words = self.vocabulary
        space = " " if any(len(word) > 1 for word in words) else ""
        return [space.join(words[token] for token in row) for row in finished.tolist()]

    def sheet(
        self, finished: Tensor, columns: int | None = None, labels: Tensor | None = None
    ) -> Picture:
        """A line of text for each."""
        return lines_of_text(self.texts(finished))

    @property
    def writers(self) -> Mapping[str, Writer]:
        """A sheet, an array, lines of text."""
        return {**super().writers, ".txt": Writer(self._save_text)}

    def _save_text(self, chunks: Iterator[Chunk], count: int, out: Path) -> None:
        lines = self.texts(whole(chunks)[0])
        replace_file(out, "".join(f"{line}\n" for line in lines).encode())
