"""Archives, honest and hostile."""

import gzip
import io
import os
import pickle
import stat
import tarfile
import zipfile

import numpy as np
import pytest
from picture_files import encoded, picture, write

from ganvas.data import load_dataset
from ganvas.data.readers.tar import Tar
from ganvas.data.readers.zip import Zip
from ganvas.errors import DataError

FILES = {
    f"{kind}/{number}.png": encoded(picture(number + 10 * len(kind)), "PNG")
    for kind in ("cat", "bird")
    for number in range(3)
} | {"cat/broken.png": b"no picture", "readme.txt": b"words"}


def make_tar(path, files=FILES, mode="w:gz", extra=()):
    with tarfile.open(path, mode) as tar:
        for name, data in reversed(list(files.items())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for member in extra:
            tar.addfile(member)
    return path


def make_zip(path, files=FILES, top=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(top + name, data)
    return path


def make_folder(path):
    for name, data in FILES.items():
        write(path / name, data)
    return path


def test_archives_equal_the_folder(tmp_path):
    folder = load_dataset(make_folder(tmp_path / "set"))
    sources = [
        make_tar(tmp_path / "set.tar", mode="w:"),
        make_tar(tmp_path / "set.tar.gz"),
        make_tar(tmp_path / "set.tgz"),
        make_zip(tmp_path / "set.zip"),
        make_zip(tmp_path / "deep.zip", top="./some/set/"),
    ]
    for source in sources:
        dataset = load_dataset(source)
        assert dataset.fingerprint == folder.fingerprint, source
        assert dataset.classes == ("bird", "cat")
        assert "broken.png" in dataset.notes[0] and dataset.notes[1] == "1 other file ignored"


def test_nothing_is_written(tmp_path, monkeypatch):
    source = make_tar(tmp_path / "set.tar.gz")
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir(tmp_path))
    load_dataset(source)
    assert sorted(os.listdir(tmp_path)) == before


def test_tar_larger_than_what_is_held_is_read_twice(tmp_path, monkeypatch):
    source = make_tar(tmp_path / "set.tar.gz")
    expected = load_dataset(source).fingerprint
    monkeypatch.setattr("ganvas.data.readers.tar.HELD_BYTES", 1000)
    assert load_dataset(source).fingerprint == expected


HOSTILE = ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "a\\..\\..\\e.png"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_names_that_point_outside_are_refused(tmp_path, make, name):
    ending = ".zip" if make is make_zip else ".tar.gz"
    source = make(tmp_path / f"evil{ending}", FILES | {name: FILES["cat/0.png"]})
    with pytest.raises(DataError, match="points outside"):
        load_dataset(source)
    assert not list(tmp_path.rglob("*evil.png")) and not (tmp_path.parent / "evil.png").exists()


KINDS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]


@pytest.mark.parametrize("kind", KINDS)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("cat/link.png")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(DataError, match=r"'cat/link\.png' is a link, a device"):
        load_dataset(make_tar(tmp_path / "links.tar", mode="w:", extra=[member]))


def test_link_in_a_zip_is_refused(tmp_path):
    source = make_zip(tmp_path / "links.zip")
    with zipfile.ZipFile(source, "a") as file:
        member = zipfile.ZipInfo("cat/link.png")
        member.create_system = 3
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(member, "/etc/passwd")
    with pytest.raises(DataError, match=r"'cat/link\.png' is a link"):
        load_dataset(source)


def test_bombs_stop_at_the_cap(tmp_path):
    zeros = bytes(1 << 20)
    many = {f"{number}.bin": zeros for number in range(100)}
    for source in (make_zip(tmp_path / "b.zip", many), make_tar(tmp_path / "b.tar.gz", many)):
        assert source.stat().st_size < 1 << 20
        with pytest.raises(DataError, match="archive bomb"):
            load_dataset(source)
        reader = Zip if source.suffix == ".zip" else Tar
        with pytest.raises(DataError, match="GiB uncompressed"):
            list(reader(source, total_bytes=10 << 20).entries())


def test_gzip_bomb_stops_before_it_is_through(tmp_path):
    source = tmp_path / "zeros.tar.gz"
    with gzip.open(source, "wb", 9) as file:
        header = tarfile.TarInfo("huge.png")
        header.size = 60 << 30
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(100):
            file.write(bytes(1 << 20))
    with pytest.raises(DataError, match="larger than 64 MiB"):
        load_dataset(source)


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_one_huge_image_is_refused(tmp_path, monkeypatch, make):
    for kind in ("tar", "zip"):
        monkeypatch.setattr(f"ganvas.data.readers.{kind}.MEMBER_BYTES", 100)
    ending = ".zip" if make is make_zip else ".tar.gz"
    with pytest.raises(DataError, match=r"'\w+/\d\.png' is larger than"):
        load_dataset(make(tmp_path / f"set{ending}"))


class Trap:
    def __reduce__(self):
        return os.mkdir, ("pickle-was-run",)


def test_pickles_are_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trap = pickle.dumps(Trap())
    batch = {"cifar-10-batches-py/data_batch_1": trap, "a.pkl": trap, "a.png": trap, "b.pt": trap}
    assert len(load_dataset(make_tar(tmp_path / "mixed.tar", FILES | batch, "w:"))) == 6
    with pytest.raises(DataError, match="none of its 1 images"):
        load_dataset(make_tar(tmp_path / "pickles.tar.gz", batch))
    for name in ("model.pt", "batch.pkl"):
        with pytest.raises(DataError, match="pickle, which is never read"):
            load_dataset(write(tmp_path / name, trap))
    objects = np.empty(2, object)
    objects[:] = Trap()
    np.save(tmp_path / "objects.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "objects.npz", images=objects)
    (tmp_path / "raw.npy").write_bytes(trap)
    for name in ("objects.npy", "objects.npz", "raw.npy"):
        with pytest.raises(DataError, match="plain arrays"):
            load_dataset(tmp_path / name)
    assert not (tmp_path / "pickle-was-run").exists()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_truncated_archive_is_named(tmp_path, make, share):
    path = tmp_path / ("cut.zip" if make is make_zip else "cut.tar.gz")
    data = make(path).read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DataError, match=r"cut\.(zip|tar\.gz)"):
        load_dataset(path)


def test_wrong_content_is_named(tmp_path):
    for name in ("text.zip", "text.tar", "text.tar.gz"):
        with pytest.raises(DataError, match="damaged, or not such an archive"):
            load_dataset(write(tmp_path / name, b"only some text" * 100))


def test_flipped_byte_in_a_zip_is_noticed(tmp_path):
    source = make_zip(tmp_path / "set.zip")
    data = bytearray(source.read_bytes())
    data[len(data) // 3] ^= 0xFF
    source.write_bytes(data)
    with pytest.raises(DataError, match=r"set\.zip"):
        load_dataset(source)
