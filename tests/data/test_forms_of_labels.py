"""Labels in other people's forms: read, or named with what to do; shards are never classes."""

import json
import unicodedata
import zipfile

import numpy as np
import pytest
import torch
from picture_files import encoded, folder_of, picture, write

from ganvas.data import load_dataset
from ganvas.errors import DataError
from ganvas.recipes.condition_settings import ByClass


def labels_of(images) -> list[str]:
    assert images.labels is not None
    return [images.classes[number] for number in images.labels.tolist()]


def pictures(path, names, kind: str = "PNG"):
    for row, name in enumerate(names):
        write(path / name, encoded(picture(row), kind))
    return path


SHARDS = ["00000/img00000000.png", "00000/img00000001.png", "00001/img00001000.png"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([6, 10, 6], ["6", "10", "6"]),
        ([0.0, 1.0, 2.0], ["0", "1", "2"]),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], ["1", "0", "2"]),
        ([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], ["0", "0", "1"]),
    ],
)
def test_stylegan_labels_are_classes(tmp_path, labels, expected) -> None:
    source = pictures(tmp_path / "set", SHARDS)
    listing = {"labels": [[name, label] for name, label in zip(SHARDS, labels, strict=True)]}
    write(source / "dataset.json", json.dumps(listing).encode())
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted(source.rglob("*.*")):
            archive.write(path, path.relative_to(source))
    for place in (source, tmp_path / "set.zip"):
        dataset = load_dataset(place)
        assert labels_of(dataset) == expected and dataset.notes == ()


def test_stylegan_vectors_of_0_and_1_are_attributes(tmp_path) -> None:
    pictures(tmp_path, SHARDS)
    listing = [[name, row] for name, row in zip(SHARDS, ([1, 1], [0, 1], [0, 0]), strict=True)]
    write(tmp_path / "dataset.json", json.dumps({"labels": listing}).encode())
    dataset = load_dataset(tmp_path)
    assert dataset.attribute_names == ("a0", "a1") and dataset.labels is None
    assert dataset.attributes is not None and dataset.attributes.tolist() == [
        [1, 1],
        [0, 1],
        [0, 0],
    ]


@pytest.mark.parametrize(
    ("listing", "words"),
    [
        ({"labels": None}, "numbered parts"),
        ({"images": []}, "of no use: it has not the form"),
        ([1, 2], "of no use: it has not the form"),
        ({"labels": [[name, [0.5, 0.2]] for name in SHARDS]}, "neither whole numbers nor vectors"),
        ({"labels": [[name, None] for name in SHARDS]}, "neither whole numbers nor vectors"),
        ({"labels": [[name, 1.5] for name in SHARDS]}, "neither whole numbers nor vectors"),
        ({"labels": [[name, 1] for name in [*SHARDS, "ghost.png"]]}, "1 images that are not there"),
    ],
)
def test_a_stylegan_listing_that_does_not_fit_is_named(tmp_path, listing, words) -> None:
    write(pictures(tmp_path, SHARDS) / "dataset.json", json.dumps(listing).encode())
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 3 and any(words in note for note in dataset.notes)
    assert dataset.classes in ((), ("1",))


@pytest.mark.parametrize(
    "names",
    [
        SHARDS,
        ["00000/00000.png", "00000/00001.png", "01000/01000.png"],
        ["shard-000/a.png", "shard-001/b.png"],
        ["Part 1/a.png", "Part 2/a.png"],
        ["batch_1/a.png", "batch_2/a.png", "batch_10/a.png"],
        ["around/00000/1.png", "around/00001/2.png"],
        ["images_001/images/1.png", "images_002/images/2.png"],
        ["data_batch_1/a.png", "data_batch_2/b.png"],
        ["fold1/a.png", "fold2/b.png"],
        ["train-00000-of-00002/a.png", "train-00001-of-00002/b.png"],
    ],
)
def test_shards_are_never_classes(tmp_path, names) -> None:
    dataset = load_dataset(pictures(tmp_path, names))
    assert dataset.labels is None and "numbered parts of one set, not classes" in dataset.notes[-1]
    with pytest.raises(DataError, match=r"has no classes:.*labels.csv.*numbered parts"):
        ByClass().conditions(dataset)


@pytest.mark.parametrize(
    "names",
    [
        ["00000/00000_00000.ppm", "00001/00000_00000.ppm"],  # traffic signs: each from 0 on
        ["0/00001.png", "1/00002.png", "10/00003.png"],
        ["001/a.png", "002/b.png"],
        ["batchelor/a.png", "party/a.png"],
        ["folder1/a.png", "image/a.png"],
    ],
)
def test_numbered_classes_stay_classes(tmp_path, names) -> None:
    kind = "PPM" if names[0].endswith("ppm") else "PNG"
    dataset = load_dataset(pictures(tmp_path, names, kind))
    assert labels_of(dataset) == [name.split("/")[0] for name in names] and dataset.notes == ()


def test_the_listings_of_both_parts_count(tmp_path) -> None:
    for part, classes in (("train", (0, 1)), ("test", (1, 0))):
        names = [f"00000/{part}{number}.png" for number in range(2)]
        listing = {"labels": [list(pair) for pair in zip(names, classes, strict=True)]}
        write(pictures(tmp_path / part, names) / "dataset.json", json.dumps(listing).encode())
    for split, expected in (("train", "01"), ("test", "10"), ("all", "0110")):
        dataset = load_dataset(tmp_path, split=split)
        assert labels_of(dataset) == list(expected) and dataset.notes == ()


def test_a_dataset_json_of_another_program_makes_no_shards(tmp_path) -> None:
    write(pictures(tmp_path, ["0/1.png", "1/2.png"]) / "dataset.json", b'{"name": "my digits"}')
    dataset = load_dataset(tmp_path)
    assert labels_of(dataset) == ["0", "1"] and "of no use" in dataset.notes[0]


@pytest.mark.parametrize(
    "name", ["metadata.csv", "Labels.csv", "x/train.tsv", "metadata.jsonl", "list_attr_celeba.txt"]
)
def test_a_table_of_another_name_is_named(tmp_path, name) -> None:
    write(pictures(tmp_path, ["x/1.png", "y/2.png", "readme.txt/3.png"]) / name, b"1.png,0\n")
    write(tmp_path / "notes.txt", b"words")
    assert f"not read: {name}; labels are read from a labels.csv" in load_dataset(tmp_path).notes[1]
    write(tmp_path / "labels.csv", b"image,label\n1.png,0\n2.png,1\n3.png,0\n")
    assert load_dataset(tmp_path).notes == ("2 other files ignored",)


@pytest.mark.parametrize("name", ["x/labels.csv", "x/deep/attributes.csv", "y/dataset.json"])
def test_a_table_beside_some_of_the_images_is_named(tmp_path, name) -> None:
    write(pictures(tmp_path, ["x/1.png", "y/2.png"]) / name, b"image,label\n1.png,0\n")
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("x", "y") and dataset.notes[0].startswith(f"{name} is not read: ")


@pytest.mark.parametrize("table", ["labels.csv", "attributes.csv", "dataset.json"])
def test_a_table_in_the_folder_above_is_named(tmp_path, table) -> None:
    write(pictures(tmp_path, SHARDS) / table, b"image,label\n")
    text = f"{table} in the folder above is not read: give that folder to use it"
    assert load_dataset(tmp_path / "00000").notes == (text,)


def spelt(form: str, text: str) -> str:
    return unicodedata.normalize(form, text)


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["cat/1.png", "dog/1.png"], ["cat\\1.png", ".\\dog\\1.png"]),
        (["cat/1.png", "dog/1.png"], ["./cat/1.png", "dog/1.png"]),
        ([spelt("NFD", "é.png"), "n.png"], [spelt("NFC", "é.png"), "n.png"]),
        ([spelt("NFC", "sub/ö.png"), "n.png"], [spelt("NFD", "ö.png"), "n.png"]),
        (["IMG_1.png", "b.png"], ["img_1.PNG", "B.png"]),
        (["one.png", "two.v2.png"], ["one", "two.v2"]),
        (["sub/one.png", "two.png"], ["one", "two.jpg"]),
        (["000001.png", "000010.png"], ["1.png", "10.png"]),
        (["000000.png", "sub/000010.png"], ["0", "10"]),
    ],
)
def test_names_of_images_as_other_systems_write_them(tmp_path, names, written) -> None:
    pictures(tmp_path, names)
    rows = [f"{name},{row}" for name, row in zip(written, ("first", "second"), strict=True)]
    write(tmp_path / "labels.csv", "\n".join(["image,label", *rows]).encode())
    dataset = load_dataset(tmp_path)
    ordered = sorted(zip(names, ("first", "second"), strict=True))
    assert labels_of(dataset) == [label for _, label in ordered] and dataset.notes == ()


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["a/1.png", "b/1.png"], "1"),
        (["A.png", "a.png"], "a.PNG"),
        (["01.png", "001.png"], "1"),
        (["a.png", "a.bmp"], "a"),
    ],
)
def test_a_name_that_may_mean_two_files_is_refused(tmp_path, names, written) -> None:
    pictures(tmp_path, names)
    write(tmp_path / "labels.csv", f"image,label\n{written},x\n".encode())
    with pytest.raises(DataError, match="1 names stand for several files"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("written", ["cat/1.png", "cat/1", "cat\\01.png", "CAT/001.jpg"])
def test_a_path_never_means_a_file_of_that_name_elsewhere(tmp_path, written) -> None:
    pictures(tmp_path, ["dog/1.png", "dog/2.png"])
    write(tmp_path / "labels.csv", f"image,label\n{written},x\n".encode())
    with pytest.raises(DataError, match="1 images that are not there"):
        load_dataset(tmp_path)


def test_a_name_as_written_counts_before_one_that_looks_like_it(tmp_path) -> None:
    pictures(tmp_path, ["1.png", "01.png", "001.png"])
    write(tmp_path / "labels.csv", b"image,label\n001.png,c\n1.png,a\n01.png,b\n")
    assert labels_of(load_dataset(tmp_path)) == ["c", "b", "a"]


@pytest.mark.parametrize(
    "text",
    [
        "image;label\n00.png;a, b\n01.png;c\n02.png;c\n03.png;c\n",
        'Image,LABEL\n00.png,"a, b"\n01.png,c\n02.png,c\n03.png,c\n',
    ],
)
def test_tables_of_other_spreadsheets(tmp_path, text) -> None:
    write(folder_of(tmp_path) / "labels.csv", text.encode())
    assert labels_of(load_dataset(tmp_path)) == ["a, b", "c", "c", "c"]


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("cat,dog", ["1,0", "0,1", "1,0", "0,1"], ["cat", "dog", "cat", "dog"]),
        ("b,c,a", ["0,0,1", "0,1,0", "1,0,0", "1,0,0"], ["a", "c", "b", "b"]),
        ("x,y", ["false,TRUE", "True,False", "true,false", "true,false"], ["y", "x", "x", "x"]),
    ],
)
def test_one_hot_columns_are_classes_too(tmp_path, header, rows, expected) -> None:
    lines = [f"image,{header}", *(f"{row:02}.png,{cells}" for row, cells in enumerate(rows))]
    write(folder_of(tmp_path) / "labels.csv", "\n".join(lines).encode())
    dataset = load_dataset(tmp_path)
    assert labels_of(dataset) == expected and dataset.attribute_names == tuple(header.split(","))
    assert "one-hot: classes too" in dataset.notes[-1]


def test_columns_that_are_not_one_hot_are_attributes_alone(tmp_path) -> None:
    table = "image,cat,dog\n00.png,1,1\n01.png,0,1\n02.png,1,0\n03.png,0,1\n"
    write(folder_of(tmp_path) / "labels.csv", table.encode())
    assert load_dataset(tmp_path).labels is None


PIXELS = np.arange(4 * 5 * 5 * 3, dtype=np.uint8).reshape(4, 5, 5, 3)


@pytest.mark.parametrize(
    "labels",
    [
        [3, 1, 3, 2],
        [3.0, 1.0, 3.0, 2.0],
        [[3], [1], [3], [2]],
        np.eye(4)[[3, 1, 3, 2]],
        np.eye(5, dtype=bool)[[3, 1, 3, 2]],
    ],
)
def test_arrays_saved_without_names(tmp_path, labels) -> None:
    np.savez(tmp_path / "set.npz", PIXELS, labels)
    dataset = load_dataset(tmp_path / "set.npz")
    assert torch.equal(dataset.pixels, torch.from_numpy(PIXELS.transpose(0, 3, 1, 2)))
    assert dataset.notes == ("arr_0 taken for images and arr_1 for labels",)
    assert labels_of(dataset) == ["3", "1", "3", "2"]


def test_an_array_alone_and_labels_that_fit_no_image(tmp_path) -> None:
    np.savez(tmp_path / "alone.npz", PIXELS)
    dataset = load_dataset(tmp_path / "alone.npz")
    assert dataset.labels is None and dataset.notes == ("arr_0 taken for images",)
    np.savez(tmp_path / "wrong.npz", PIXELS, [1, 2])
    with pytest.raises(DataError, match="give one for each"):
        load_dataset(tmp_path / "wrong.npz")
    np.savez(tmp_path / "named.npz", x_train=PIXELS)
    with pytest.raises(DataError, match="holds x_train; name the array images"):
        load_dataset(tmp_path / "named.npz")


def test_arrays_that_are_not_read_are_named(tmp_path) -> None:
    np.savez(tmp_path / "set.npz", images=PIXELS, label=[0, 1, 0, 1], arr_0=[1.5])
    dataset = load_dataset(tmp_path / "set.npz")
    assert dataset.labels is None and dataset.shape == (3, 5, 5)
    assert dataset.notes[0].startswith("not read: arr_0, label; what is read: images, labels")


@pytest.mark.parametrize("labels", [[0.5, 1, 2, 3], [float("nan"), 1, 2, 3], [1e300, 0, 0, 0]])
def test_labels_that_are_no_whole_numbers_are_refused(labels) -> None:
    with pytest.raises(DataError, match="give one integer for each image"):
        load_dataset((PIXELS, np.array(labels)))
