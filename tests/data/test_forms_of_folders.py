"""Folders and archives in other people's forms: parts, strays, systems' own, several pages."""

import io
import tarfile
import zipfile

import pytest
from picture_files import encoded, folder_of, picture, write

from ganvas.data import load_dataset


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Train", "Test"), ("TRAINING", "VALIDATION"), ("training", "testing"),
        ("train", "Valid"), ("Training", "val"),
    ],
)  # fmt: skip
def test_parts_in_any_case(tmp_path, train, test) -> None:
    for part in (train, test):
        for name in ("cat", "dog"):
            folder_of(tmp_path / "set" / part / name, 2)
    images, held_out = load_dataset(tmp_path), load_dataset(tmp_path, split="test")
    assert len(images) == len(held_out) == 4 and images.notes == ()
    assert images.classes == held_out.classes == ("cat", "dog")


def test_parts_beside_other_folders_are_classes(tmp_path) -> None:
    for name in ("train", "bus", "tram"):
        folder_of(tmp_path / name, 2)
    assert load_dataset(tmp_path).classes == ("bus", "train", "tram")


@pytest.mark.parametrize(
    "names",
    [
        ("train2017", "val2017"), ("Train_Images", "test-images"), ("trainset", "testset"),
        ("testA", "testB", "trainA", "trainB"), ("dev", "train"), ("train", "test", "unlabeled"),
        ("test", "val"),
    ],
)  # fmt: skip
def test_what_looks_like_parts_is_no_class(tmp_path, names) -> None:
    for name in names:
        folder_of(tmp_path / name, 2)
    dataset = load_dataset(tmp_path)
    assert dataset.labels is None and len(dataset) == 2 * len(names)
    (note,) = dataset.notes
    assert "look like parts of a set, not classes: call two of them train and test" in note


def test_a_link_in_a_circle_is_passed_over(tmp_path) -> None:
    before = load_dataset(folder_of(tmp_path)).fingerprint
    (tmp_path / "circle").symlink_to("circle")
    dataset = load_dataset(tmp_path)
    assert dataset.fingerprint == before and dataset.notes == ("1 other file ignored",)


def test_two_folders_for_one_part_are_named(tmp_path) -> None:
    for name in ("train", "Training", "test", "val"):
        folder_of(tmp_path / name, 2)
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 2 and len(load_dataset(tmp_path, split="test")) == 2
    assert dataset.notes[0].startswith("4 images in a further part not used (Training/00.png, ")


@pytest.mark.parametrize("stray", ["cover.png", "set/cover.png"])
def test_one_stray_picture_beside_class_folders_is_named(tmp_path, stray) -> None:
    for name in ("cat", "dog"):
        folder_of(tmp_path / "set" / name, 3)
    before = load_dataset(tmp_path)
    write(tmp_path / stray, encoded(picture(9), "PNG"))
    dataset = load_dataset(tmp_path)
    assert dataset.fingerprint == before.fingerprint and dataset.classes == ("cat", "dog")
    assert dataset.notes == (f"1 image left out, in no class's folder: {stray}",)


@pytest.mark.parametrize("stray", ["cover.png", "Train/cover.png", "Test/cover.png"])
def test_one_stray_picture_beside_parts_is_named(tmp_path, stray) -> None:
    for part in ("Train", "Test"):
        for name in ("cat", "dog"):
            folder_of(tmp_path / part / name, 3)
    before = [load_dataset(tmp_path, split=part).fingerprint for part in ("train", "test")]
    write(tmp_path / stray, encoded(picture(9), "PNG"))
    images = [load_dataset(tmp_path, split=part) for part in ("train", "test")]
    assert [each.fingerprint for each in images] == before and stray in images[0].notes[-1]


def test_a_stray_picture_beside_one_folder_stays(tmp_path) -> None:
    folder_of(tmp_path / "all", 5)
    write(tmp_path / "cover.png", encoded(picture(9), "PNG"))
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 6 and dataset.notes == ()


def test_a_table_s_word_on_a_stray_picture_counts(tmp_path) -> None:
    for name in ("x", "y"):
        folder_of(tmp_path / name, 2)
    write(tmp_path / "cover.png", encoded(picture(9), "PNG"))
    write(tmp_path / "labels.csv", b"image,label\ncover.png,c\nx/00.png,a\ny/00.png,b\n")
    assert load_dataset(tmp_path).classes == ("a", "b", "c")


NAMES = ("cat\\1.png", "cat\\2.png", "dog\\deep\\1.png")


def test_back_slashes_of_archives_are_slashes(tmp_path) -> None:
    """As .NET's zips write them, and as they lie in a folder that a simple tool unpacked."""
    with (
        zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped,
        tarfile.open(tmp_path / "a.tar", "w") as tar,
    ):
        for row, name in enumerate(NAMES):
            data = encoded(picture(row), "PNG")
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            zipped.writestr(info, data)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
            write(tmp_path / "unpacked" / name, data)
        folder = zipfile.ZipInfo("placeholder")
        folder.filename = "cat\\"
        zipped.writestr(folder, b"")
    for source in ("a.zip", "a.tar", "unpacked"):
        dataset = load_dataset(tmp_path / source)
        assert dataset.classes == ("cat", "dog") and dataset.notes == (), source
        assert dataset.labels is not None and dataset.labels.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    "name",
    [
        "@eaDir/00.png/SYNOPHOTO_THUMB_S.jpg", "cat/@eaDir/x.jpg", "#recycle/old.png",
        "@Recycle/old.png", "$RECYCLE.BIN/$R1.png", "System Volume Information/x.png",
        "__MACOSX/cat/._1.png", ".thumbnails/1.png", ".DS_Store", "Thumbs.db", "cat/desktop.ini",
        "lost+found/1.png", "#snapshot/hourly/1.png", "RECYCLER/1.png", "found.000/1.png",
        "@Recently-Snapshot/1.png", "cat/@__thumb/1.png", "~snapshot/nightly/1.png",
    ],
)  # fmt: skip
def test_what_systems_leave_behind_is_passed_over(tmp_path, name) -> None:
    for folder in ("cat", "dog"):
        folder_of(tmp_path / "set" / folder, 2)
    before = load_dataset(tmp_path / "set").fingerprint
    write(tmp_path / "set" / name, encoded(picture(9), "JPEG"))
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted((tmp_path / "set").rglob("*")):
            archive.write(path, path.relative_to(tmp_path / "set"))
    for source in ("set", "set.zip"):
        dataset = load_dataset(tmp_path / source)
        assert dataset.fingerprint == before and dataset.notes == ()


def test_further_pages_and_frames_are_told(tmp_path) -> None:
    folder_of(tmp_path, 2)
    more = [picture(8), picture(9)]
    for name, kind in (("a.gif", "GIF"), ("b.webp", "WEBP"), ("c.tif", "TIFF"), ("d.png", "PNG")):
        data = encoded(picture(7), kind, save_all=True, append_images=more)
        write(tmp_path / name, data)
    write(tmp_path / "one.gif", encoded(picture(7), "GIF"))
    write(tmp_path / "one.tif", encoded(picture(7), "TIFF"))
    dataset = load_dataset(tmp_path)
    text = "4 files with further pages or frames, of which only the first is used"
    assert len(dataset) == 8 and dataset.notes == (text,)
