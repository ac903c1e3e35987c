"""Images: bytes in a store, numbers in [-1, 1] in networks, bytes with channels last for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from PIL.Image import Image as Picture
from torch import Tensor

from ganvas.domains.pictures import enlarged, grid, picture, save_clip
from ganvas.domains.pixel_items import Pixels
from ganvas.domains.writers import Chunk, Writer, save_folder, whole


@dataclass(frozen=True)
class Image(Pixels):
    """An image.

    Stored: uint8 [C, H, W]. Network form: float32 [C, H, W] in [-1, 1]. Finished: uint8 [H, W, C].

    channels: C, 1 (grey) or 3 (colour).
    height: H, in pixels.
    width: W, in pixels.
    """

    name: ClassVar[str] = "image"
    noun: ClassVar[str] = "images"
    field: ClassVar[str] = "image"
    caption: ClassVar[str] = "training images"
    has_readers: ClassVar[bool] = True

    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.channels, self.height, self.width

    def words(self) -> str:
        """Width, height and whether it has colours: "28x28 grey"."""
        return f"{self.width}x{self.height} {'grey' if self.channels == 1 else 'colour'}"

    def reading(self) -> dict[str, Any]:
        """As many channels."""
        return {"channels": self.channels}

    def fitting(self) -> dict[str, Any]:
        """As many channels, and the size."""
        return {"size": (self.height, self.width), "channels": self.channels}

    def sheet(
        self, finished: Tensor, columns: int | None = None, labels: Tensor | None = None
    ) -> Picture:
        """Images row by row, as square as can be where ``columns`` is None."""
        return grid(finished, columns)

    def pairs(self, left: Tensor, right: Tensor) -> Picture:
        """Images uint8 [N, H, W, C] side by side, without a gap."""
        return grid(torch.cat([left, right], 2), columns=8)

    @property
    def writers(self) -> Mapping[str, Writer]:
        """A sheet, an array, a folder of images; an animation that passes from each to the next."""
        clip = Writer(_save_frames, between=True)
        return {**super().writers, ".gif": clip, ".webp": clip, "/": Writer(_save_folder)}


def _save_frames(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    """Write images as the frames of an animation."""
    frames, _ = whole(chunks)
    save_clip([enlarged(picture(image), 256) for image in frames], out, 80, last=80)


def _save_folder(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    """Write a file for each image."""
    save_folder((picture(image) for images, _ in chunks for image in images), out)
