"""One thread: the tests run beside each other, and small networks gain nothing from more."""

import os
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

torch.set_num_threads(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=0, help="of the tests that a game learns")


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """Where a learning test begins: it must hold for any, see benchmarks/learning_tests.py."""
    return request.config.getoption("--seed")


@pytest.fixture
def within(request: pytest.FixtureRequest) -> Callable[[float, float], None]:
    """Holds an error against its bound, and leaves their ratio where a report can read it."""

    def judge(error: float, bound: float) -> None:
        request.node.user_properties.append(("share of bound", error / bound))
        assert error < bound

    return judge


@pytest.fixture(autouse=True)
def registering() -> Iterator[None]:
    """Parts that a test registers are known to no other."""
    from .registering import forgotten_afterwards

    with forgotten_afterwards():
        yield


@pytest.fixture
def blobs() -> torch.Tensor:
    """64 small grey images [64, 1, 16, 16], each a bright square on black: a set to learn."""
    images = torch.zeros(64, 1, 16, 16, dtype=torch.uint8)
    for index in range(64):
        y, x = index % 8, index // 8
        images[index, :, y : y + 8, x : x + 8] = 200
    return images


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory, worker_id: str) -> Iterator[None]:
    """A cache folder of the tests' own, which all workers share: nothing of the user's is read,
    nothing is left behind."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "cache"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE", str(folder))
        yield
