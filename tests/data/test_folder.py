"""Folders: what is taken, in which order, and what is passed over."""

import os
import time

import numpy as np
import pytest
import torch
from picture_files import encoded, folder_of, picture, write
from PIL import Image

from ganvas.data import load_dataset
from ganvas.errors import DataError


def pixels_of(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image).transpose(2, 0, 1))


def test_pixels_and_order(tmp_path):
    for name in ("b/1.png", "a.png", "b-1.png", "Z.png", "b/é 2.png"):
        write(tmp_path / name, encoded(picture(len(name)), "PNG"))
    dataset = load_dataset(tmp_path)
    order = ["Z.png", "a.png", "b-1.png", "b/1.png", "b/é 2.png"]
    for row, name in enumerate(order):
        assert torch.equal(dataset.pixels[row], pixels_of(picture(len(name))))
    assert dataset.labels is None and dataset.classes == () and dataset.name == tmp_path.name


def test_order_does_not_depend_on_the_threads(tmp_path):
    folder_of(tmp_path, 70)
    dataset = load_dataset(tmp_path)
    assert all(torch.equal(dataset.pixels[i], pixels_of(picture(i))) for i in range(70))


def test_odd_names(tmp_path):
    names = ["white space.png", "ünï.png", "new\nline.png", "-dash.png", "猫.png", "%2e.png"]
    for name in names:
        write(tmp_path / name, encoded(picture(1), "PNG"))
    write(tmp_path / "bro\nken.png", b"nothing")
    dataset = load_dataset(tmp_path)
    assert len(dataset) == len(names)
    assert all("\n" not in note for note in dataset.notes)


def test_undecodable_name(tmp_path):
    folder_of(tmp_path)
    try:
        write(tmp_path / os.fsdecode(b"\xff\xfe.png"), b"no picture")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert load_dataset(tmp_path).notes[0].encode()


def test_hidden_and_other_files_are_passed_over(tmp_path):
    folder_of(tmp_path)
    write(tmp_path / ".hidden.png", b"")
    write(tmp_path / ".thumbs" / "1.png", b"")
    write(tmp_path / "readme.txt", b"words")
    write(tmp_path / "without-ending", encoded(picture(8), "JPEG"))
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 5
    assert dataset.notes == ("1 other file ignored",)


def test_symlink_loop_ends(tmp_path):
    folder_of(tmp_path / "set")
    outside = folder_of(tmp_path / "outside", 2)
    (tmp_path / "set" / "loop").symlink_to(tmp_path / "set", target_is_directory=True)
    (tmp_path / "set" / "above").symlink_to(tmp_path, target_is_directory=True)
    (outside / "back").symlink_to(tmp_path / "set", target_is_directory=True)
    (tmp_path / "set" / "out").symlink_to(outside, target_is_directory=True)
    (tmp_path / "set" / "out-again").symlink_to(outside, target_is_directory=True)
    (tmp_path / "set" / "broken.png").symlink_to(tmp_path / "nowhere")
    start = time.monotonic()
    dataset = load_dataset(tmp_path / "set")
    assert len(dataset) == 4 + 2
    assert "broken.png" in dataset.notes[0]
    assert time.monotonic() - start < 10


def test_fifo_does_not_hang(tmp_path):
    folder_of(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    assert len(load_dataset(tmp_path)) == 4


@pytest.mark.parametrize(
    ("names", "words"),
    [((), "no image in it"), (("a.txt",), "1 other"), (("a.png",), "at least 2 images")],
)
def test_too_few_images(tmp_path, names, words):
    for name in names:
        write(tmp_path / name, encoded(picture(0), "PNG") if name == "a.png" else b"text")
    with pytest.raises(DataError, match=words) as caught:
        load_dataset(tmp_path)
    assert "\n" not in str(caught.value)


def test_nothing_readable_lists_reasons(tmp_path):
    for number in range(5):
        write(tmp_path / f"{number}.png", b"nothing")
    with pytest.raises(DataError, match=r"none of its 5 images.*0\.png \(.*2\.png.*…"):
        load_dataset(tmp_path)
    for number in range(5):
        data = encoded(picture(number, 64, 64), "PNG")
        write(tmp_path / f"{number}.png", data[: len(data) // 2])
    with pytest.raises(DataError, match=r"only 0 of its images.*truncated"):
        load_dataset(tmp_path)


def test_classes_from_folders(tmp_path):
    for name in ("dog/1.png", "cat/1.png", "cat/deep/2.png"):
        write(tmp_path / name, encoded(picture(0), "PNG"))
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels is not None and dataset.labels.tolist() == [0, 0, 1]
    assert dataset.labels.dtype == torch.int64
    for name in ("top.png", "high.png"):
        write(tmp_path / name, encoded(picture(0), "PNG"))
    dataset = load_dataset(tmp_path)
    assert dataset.labels is None and len(dataset) == 5
    assert dataset.notes[0].startswith("2 images lie beside the folders cat, dog, which")


def test_one_folder_around_everything_does_not_count(tmp_path):
    folder_of(tmp_path / "all" / "cat", 2)
    assert load_dataset(tmp_path).labels is None
    folder_of(tmp_path / "all" / "dog", 2)
    assert load_dataset(tmp_path).classes == ("cat", "dog")


@pytest.mark.parametrize("other", ["test", "val"])
def test_train_and_test_folders(tmp_path, other):
    folder_of(tmp_path / "train" / "cat", 3)
    folder_of(tmp_path / "train" / "dog", 2)
    folder_of(tmp_path / other / "dog", 4)
    train, test = load_dataset(tmp_path), load_dataset(tmp_path, split="test")
    assert (len(train), len(test)) == (5, 4)
    assert train.classes == test.classes == ("cat", "dog")
    assert test.labels is not None and test.labels.tolist() == [1] * 4
    assert len(load_dataset(tmp_path, split="all")) == 9
    assert len(load_dataset(tmp_path, split="1:4")) == 3
    assert len(load_dataset(tmp_path, limit=2)) == 2
    folder_of(tmp_path / "validation", 1)
    assert "1 images in a further part" in load_dataset(tmp_path).notes[-1]


def test_no_test_part_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match="no test part: hold images back by position"):
        load_dataset(folder_of(tmp_path), split="test")


def test_labels_csv(tmp_path):
    folder_of(tmp_path / "images", 4)
    table = "\ufeffimage,label,other\n00.png,big cat,x\nimages/01.png,dog,y\n03.png,dog,z\n"
    write(tmp_path / "labels.csv", table.encode())
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("big cat", "dog")
    assert dataset.labels is not None and dataset.labels.tolist() == [0, 1, 1]
    assert "1 image left out" in dataset.notes[0] and "02.png" in dataset.notes[0]


def test_labels_csv_in_numbers_and_beside_the_images(tmp_path):
    folder_of(tmp_path, 3)
    write(tmp_path / "labels.csv", b"image,label\n00.png,10\n01.png,9\n02.png,10\n")
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("9", "10")
    assert dataset.labels is not None and dataset.labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"image,label\n00.png,a\nghost.png,b\n", "not there: ghost.png"),
        (b"image,label\n00.png,a\n00.png,b\n", "two labels"),
        (b"image,label\n00.png,\n", "lack"),
        (b"image,label\n\xff\xfe,a\n", "UTF-8"),
    ],
)
def test_labels_csv_that_does_not_fit(tmp_path, table, words):
    write(folder_of(tmp_path) / "labels.csv", table)
    with pytest.raises(DataError, match=words):
        load_dataset(tmp_path)


def test_labels_csv_with_another_header_is_told(tmp_path):
    write(folder_of(tmp_path) / "labels.csv", b"file,class\n00.png,a\n")
    dataset = load_dataset(tmp_path)
    assert dataset.labels is None and "file,class" in dataset.notes[0]


def test_progress_is_told(tmp_path):
    told: list[tuple[int, int]] = []
    load_dataset(folder_of(tmp_path, 70), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (70, 70) and told == sorted(told)


def test_positions_agree_in_shape_and_classes(tmp_path):
    for number, width in enumerate([24, 24, 48, 48, 48]):
        data = encoded(picture(number, 24, width), "PNG")
        write(tmp_path / ("cat" if number < 2 else "dog") / f"{number}.png", data)
    first = load_dataset(tmp_path, size=16, split="0:2")
    second = load_dataset(tmp_path, size=16, split="2:5")
    assert first.shape == second.shape == (3, 16, 32)
    assert first.classes == second.classes == ("cat", "dog")
    with pytest.raises(DataError, match="within the 5 items"):
        load_dataset(tmp_path, size=16, split="3:6")
