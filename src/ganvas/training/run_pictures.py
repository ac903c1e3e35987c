"""The pictures of a run: its training images, its samples now and then, and all of them in turn."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image
from torch import nn

from ganvas.data import Dataset
from ganvas.data.plane import portrait
from ganvas.engine.engine import Engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.report.point_picture import point_picture
from ganvas.sampling.generate import sample
from ganvas.sampling.pictures import enlarged, grid, save_clip, save_png
from ganvas.sampling.sheet import GRID, sheet
from ganvas.store.run_folder import grids


def generator_of(engine: Engine) -> nn.Module:
    """The generator that makes samples: its EMA copy, where there is one."""
    return {**engine.game.networks(), **engine.game.averages()}["generator"]


class SamplePicture:
    """The same samples of a run at any time: a sheet of images, or points in the plane."""

    def __init__(self, prepared: Prepared) -> None:
        recipe, conditions = prepared.recipe, prepared.conditions
        self._sheet = sheet(recipe.seed, recipe.generator.latent, conditions)
        self._points = point_picture(recipe, prepared.dataset, conditions)

    def draw(self, engine: Engine) -> Image.Image:
        """The picture as the engine's networks are now."""
        generator = generator_of(engine)
        if self._points is not None:
            return self._points.draw(generator, engine.game.networks().get("discriminator"))
        images = sample(generator, self._sheet.latents, self._sheet.conditions)
        return grid(images, self._sheet.columns)


def training_images(dataset: Dataset) -> Image.Image:
    """The first 64 training images, or 10,000 points, to look at beside the samples."""
    if dataset.are_points:
        return portrait(dataset)
    return enlarged(grid(dataset.pixels[:GRID].permute(0, 2, 3, 1).contiguous()))


def save_outcome(path: Path, final: Image.Image) -> None:
    """Write ``samples.png``, the newest picture, and the time-lapse of all grids so far."""
    save_png(enlarged(final), path / "samples.png")
    frames = list(_readable(grids(path).values()))
    if len(frames) > 1:
        save_clip([enlarged(frame) for frame in frames], path / "timelapse.gif")


def _readable(paths: Iterable[Path]) -> Iterator[Image.Image]:
    for path in paths:
        try:
            with Image.open(path) as frame:
                yield frame.copy()
        except (OSError, SyntaxError):  # a grid that was damaged costs its frame, not the run
            continue
