"""Samples in a file, a folder or memory, and the real images they are compared with."""

from pathlib import Path
from typing import Any

from ganvas.data import Dataset, load_dataset
from ganvas.errors import DataError, UsageError
from ganvas.evaluation.real_images import RealImages, load_real_images
from ganvas.evaluation.samples import Progress, Samples, choose_positions


class GivenSamples:
    """Samples that are there already, ``count`` of them at random where there are more.

    Args:
        given: a file, a folder, an archive, or images in memory.
        data: the real images.
        count: how many samples to take, at most.
        seed: of the choice among more.
        fit: how real images of another size are brought to that of the samples: ``keep``,
            ``crop``, ``pad`` or ``stretch``; None refuses them.
        channels: read both as grey (1) or in colour (3); None as they are.

    Raises:
        UsageError: no real images are given.
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
        self._images = load_dataset(given, split="all", channels=channels)
        self._given = given
        self.real = _real_images(self._images, data, fit, channels)
        self._positions = choose_positions(len(self._images), count, seed)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._images if self._positions is None else self._positions)

    def samples(self, progress: Progress | None) -> Samples:
        """The samples."""
        pixels, labels = self._images.pixels, self._images.labels
        if self._positions is not None:
            pixels = pixels[self._positions]
            labels = None if labels is None else labels[self._positions]
        return Samples(pixels, labels, self._images.classes)

    @property
    def about(self) -> dict[str, Any]:
        """What a record says of them."""
        named = isinstance(self._given, str | Path)
        return {
            "subject": str(self._given) if named else self._images.name,
            "images_seen": None,
            "ema": None,
            "seed": None,
            "truncation": None,
            "lossy": round(self._images.lossy, 3),
        }


def _real_images(samples: Dataset, data: Any, fit: str | None, channels: int | None) -> RealImages:
    """Real images of the shape of ``samples``.

    Raises:
        DataError: they are of another shape, and ``fit`` does not say how to change that.
    """
    shape = samples.shape
    if fit is not None:
        return load_real_images(data, size=shape[1:], channels=shape[0], fit=fit).as_given()
    real = load_real_images(data, channels=channels).as_given()
    training = real.training
    if training.shape == shape:
        return real
    advice = (
        "say `channels=1` or 3 to bring both to grey or to colour"
        if training.shape[1:] == shape[1:]
        else "say `fit=crop` (or keep, pad, stretch) to bring the real images to the samples' shape"
    )
    raise DataError(
        f"{samples.name} holds images of {samples.domain.words()}, {training.name} of "
        f"{training.domain.words()}: {advice}"
    )
