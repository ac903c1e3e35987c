"""Samples that a run draws, and the real items it was trained on."""

from dataclasses import replace
from typing import Any

import torch

from ganvas.errors import DataError, UsageError
from ganvas.evaluation.real_items import RealItems, load_real_items
from ganvas.evaluation.samples import Progress, Samples
from ganvas.store.run import IN_MEMORY, Run


class RunSamples:
    """``count`` samples of a run; the i-th depends on (seed, i) alone.

    Args:
        run: draws them.
        data: items to compare them with, brought to their shape; None takes the run's own.
        device: where its network runs.
        count: how many.
        seed: of their latents.
        truncation: as for ``Run.sample``.

    Raises:
        UsageError: the run's items were in memory, and no others are given.
        DataError: the run's items have changed, or others cannot be read.
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
        name = run.recipe.game.target
        sources = data if isinstance(data, dict) else {}  # as ``train`` was given them
        data = sources.get(name) if sources else data
        self._translated = sources.get(run.recipe.game.samples_from)
        domain = run.sampler.domain
        if data is None and run.recipe.sources[name].source == IN_MEMORY:
            raise UsageError(f"this run was trained on {domain.noun} in memory: say `data=SRC`")
        self.real = real_items_of(run, data)
        if self.real.domain != domain:
            raise DataError(
                f"{self.real.training.words()}: this run draws {domain.noun}, {domain.words()}"
            )
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
        asked = {"seed": self.seed, "truncation": self.truncation, "data": self._translated}
        for items, classes in self.run.stream(self.count, **asked):
            parts.append(items)
            labels += [] if classes is None else [classes]
            done += len(items)
            if progress is not None:
                progress("drawing samples", done, self.count)
        names = () if self.run.conditions is None else self.run.conditions.names
        found = torch.cat(labels) if labels else None
        return Samples.finished(self.run.sampler.domain, torch.cat(parts), found, names)

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


def real_items_of(run: Run, data: Any = None) -> RealItems:
    """The training items that a run's samples are like and others that are held out, in their
    shape, wherever they lie now; or the items of ``data``, where these are others.

    Raises:
        DataError: they cannot be read, or the run's own have changed.
    """
    source = run.recipe.game.target
    settings, domain = run.recipe.sources[source], run.record.known(source).domain
    options = {**domain.fitting(), "fit": settings.fit}
    own = {"split": settings.split, "limit": settings.limit, "white": settings.white}
    if data is None:
        run.check_place(source)
        real = load_real_items(settings.source, **own, **options)
        return replace(real, training=run.record.check_data(real.training, source))
    try:
        moved = load_real_items(data, **own, **options)
    except DataError:  # it lacks such a part, for one: others are others, whatever the reason
        moved = None
    known = None if moved is None else run.record.recognised(moved.training, source)
    if moved is None or known is None:
        return load_real_items(data, **options).as_given()
    return replace(moved, training=known)
