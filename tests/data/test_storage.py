"""Sets larger than memory."""

import errno
import os
import time
import warnings

import pytest
import torch
from picture_files import folder_of, write

from ganvas.data import ItemStream, load_dataset
from ganvas.data.decoding import storage
from ganvas.errors import DataError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "decoded"


@pytest.fixture
def source(tmp_path):
    folder_of(tmp_path / "set" / "cat", 5)
    folder_of(tmp_path / "set" / "dog", 5)
    data = (tmp_path / "set" / "cat" / "02.png").read_bytes()
    write(tmp_path / "set" / "cat" / "02.png", data[: len(data) // 2])
    return tmp_path / "set"


def test_mapped_equals_in_memory(cache, source):
    inside = load_dataset(source, size=16)
    assert not cache.exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outside = load_dataset(source, size=16, memory_bytes=0)
    assert len(outside) == 9 and torch.equal(inside.pixels, outside.pixels)
    assert (inside.fingerprint, inside.notes) == (outside.fingerprint, outside.notes)
    assert inside.labels is not None and outside.labels is not None
    assert torch.equal(inside.labels, outside.labels)
    batches = [ItemStream(dataset, 0, "cpu").batch(5, 8)["image"] for dataset in (inside, outside)]
    assert torch.equal(*batches)
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", ".u8"]


def test_a_second_time_is_read_from_the_copy(cache, source, monkeypatch):
    first = load_dataset(source, memory_bytes=0)
    first.pixels[0] = 0  # never reaches the file
    monkeypatch.setattr("ganvas.data.decoding.decoder.decode", None)
    again = load_dataset(source, memory_bytes=0)
    assert again.fingerprint == first.fingerprint and again.notes == first.notes
    assert again.pixels[0].any()
    monkeypatch.undo()


def test_a_change_is_noticed(cache, source):
    load_dataset(source, memory_bytes=0)
    write(source / "cat" / "02.png", (source / "cat" / "01.png").read_bytes())
    assert len(load_dataset(source, memory_bytes=0)) == 10
    (source / "cat").rename(source / "bird")
    assert load_dataset(source, memory_bytes=0).classes == ("bird", "dog")


@pytest.mark.parametrize("harm", ["cut", "no record", "bad record"])
def test_a_damaged_copy_is_made_again(cache, source, harm):
    first = load_dataset(source, memory_bytes=0)
    copy = next(cache.glob("*.u8"))
    record = copy.with_suffix(".json")
    if harm == "cut":
        copy.write_bytes(copy.read_bytes()[:-1])
    elif harm == "no record":
        record.unlink()
    else:
        record.write_text('{"shape": [1]}')
    assert load_dataset(source, memory_bytes=0).fingerprint == first.fingerprint


def test_full_disk_says_what_to_do_and_leaves_nothing(cache, source, monkeypatch):
    def full(self, row, pixels):
        with self._space():
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.OnDisk, "write", full)
    with pytest.raises(DataError, match=r"No space left.*GANVAS_CACHE"):
        load_dataset(source, memory_bytes=0)
    assert not list(cache.iterdir())


def test_unwritable_cache(tmp_path, source, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(write(tmp_path / "file", b"")))
    with pytest.warns(RuntimeWarning, match="GANVAS_CACHE"):
        outside = load_dataset(source, memory_bytes=0)
    assert torch.equal(outside.pixels, load_dataset(source).pixels)


def test_left_overs_of_killed_processes_are_swept(cache, source):
    old, new = write(cache / "old.part", b"old"), write(cache / "new.part", b"new")
    os.utime(old, (time.time() - 2 * 24 * 3600,) * 2)
    load_dataset(source, memory_bytes=0)
    assert not old.exists() and new.exists()
