"""Samples in a file, a folder or memory, and the real items they are compared with."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganvas.data import Dataset, load_dataset, make_dataset
from ganvas.domains import Domain
from ganvas.errors import DataError, UsageError
from ganvas.evaluation.real_items import RealItems, load_real_items
from ganvas.evaluation.samples import Progress, Samples, choose_positions


class GivenSamples:
    """Samples that are there already, ``count`` of them at random where there are more.

    Args:
        given: a file, a folder, an archive, or items in memory: finished ones, as a run draws them,
            or a ``Dataset``.
        data: the real items.
        count: how many samples to take, at most.
        seed: of the choice among more.
        fit: how real images of another size are brought to that of the samples: ``keep``,
            ``crop``, ``pad`` or ``stretch``; None refuses them.
        channels: read both as grey (1) or in colour (3); None as they are.

    Raises:
        UsageError: no real items are given.
        DataError: either cannot be read, or their shapes differ and ``fit`` is None.
    """

    def __init__(
        self,
        given: Any,
        data: Any,
        *,
        count: int,
        seed: int,
        fit: str | None,
        channels: int | None,
    ) -> None:
        if data is None:
            raise UsageError("say what to compare these samples with: `data=SRC`")
        if isinstance(data, Dataset) and not isinstance(given, Dataset):
            given = _in_domain(given, data.domain)
        self._items = load_dataset(given, split="all", channels=channels)
        self._given = given
        self.real = _real_items(self._items, data, fit, channels)
        self._positions = choose_positions(len(self._items), count, seed)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._items if self._positions is None else self._positions)

    def samples(self, progress: Progress | None) -> Samples:
        """The samples."""
        items, labels = self._items.pixels, self._items.labels
        if self._positions is not None:
            items = items[self._positions]
            labels = None if labels is None else labels[self._positions]
        return Samples(self._items.domain, items, labels, self._items.classes)

    @property
    def about(self) -> dict[str, Any]:
        """What a record says of them."""
        named = isinstance(self._given, str | Path)
        return {
            "subject": str(self._given) if named else self._items.name,
            "images_seen": None,
            "ema": None,
            "seed": None,
            "truncation": None,
            "lossy": round(self._items.lossy, 3),
        }


def _in_domain(given: Any, domain: Domain) -> Any:
    """Samples as items of a domain: finished ones in memory, or what ``ganvas sample`` wrote as
    ``.npz``. What readers know stays as it is: ``load_dataset`` takes it in every form.

    Raises:
        DataError: there are no such items.
    """
    if domain.has_readers:
        return given
    name = str(given) if isinstance(given, str | Path) else f"{domain.noun} in memory"
    try:
        items = domain.to_stored(torch.as_tensor(_array(given, domain.noun)))
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"{name} holds no {domain.noun}: {error}") from None
    return make_dataset(domain, items, name=name)


def _array(given: Any, noun: str) -> Any:
    """The array of a file, or what is in memory."""
    if not isinstance(given, str | Path):
        return given
    with np.load(given, allow_pickle=False) as arrays:
        return arrays[noun]


def _real_items(samples: Dataset, data: Any, fit: str | None, channels: int | None) -> RealItems:
    """Real items of the shape of ``samples``.

    Raises:
        DataError: they are of another shape, and ``fit`` does not say how to change that.
    """
    if fit is not None:
        return load_real_items(data, **samples.domain.fitting(), fit=fit).as_given()
    real = load_real_items(data, channels=channels).as_given()
    training, domain = real.training, samples.domain
    if type(training.domain) is not type(domain):
        raise DataError(
            f"{samples.name} holds {domain.noun}, {training.name} {training.domain.noun}: these "
            f"cannot be compared"
        )
    if training.shape == domain.shape:
        return real
    advice = (
        "say `channels=1` or 3 to bring both to grey or to colour"
        if training.shape[1:] == samples.shape[1:]
        else "say `fit=crop` (or keep, pad, stretch) to bring the real images to the samples' shape"
    )
    raise DataError(
        f"{samples.name} holds {domain.noun} of {domain.words()}, {training.name} of "
        f"{training.domain.words()}: {advice}"
    )
