"""mnist, fashion-mnist, cifar10 and idx files."""

import gzip
import hashlib
import io
import struct
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import requests
import torch

from ganvas.data import load_dataset
from ganvas.data.builtin import cifar
from ganvas.data.builtin.download import fetched
from ganvas.errors import DataError

# Of the four idx files, uncompressed, as published.
MNIST = {
    "train": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.mark.parametrize("split", ["train", "test"])
def test_mnist_is_mnist_bit_for_bit(split):
    dataset = load_dataset("mnist", split=split)
    assert dataset.labels is not None and dataset.classes == tuple("0123456789")
    pixels = hashlib.sha256(idx(dataset.pixels[:, 0].numpy())).hexdigest()
    labels = hashlib.sha256(idx(dataset.labels.numpy())).hexdigest()
    assert (pixels, labels) == MNIST[split]


def test_mnist_parts_and_speed():
    start = time.process_time()
    train = load_dataset("mnist")
    assert time.process_time() - start < 2
    held = load_dataset("mnist", split="50000:55000")
    assert torch.equal(held.pixels, train.pixels[50000:55000])
    everything = load_dataset("mnist", split="all")
    assert len(everything) == 70_000 and torch.equal(everything.pixels[:60_000], train.pixels)
    assert len(load_dataset("mnist", limit=7)) == 7
    assert load_dataset("mnist", split="test", limit=9, size=32, channels=3).shape == (3, 32, 32)


@pytest.fixture
def digits():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (12, 5, 7), np.uint8), np.arange(12) % 3


@pytest.mark.parametrize("zipped", [True, False])
def test_idx_folder_and_file(tmp_path, digits, zipped):
    images, labels = digits
    pack = gzip.compress if zipped else bytes
    ending = ".gz" if zipped else ""
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte{ending}").write_bytes(pack(idx(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte{ending}").write_bytes(pack(idx(labels)))
        images = images[:4]
        labels = labels[:4]
    train, test = load_dataset(tmp_path), load_dataset(tmp_path, split="test")
    assert np.array_equal(train.pixels[:, 0], digits[0]) and len(test) == 4
    assert train.labels is not None and train.labels.tolist() == digits[1].tolist()
    alone = load_dataset(tmp_path / f"t10k-images-idx3-ubyte{ending}")
    assert alone.fingerprint == test.fingerprint


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "begins with"),
        (b"\0\0\x0d\x03" + bytes(40), "not an idx file of unsigned bytes"),
        (idx(np.zeros((3, 4, 5)))[:-1], "truncated, 59 of 60"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "8 GiB"),
        (b"\0\0\x08\x03\0\0", "damaged"),
        (gzip.compress(idx(np.zeros((3, 4, 5))), mtime=0)[:-12], "again"),
        (idx(np.zeros(5)), "no images"),
    ],
)
def test_damaged_idx(tmp_path, data, words):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(DataError, match=words):
        load_dataset(path)


def test_idx_labels_that_do_not_fit(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((3, 4, 5))))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(4)))
    with pytest.raises(DataError, match="4 labels for 3 images"):
        load_dataset(tmp_path)


def test_fashion_mnist_from_the_cache(tmp_path, monkeypatch, digits):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(digits[0])))
    (raw / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(digits[1])))
    dataset = load_dataset("fashion-mnist")
    assert np.array_equal(dataset.pixels[:, 0], digits[0])
    assert dataset.classes[9] == "Ankle boot" and len(dataset.classes) == 10


def offline(*_args, **_options):
    raise requests.ConnectionError("no network")


def test_offline_says_which_file_goes_where(tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    monkeypatch.setattr("requests.get", offline)
    with pytest.raises(DataError) as caught:
        load_dataset("cifar10")
    assert str(tmp_path / "cifar-10-binary.tar.gz") in str(caught.value)
    assert "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz" in str(caught.value)
    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", offline)
    with pytest.raises(DataError) as caught:
        load_dataset("fashion-mnist")
    assert "t10k-labels-idx1-ubyte.gz" in str(caught.value)
    assert str(tmp_path / "FashionMNIST" / "raw") in str(caught.value)


def cifar_archive(count: int = 10) -> tuple[bytes, np.ndarray]:
    """The binary version's layout with few images; the records of all six files."""
    records = np.random.default_rng(1).integers(0, 256, (6, count, 3073), np.uint8)
    records[..., 0] %= 10
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, data in reversed(list(zip(names, records, strict=True))):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = data.size
            tar.addfile(member, io.BytesIO(data.tobytes()))
    return file.getvalue(), records


class Host:
    """A server on this machine with one file. asked: the ranges asked for; it may break off after
    so many bytes, and know no ranges."""

    url = ""

    def __init__(self, data: bytes) -> None:
        self.data, self.asked = data, []
        self.md5 = hashlib.md5(data).hexdigest()
        self.breaks_after, self.ranges, self.status = len(data), True, 200

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        self.asked.append(wanted)
        first = int(wanted[6:-1]) if wanted and self.ranges else 0
        body = self.data[first:]
        if wanted and self.ranges and not body:
            handler.send_error(416)
            return
        handler.send_response(206 if wanted and self.ranges else self.status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.breaks_after])


@pytest.fixture
def host(monkeypatch):
    """Serves an archive like CIFAR-10's; its ``url`` is the only one there is."""
    monkeypatch.setenv("NO_PROXY", "*")
    served = Host(cifar_archive(2)[0])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.answer(self)

        def log_message(self, *_args):
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}/a.tar.gz"
        yield served
        server.shutdown()
        thread.join()


def test_cifar10_is_fetched_checked_and_read(tmp_path, monkeypatch, host):
    host.data, records = cifar_archive()
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    monkeypatch.setattr(cifar, "MD5", hashlib.md5(host.data).hexdigest())
    monkeypatch.setattr(cifar, "URL", host.url)
    host.breaks_after = len(host.data)
    train = load_dataset("cifar10")
    monkeypatch.setattr("requests.get", offline)
    test = load_dataset("cifar10", split="test")
    assert train.shape == (3, 32, 32) and (len(train), len(test)) == (50, 10)
    first = records[0, 0, 1:].reshape(3, 32, 32)
    assert np.array_equal(train.pixels[0], first)
    assert train.labels is not None
    assert train.labels.tolist() == records[:5, :, 0].reshape(-1).tolist()
    assert np.array_equal(test.pixels.reshape(10, -1), records[5, :, 1:])
    assert train.classes[3] == "cat"
    by_path = load_dataset(tmp_path / "cifar-10-binary.tar.gz")
    assert by_path.fingerprint == train.fingerprint


def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path, host):
    path, host.breaks_after = tmp_path / "new" / "a.tar.gz", 30_000
    with pytest.raises(DataError, match="could not be fetched"):
        fetched(path, host.url, host.md5)
    assert not path.exists()
    host.breaks_after = len(host.data)
    assert fetched(path, host.url, host.md5).read_bytes() == host.data
    assert host.asked == [None, "bytes=16384-"]  # whole blocks are kept
    assert [file.name for file in path.parent.iterdir()] == ["a.tar.gz"]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("part", ["whole", "begun", "of another file"])
def test_whatever_part_there_is_the_file_is_whole(tmp_path, host, ranges, part):
    host.ranges = ranges
    there = {"whole": host.data, "begun": host.data[:900], "of another file": b"other" * 300}
    (tmp_path / "a.tar.gz.part").write_bytes(there[part])
    path = fetched(tmp_path / "a.tar.gz", host.url, host.md5)
    assert path.read_bytes() == host.data
    assert [file.name for file in tmp_path.iterdir()] == ["a.tar.gz"]


def test_a_damaged_copy_is_fetched_anew(tmp_path, host):
    (tmp_path / "a.tar.gz").write_bytes(b"other")
    assert fetched(tmp_path / "a.tar.gz", host.url, host.md5).read_bytes() == host.data


def test_what_is_there_needs_nothing_of_a_network(tmp_path, host, monkeypatch):
    (tmp_path / "a.tar.gz").write_bytes(host.data)
    monkeypatch.setitem(sys.modules, "requests", None)
    assert fetched(tmp_path / "a.tar.gz", host.url, host.md5).read_bytes() == host.data
    assert host.asked == []


@pytest.mark.parametrize(("status", "said"), [(404, "404"), (503, "503"), (200, "hash")])
def test_what_is_not_there_or_not_it_is_told_in_one_line(tmp_path, host, status, said):
    host.status = status
    with pytest.raises(DataError, match=said) as caught:
        fetched(tmp_path / "a.tar.gz", host.url, "0" * 32)
    assert host.url in str(caught.value) and str(tmp_path / "a.tar.gz") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.tar.gz").exists()


def test_the_python_version_of_cifar_is_not_taken(tmp_path):
    path = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("cifar-10-batches-py/data_batch_1"), io.BytesIO())
    with pytest.raises(DataError, match="get the binary version"):
        load_dataset(path)
