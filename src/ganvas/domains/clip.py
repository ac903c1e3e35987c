"""Clips: a few images in a row, each some time after the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL.Image import Image as Picture
from torch import Tensor

from ganvas.domains.image import Image
from ganvas.domains.pictures import enlarged, grid, save_clip
from ganvas.domains.pixel_items import Pixels
from ganvas.domains.writers import Chunk, Writer, save_folder, whole


@dataclass(frozen=True)
class Clip(Pixels):
    """A clip of F frames.

    Stored: uint8 [F, C, H, W]. Network form: float32 [F, C, H, W] in [-1, 1]. Finished: uint8
    [F, H, W, C].

    frames: F.
    channels: C, 1 (grey) or 3 (colour).
    height: H, in pixels.
    width: W, in pixels.
    """

    name: ClassVar[str] = "clip"
    noun: ClassVar[str] = "clips"
    field: ClassVar[str] = "clip"
    caption: ClassVar[str] = "training clips"
    sheet_count: ClassVar[int] = 8
    shown_count: ClassVar[int] = 8
    class_columns: ClassVar[int | None] = 1

    frames: int
    channels: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(F, C, H, W)."""
        return self.frames, self.channels, self.height, self.width

    def words(self) -> str:
        """Frames and their size: "16 frames, 64x64 colour"."""
        return f"{self.frames} frames, {Image(*self.shape[1:]).words()}"

    def sheet(
        self, finished: Tensor, columns: int | None = None, labels: Tensor | None = None
    ) -> Picture:
        """A row of frames for each; so many clips side by side as ``columns`` says."""
        return grid(finished.flatten(0, 1), self.frames * (columns or 1))

    @property
    def writers(self) -> Mapping[str, Writer]:
        """A sheet, an array, an animation of all clips side by side, a folder of rows of frames."""
        film = Writer(_save_film)
        return {**super().writers, ".gif": film, ".webp": film, "/": Writer(self._save_folder)}

    def _save_folder(self, chunks: Iterator[Chunk], count: int, out: Path) -> None:
        save_folder((self.sheet(clip[None]) for clips, _ in chunks for clip in clips), out)


def _save_film(chunks: Iterator[Chunk], count: int, out: Path) -> None:
    """Write an animation in which all clips are played side by side."""
    clips, _ = whole(chunks)
    save_clip([enlarged(grid(frames), 256) for frames in clips.unbind(1)], out, 80, last=80)
