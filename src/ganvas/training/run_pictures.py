"""The pictures of a run: its training items, its samples now and then, and all of them in turn."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image
from torch import Tensor, nn

from ganvas.data import Dataset
from ganvas.domains.pictures import enlarged, save_clip, save_png
from ganvas.engine.engine import Engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.build.sampler import sampler_of
from ganvas.recipes.recipe import Recipe
from ganvas.report.scores import score_of, scored_together
from ganvas.sampling.sampler_base import Sheet
from ganvas.store.run_folder import grids


def sampling_network(engine: Engine, recipe: Recipe) -> nn.Module:
    """The network that makes samples: its EMA copy, where there is one."""
    return {**engine.game.networks(), **engine.game.averages()}[recipe.game.samples_by]


class SamplePicture:
    """The same samples of a run at any time, as its domain shows them."""

    def __init__(self, prepared: Prepared) -> None:
        domain = prepared.target.domain
        self._prepared = prepared
        self._sheet: Sheet | None = None
        self._reals = finished_items(prepared.target, domain.sheet_count)
        self._pack = scored_together(prepared.recipe, domain)

    def draw(self, engine: Engine) -> Image.Image:
        """The picture as the engine's networks are now.

        Raises:
            NonFinite: the generator draws numbers that are not finite.
        """
        recipe = self._prepared.recipe
        sampler = sampler_of(self._prepared, sampling_network(engine, recipe))
        if self._sheet is None:
            self._sheet = sampler.sheet(recipe.seed)
        samples = sampler.make(*self._sheet.inputs)
        discriminator = engine.game.networks().get("discriminator")
        score = score_of(discriminator, self._pack) if discriminator and self._pack else None
        return sampler.picture(self._sheet, samples, self._reals, score)


def training_items(dataset: Dataset) -> Image.Image:
    """The first training items, to look at beside the samples."""
    count = dataset.domain.shown_count
    labels = None if dataset.labels is None else dataset.labels[:count]
    return enlarged(dataset.domain.sheet(finished_items(dataset, count), labels=labels))


def finished_items(dataset: Dataset, count: int) -> Tensor:
    """The first ``count`` items of a data set, finished."""
    return dataset.domain.finish(dataset.domain.to_network(dataset.pixels[:count]))


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
