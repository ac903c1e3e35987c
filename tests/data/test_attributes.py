"""Images with several attributes each: from tables, arrays and .npz files, through draws."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import encoded, folder_of, picture, write

from ganvas.cli.main import main
from ganvas.data import Dataset, ItemStream, contact_sheet, inspect_source, load_dataset
from ganvas.errors import DataError

TABLE = "image,Smiling,hair\n00.png,1,blonde\n01.png,0,black\n02.png,1,blonde\n03.png,0,red\n"
NAMES = ("Smiling", "hair=black", "hair=blonde", "hair=red")
ROWS = [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]]


def table_of(path: Path, text: str = TABLE, name: str = "labels.csv", count: int = 4) -> Path:
    write(folder_of(path, count) / name, text.encode())
    return path


def rows_of(dataset: Dataset) -> list[list[int]]:
    assert dataset.attributes is not None and dataset.attributes.dtype == torch.uint8
    return dataset.attributes.tolist()


@pytest.mark.parametrize("name", ["labels.csv", "attributes.csv"])
def test_a_table_of_attributes(tmp_path, name):
    dataset = load_dataset(table_of(tmp_path, name=name))
    assert dataset.attribute_names == NAMES and rows_of(dataset) == ROWS
    assert dataset.labels is None and dataset.classes == () and dataset.notes == ()


def test_images_in_a_sub_folder_of_the_table_s(tmp_path):
    folder_of(tmp_path / "images", 4)
    write(tmp_path / "attributes.csv", TABLE.encode())
    dataset = load_dataset(tmp_path)
    assert dataset.attribute_names == NAMES and rows_of(dataset) == ROWS and dataset.labels is None


@pytest.mark.parametrize(
    ("no", "yes"),
    [("0", "1"), ("-1", "1"), ("false", "TRUE"), ("No", "yes"), ("0.0", "1.0"), (" 0", "1 ")],
)
def test_columns_of_two_values_are_one_attribute(tmp_path, no, yes):
    lines = [f"{number:02}.png,{yes if number % 2 else no}" for number in range(4)]
    dataset = load_dataset(table_of(tmp_path, "\n".join(["image, Wearing Hat ", *lines])))
    assert dataset.attribute_names == ("Wearing Hat",)
    assert rows_of(dataset) == [[0], [1], [0], [1]]


def test_columns_of_numbers_are_in_their_order(tmp_path):
    text = "image,size\n00.png,10\n01.png,9\n02.png,-1\n03.png,9\n"
    dataset = load_dataset(table_of(tmp_path, text))
    assert dataset.attribute_names == ("size=-1", "size=9", "size=10")
    assert rows_of(dataset) == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_two_columns_stay_classes(tmp_path):
    text = "image,label\n00.png,1\n01.png,0\n02.png,1\n03.png,0\n"
    dataset = load_dataset(table_of(tmp_path, text))
    assert dataset.classes == ("0", "1") and dataset.attributes is None
    assert dataset.attribute_names == ()
    assert dataset.labels is not None and dataset.labels.tolist() == [1, 0, 1, 0]
    assert dataset.fingerprint == load_dataset((dataset.pixels, dataset.labels)).fingerprint


def test_labels_and_attributes_in_one_table_or_two(tmp_path):
    text = "image,Smiling,label\n00.png,1,b\n01.png,0,a\n02.png,1,b\n03.png,0,a\n"
    one = load_dataset(table_of(tmp_path / "one", text))
    folder = table_of(tmp_path / "two", "image,label\n00.png,b\n03.png,a\n01.png,a\n02.png,b\n")
    two_columns = "\n".join(line.rsplit(",", 1)[0] for line in text.splitlines())
    write(folder / "attributes.csv", two_columns.encode())
    for images in (one, load_dataset(folder)):
        assert images.classes == ("a", "b") and images.attribute_names == ("Smiling",)
        assert images.labels is not None and images.labels.tolist() == [1, 0, 1, 0]
        assert rows_of(images) == [[1], [0], [1], [0]]
        assert images.fingerprint == one.fingerprint


def test_sub_folders_stay_classes_beside_a_table(tmp_path):
    folder_of(tmp_path / "cat", 2)
    folder_of(tmp_path / "dog", 2)
    text = "image,Old\ncat/00.png,1\ncat/01.png,0\ndog/00.png,0\ndog/01.png,1\n"
    write(tmp_path / "attributes.csv", text.encode())
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("cat", "dog") and rows_of(dataset) == [[1], [0], [0], [1]]


def test_archives_equal_the_folder(tmp_path):
    folder = table_of(tmp_path / "set")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as file:
        for name, data in files.items():
            file.writestr(f"set/{name}", data)
    with tarfile.open(tmp_path / "set.tar.gz", "w:gz") as tar:
        for name, data in sorted(files.items(), reverse=True):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    expected = load_dataset(folder)
    for ending in (".zip", ".tar.gz"):
        dataset = load_dataset(tmp_path / f"set{ending}")
        assert dataset.fingerprint == expected.fingerprint
        assert dataset.attribute_names == NAMES and rows_of(dataset) == ROWS


def test_parts_agree_on_their_attributes(tmp_path):
    for part, count in (("train", 3), ("test", 2)):
        folder_of(tmp_path / part, count)
    write(tmp_path / "train" / "labels.csv", b"image,hair\n00.png,a\n01.png,b\n02.png,a\n")
    write(tmp_path / "test" / "labels.csv", b"image,hair\n00.png,c\n01.png,b\n")
    names = ("hair=a", "hair=b", "hair=c")
    expected = {
        "train": [[1, 0, 0], [0, 1, 0], [1, 0, 0]],
        "test": [[0, 0, 1], [0, 1, 0]],
        "1:3": [[0, 1, 0], [1, 0, 0]],
    }
    expected["all"] = expected["train"] + expected["test"]
    for split, rows in expected.items():
        dataset = load_dataset(tmp_path, split=split)
        assert dataset.attribute_names == names and rows_of(dataset) == rows
    assert rows_of(load_dataset(tmp_path, split="all", limit=4)) == expected["all"][:4]
    write(tmp_path / "test" / "labels.csv", b"image,eyes\n00.png,c\n01.png,b\n")
    with pytest.raises(DataError, match="other columns beside the training"):
        load_dataset(tmp_path)


def test_unreadable_images_and_images_without_a_row_are_passed_over(tmp_path):
    folder = table_of(tmp_path, count=6)
    data = encoded(picture(1, 60, 60), "PNG")
    write(folder / "01.png", data[: len(data) // 2])
    dataset = load_dataset(folder, size=16)
    assert rows_of(dataset) == [ROWS[0], ROWS[2], ROWS[3]]
    assert "01.png" in dataset.notes[0]
    assert dataset.notes[-1] == "2 images left out, without a row in labels.csv: 04.png, 05.png"
    write(folder / "attributes.csv", b"image,Old\n00.png,1\n02.png,0\n")
    dataset = load_dataset(folder, size=16)
    assert dataset.attribute_names == (*NAMES[:1], "hair=blonde", "Old")
    assert "4 images left out, without a row in labels.csv and attributes.csv" in dataset.notes[-2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE.replace("00.png,1", "00.png,"), r"1 rows lack.*'Smiling' \(00\.png,,blonde\)"),
        (TABLE.replace(",red", ""), r"1 rows lack.*'hair'"),
        (TABLE.replace("03.png", "ghost.png"), "1 images that are not there: ghost.png"),
        (TABLE + "00.png,0,blonde\n", r"00\.png has two rows that differ"),
        (TABLE.replace("red", "red, dyed"), "more cells than the header"),
        (TABLE.replace("hair", "Smiling", 1), "two columns are called 'Smiling'"),
        ("image,a,a=x\n00.png,x,1\n01.png,y,0\n", "two columns make the attribute 'a=x'"),
    ],
)
def test_tables_that_do_not_fit(tmp_path, text, words):
    with pytest.raises(DataError, match=words) as caught:
        load_dataset(table_of(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_name_of_several_files_is_refused_with_what_to_write(tmp_path):
    for part in ("train", "test"):
        folder_of(tmp_path / part, 4)
    write(tmp_path / "labels.csv", TABLE.encode())
    with pytest.raises(DataError, match=r"4 names stand for several files: 00\.png.*their paths"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("good", ["train", "test"])
def test_a_table_of_no_use_beside_one_that_is_must_be_mended(tmp_path, good):
    """Without it the images of its part would have no row, and be left out."""
    other = {"train": "test", "test": "train"}[good]
    table_of(tmp_path / good)
    table_of(tmp_path / other, "filename,kind\n00.png,a\n")
    with pytest.raises(DataError, match=f"{other}/labels.csv is of no use.*take this one"):
        load_dataset(tmp_path)


def test_a_table_too_large_is_refused_and_not_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("ganvas.data.decoding.survey.MEMBER_BYTES", len(TABLE) - 1)
    with pytest.raises(DataError, match="larger than"):
        load_dataset(table_of(tmp_path))


def test_one_column_in_two_tables_is_refused(tmp_path):
    write(table_of(tmp_path) / "attributes.csv", TABLE.encode())
    with pytest.raises(DataError, match=r"labels\.csv and attributes\.csv both have.*'Smiling'"):
        load_dataset(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,Smiling\n00.png,1\n", "its header is 'file,Smiling'"),
        ("image\n00.png\n", "its header is 'image'"),
        ("image,Smiling\n", "it has no row"),
        ("", "it has no row"),
    ],
)
def test_a_table_of_no_use_is_told(tmp_path, text, words):
    dataset = load_dataset(table_of(tmp_path, text, "attributes.csv"))
    assert dataset.attributes is None and len(dataset) == 4
    assert words in dataset.notes[0] and "name one column image" in dataset.notes[0]


def test_what_cannot_be_learned_is_told(tmp_path):
    text = "image,Old,set,Smiling\n00.png,1,x,0\n01.png,1,x,1\n02.png,1,x,0\n03.png,1,x,0\n"
    dataset = load_dataset(table_of(tmp_path, text))
    assert dataset.attribute_names == ("Old", "set=x", "Smiling")
    assert dataset.notes == (
        "2 attributes the same in all 4 images, so that nothing can be learned of them: Old, set=x",
    )


def test_captions_and_columns_without_a_name_are_left_out(tmp_path):
    folder_of(tmp_path, 101, 4, 4)
    lines = [f"{number},{number:02}.png,a cat {number},{number % 2}" for number in range(101)]
    write(tmp_path / "labels.csv", "\n".join([",image,caption,Old", *lines]).encode())
    dataset = load_dataset(tmp_path)
    assert dataset.attribute_names == ("Old",)
    assert "'caption' of labels.csv left out: its 101 different values" in dataset.notes[0]


PIXELS = torch.arange(24, dtype=torch.uint8).view(2, 1, 3, 4)


def test_arrays_in_memory():
    bits = torch.tensor([[1, 0, 1], [0, 1, 1]])
    for values in (bits, bits.bool(), bits.numpy().astype(np.int16), 2 * bits - 1, bits.tolist()):
        dataset = load_dataset((PIXELS, values))
        assert dataset.attribute_names == ("a0", "a1", "a2") and rows_of(dataset) == bits.tolist()
        assert dataset.labels is None
        assert "same in all 2 images" in dataset.notes[0] and "a2" in dataset.notes[0]
    large = load_dataset((PIXELS, bits), size=6)
    assert large.shape[1] == 6 and rows_of(large) == bits.tolist()
    pool = torch.zeros(10, 1, 3, 4, dtype=torch.uint8)
    part = load_dataset((pool, torch.eye(10).int()), split="3:7", limit=2)
    assert rows_of(part) == torch.eye(10).int()[3:5].tolist()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (torch.zeros(3, 4, dtype=torch.int64), r"attributes of shape \[3, 4\] for 2 images"),
        (torch.zeros(2, 0, dtype=torch.int64), "attributes of shape"),
        (torch.zeros(2, 3), "attributes of type torch.float32"),
        (torch.tensor([[0, 2], [1, 1]]), "hold 0, 1, 2; give 0 and 1"),
        (torch.tensor([[0, -1], [1, 1]]), "hold -1, 0, 1"),
        (torch.zeros(2, 1, 1, dtype=torch.int64), "labels of shape"),
    ],
)
def test_arrays_that_do_not_fit(values, words):
    with pytest.raises(DataError, match=words):
        load_dataset((PIXELS, values))


def test_npz(tmp_path):
    path = tmp_path / "set.npz"
    bits = np.array([[1, 0], [0, 1]], bool)
    np.savez(path, images=PIXELS.numpy(), labels=[3, 5], attributes=bits)
    dataset = load_dataset(path)
    assert dataset.attribute_names == ("a0", "a1") and rows_of(dataset) == bits.tolist()
    assert dataset.labels is not None and dataset.classes == ("3", "5")
    np.savez(path, images=PIXELS.numpy(), attributes=bits, attribute_names=["Old", "hair=red"])
    assert load_dataset(path).attribute_names == ("Old", "hair=red")
    for names in (["Old"], ["Old", "Old"], ["Old", ""]):
        np.savez(path, images=PIXELS.numpy(), attributes=bits, attribute_names=names)
        with pytest.raises(DataError, match="2 attributes need as many different"):
            load_dataset(path)


def test_fingerprint_holds_attributes_and_their_names(tmp_path):
    bits = np.array([[1, 0], [0, 1]], np.uint8)
    digest = hashlib.sha256(repr(((2, 1, 3, 4), ())).encode() + PIXELS.numpy().tobytes())
    assert load_dataset(PIXELS).fingerprint == f"sha256:{digest.hexdigest()}"
    digest.update(repr(("a0", "a1")).encode() + bits.tobytes())
    assert load_dataset((PIXELS, bits)).fingerprint == f"sha256:{digest.hexdigest()}"
    path = tmp_path / "set.npz"
    seen = {digest.hexdigest()}
    for values, names in ((bits, ["a0", "b"]), (1 - bits, ["a0", "a1"])):
        np.savez(path, images=PIXELS.numpy(), attributes=values, attribute_names=names)
        seen.add(load_dataset(path).fingerprint)
    assert len(seen) == 3


def test_mapped_equals_in_memory_and_notices_another_table(tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    folder = table_of(tmp_path / "set")
    for text in (TABLE, TABLE.replace("03.png,0", "03.png,1"), TABLE.replace("hair", "fur")):
        write(folder / "labels.csv", text.encode())
        inside = load_dataset(folder)
        for _ in range(2):  # made, then read from the copy
            outside = load_dataset(folder, memory_bytes=0)
            assert outside.fingerprint == inside.fingerprint
            assert outside.attribute_names == inside.attribute_names
            assert rows_of(outside) == rows_of(inside)
            batches = [ItemStream(dataset, 0, "cpu").batch(2, 5) for dataset in (inside, outside)]
            assert torch.equal(batches[0]["attributes"], batches[1]["attributes"])


def binary(numbers: torch.Tensor) -> torch.Tensor:
    """The five lowest bits [N, 5] of integers [N]."""
    return numbers[:, None] >> torch.arange(5) & 1


def numbered(count: int) -> Dataset:
    """Image i is all i, and its attributes are i in binary."""
    pixels = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 1, 2, 3)
    return load_dataset((pixels, binary(torch.arange(count))))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 99), st.lists(st.integers(1, 40), min_size=1, max_size=6), st.booleans())
def test_draws_keep_attributes_with_their_images(start, counts, shuffle):
    dataset = numbered(23)
    whole = ItemStream(dataset, 7, "cpu", flip=True, shuffle=shuffle).batch(start, sum(counts))
    assert whole["attributes"].dtype == torch.float32
    numbers = (whole["image"][:, 0, 0, 0] + 1).mul(127.5).round().long()
    assert torch.equal(whole["attributes"], binary(numbers).float())
    stream = ItemStream(dataset, 7, "cpu", flip=True, shuffle=shuffle)
    place, pieces = start, []
    for count in counts:
        pieces.append(stream.batch(place, count)["attributes"])
        place += count
    assert torch.equal(torch.cat(pieces), whole["attributes"])


def test_a_batch_is_a_copy_and_has_no_attributes_where_the_source_has_none():
    dataset = numbered(8)
    batch = ItemStream(dataset, 0, "cpu", shuffle=False).batch(0, 8)
    assert dataset.attributes is not None and "attributes" in batch
    dataset.attributes.zero_()
    assert batch["attributes"].sum() == 12 and "label" not in batch
    assert ItemStream(load_dataset(PIXELS), 0, "cpu").batch(0, 2).get("attributes") is None


def test_inspection(tmp_path):
    folder = table_of(tmp_path)
    shares = {"Smiling": 2, "hair=blonde": 2, "hair=black": 1, "hair=red": 1}
    seen = inspect_source(folder)
    assert seen.attributes == shares and list(seen.attributes) == list(shares)
    assert any("fewer than 20 images have, or lack, 4 of the 4" in text for text in seen.warnings)
    assert contact_sheet(load_dataset(folder)).size == (4 * 26 + 2, 26 + 2)
    bits = torch.arange(200).view(-1, 1) % torch.tensor([2, 3]) == 0
    pixels = torch.randint(0, 256, (200, 1, 6, 6), dtype=torch.uint8)
    seen = inspect_source((pixels, bits))
    assert seen.attributes == {"a0": 100, "a1": 67} and seen.warnings == ()


def test_the_command_shows_shares(tmp_path, capsys):
    folder = table_of(tmp_path / "set")
    assert main(["data", str(folder), "--out", str(tmp_path / "sheet.png")]) in (0, None)
    shown = capsys.readouterr().out
    assert "  attributes  Smiling 50.0%, hair=blonde 50.0%, hair=black 25.0%, hair=red" in shown
    assert (tmp_path / "sheet.png").is_file()
