"""Fashion-MNIST: idx files in the cache folder, fetched by torchvision where they are not there."""

from pathlib import Path

from ganvas.cache import cache_path
from ganvas.data.readers.idx import find_images, read_images
from ganvas.data.readers.raw import Raw
from ganvas.errors import DataError

COUNTS = {"train": 60_000, "test": 10_000}
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip
NAMES = tuple(
    f"{part}-{kind}-ubyte.gz"
    for part in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
)


def read_fashion_mnist(part: str) -> Raw:
    """The "train" or "test" part, [N, 1, 28, 28].

    Raises:
        DataError: it is not in the cache and cannot be fetched.
    """
    folder = cache_path("FashionMNIST", "raw")
    found = find_images(folder)
    if part not in found:
        fetch(folder)
        found = find_images(folder)
    raw = read_images(found[part], "fashion-mnist", CLASSES)
    if raw.labels is None:
        raise DataError(f"{folder}: the labels are missing; put all of {', '.join(NAMES)} there")
    return raw


def fetch(folder: Path) -> None:
    """Let torchvision download and check the four files."""
    from torchvision.datasets import FashionMNIST

    try:
        FashionMNIST(str(folder.parents[1]), download=True)
    except (OSError, RuntimeError) as error:
        text = " ".join(str(error).split())
        raise DataError(
            f"fashion-mnist could not be fetched ({text}): put {', '.join(NAMES)} into {folder}; "
            "they are at https://github.com/zalandoresearch/fashion-mnist"
        ) from None
