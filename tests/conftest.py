"""One thread: the tests run beside each other, and small networks gain nothing from more."""

import os
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture
def blobs() -> torch.Tensor:
    """64 small grey images [64, 1, 16, 16], each a bright square on black: a set to learn."""
    images = torch.zeros(64, 1, 16, 16, dtype=torch.uint8)
    for index in range(64):
        y, x = index % 8, index // 8
        images[index, :, y : y + 8, x : x + 8] = 200
    return images


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory) -> Iterator[None]:
    """A cache folder of the tests' own: nothing of the user's is read, nothing is left behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
