from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ganvas.networks.operators import forms


@pytest.fixture(autouse=True)
def as_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is remembered from one test to the next, and the process plays as it did before."""
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    forms.use({})
