"""Samples that a run draws, and the real images it was trained on."""

from dataclasses import replace
from typing import Any

import torch

from ganvas.errors import DataError, UsageError
from ganvas.evaluation.real_images import RealImages, load_real_images
from ganvas.evaluation.samples import Progress, Samples
from ganvas.store.run import IN_MEMORY, Run


class RunSamples:
    """``count`` samples of a run; the i-th depends on (seed, i) alone.

    Args:
        run: draws them.
        data: images to compare them with, brought to their shape; None takes the run's own.
        device: where its network runs.
        count: how many.
        seed: of their latents.
        truncation: as for ``Run.sample``.

    Raises:
        UsageError: the run's images were in memory, and no others are given.
        DataError: the run's images have changed, or others cannot be read.
    """

    def __init__(
        self,
        run: Run,
        data: Any,
        device: torch.device,
        *,
        count: int,
        seed: int,
        truncation: float | None,
    ) -> None:
        target = run.recipe.sources[run.recipe.game.target]
        if data is None and target.source == IN_MEMORY:
            raise UsageError("this run was trained on images in memory: say `data=SRC`")
        self.real = real_images_of(run, data)
        run.sampler.to(device)
        self.run = run
        self.count = count
        self.seed = seed
        self.truncation = truncation

    def __len__(self) -> int:
        """How many there are."""
        return self.count

    def samples(self, progress: Progress | None) -> Samples:
        """The samples, with the classes that were asked for, where the run knows any."""
        parts, labels, done = [], [], 0
        chunks = self.run.stream(self.count, seed=self.seed, truncation=self.truncation)
        for images, classes in chunks:
            parts.append(images)
            labels += [] if classes is None else [classes]
            done += len(images)
            if progress is not None:
                progress("drawing samples", done, self.count)
        names = () if self.run.conditions is None else self.run.conditions.names
        pixels = torch.cat(parts).permute(0, 3, 1, 2)
        return Samples(pixels, torch.cat(labels) if labels else None, names)

    @property
    def about(self) -> dict[str, Any]:
        """What a record says of them."""
        return about_run(self.run, self.seed, self.truncation)


def about_run(run: Run, seed: int, truncation: float | None) -> dict[str, Any]:
    """What a record says of samples that a run drew."""
    return {
        "subject": str(run.path),
        "images_seen": run.images,
        "ema": run.recipe.half_life is not None,
        "seed": seed,
        "truncation": truncation,
    }


def real_images_of(run: Run, data: Any = None) -> RealImages:
    """The training images that a run's samples are like and others that are held out, in their
    shape, wherever they lie now; or the images of ``data``, where these are others.

    Raises:
        DataError: they cannot be read, or the run's own have changed.
    """
    source = run.recipe.game.target
    settings, (channels, *size) = run.recipe.sources[source], run.record.known(source).domain.shape
    options = {"size": tuple(size), "channels": channels, "fit": settings.fit}
    own = {"split": settings.split, "limit": settings.limit, "white": settings.white}
    if data is None:
        run.check_place(source)
        real = load_real_images(settings.source, **own, **options)
        return replace(real, training=run.record.check_data(real.training, source))
    try:
        moved = load_real_images(data, **own, **options)
    except DataError:  # it lacks such a part, for one: others are others, whatever the reason
        moved = None
    known = None if moved is None else run.record.recognised(moved.training, source)
    if moved is None or known is None:
        return load_real_images(data, **options).as_given()
    return replace(moved, training=known)
