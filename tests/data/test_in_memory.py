"""Tensors, arrays, pairs and datasets; .npz; fingerprints; parts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import picture
from PIL import Image
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from ganvas.data import load_dataset
from ganvas.data.part import Part
from ganvas.errors import DataError, UsageError

BYTES = torch.randint(0, 256, (6, 3, 8, 10), dtype=torch.uint8)


def test_forms_of_the_same_pixels():
    channels_last = BYTES.permute(0, 2, 3, 1)
    sources = [BYTES, channels_last, BYTES.numpy(), channels_last.numpy(), BYTES.float() / 255,
               BYTES.double() / 127.5 - 1, (BYTES / 255).half().float()]  # fmt: skip
    for source in sources:
        dataset = load_dataset(source)
        assert torch.equal(dataset.pixels, BYTES)
    assert load_dataset(BYTES[:, 0]).shape == (1, 8, 10)
    assert "[-1, 1]" in load_dataset(BYTES / 127.5 - 1).notes[0]
    strided = BYTES.numpy()[::2, :, :, ::-1]
    assert np.array_equal(load_dataset(strided).pixels, strided)


def test_fingerprint_follows_the_content_alone():
    labels = torch.tensor([0, 1, 0, 1, 0, 1])
    fingerprint = load_dataset((BYTES, labels)).fingerprint
    assert fingerprint.startswith("sha256:") and len(fingerprint) == 7 + 64
    assert load_dataset((BYTES.numpy(), labels.to(torch.uint8))).fingerprint == fingerprint
    changed = BYTES.clone()
    changed[5, 2, 7, 9] ^= 1
    others = [BYTES, changed, (BYTES, 1 - labels), (BYTES.transpose(2, 3), labels)]
    assert fingerprint not in [load_dataset(other).fingerprint for other in others]


def test_fingerprint_is_the_same_on_every_machine():
    dataset = load_dataset((torch.arange(24, dtype=torch.uint8).view(2, 1, 3, 4), [3, 5]))
    assert dataset.classes == ("3", "5")
    assert dataset.fingerprint == (
        "sha256:33056d9069c5b9554ecd4c3c0e0c5ea70a4e3ad014ea8f9b44937579c92ca2b0"
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (torch.rand(4, 1, 8, 8) * 255, "float values from"),
        (torch.full((4, 1, 8, 8), torch.nan), "NaN"),
        (torch.full((4, 1, 8, 8), -1.5), r"-1\.5"),
        (torch.zeros(4, 1, 8, 8, dtype=torch.int64), "torch.int64"),
        (np.zeros((4, 8, 8), np.int32), "int32"),
        (np.empty((4, 8, 8), object), "object"),
        (np.zeros((4, 8, 8), complex), "complex"),
        (torch.zeros(4, 7, 8, 9), "no channels"),
        (torch.zeros(8, 8), "shape"),
        (torch.zeros(0, 1, 8, 8), "no training part|no image"),
        (torch.zeros(1, 1, 8, 8), "at least 2 images"),
        (torch.zeros(3, 1, 0, 8), "shape"),
        ((BYTES, torch.zeros(5)), "labels of shape"),
        ((BYTES, torch.full((6,), 0.5)), "one integer"),
        ((BYTES, ["a"] * 6), "integers"),
        ((BYTES, None), "integers|labels"),
        (([1, 2], [3, 4]), "tensor or an array"),
        (7, "no source"),
        (None, "no source"),
    ],
)
def test_what_is_no_source(source, words):
    with pytest.raises(DataError, match=words) as caught:
        load_dataset(source)
    assert "\n" not in str(caught.value)


def test_alpha_is_composited_on_white():
    alpha = torch.tensor([0, 128, 255], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 1, 4, 4)
    grey = torch.full((3, 1, 4, 4), 100, dtype=torch.uint8)
    dataset = load_dataset(torch.cat([grey, grey, grey + 1, alpha], 1))
    assert dataset.shape == (3, 4, 4)
    assert dataset.pixels[:, 0, 0, 0].tolist() == [255, 177, 100]
    dataset = load_dataset(torch.cat([grey, alpha], 1))
    assert dataset.shape == (1, 4, 4)
    assert dataset.pixels[:, 0, 0, 0].tolist() == [255, 177, 100]
    assert "composited on white" in dataset.notes[0]


def test_resize_and_channels_equal_pil():
    dataset = load_dataset(BYTES, size=(16, 20), channels=1, fit="stretch")
    for row in range(6):
        image = Image.fromarray(BYTES[row].permute(1, 2, 0).numpy())
        expected = image.resize((20, 16), Image.Resampling.LANCZOS).convert("L")
        assert np.array_equal(dataset.pixels[row, 0].numpy(), np.asarray(expected))


class Pictures(Dataset):
    classes = ("cat", "dog")

    def __init__(self, labelled: bool = True, side: int = 12) -> None:
        self.labelled = labelled
        self.side = side

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int):
        image = picture(index, 12, self.side + index)
        return (image, index % 2) if self.labelled else image


class Endless(IterableDataset):
    def __iter__(self):
        yield picture(0)


def test_datasets():
    dataset = load_dataset(Pictures(), size=8)
    assert dataset.shape == (3, 8, 10) and dataset.classes == ("cat", "dog")
    assert dataset.labels is not None and dataset.labels.tolist() == [0, 1, 0, 1, 0]
    assert dataset.name == "Pictures"
    assert load_dataset(Pictures(labelled=False), size=8).labels is None
    labels = torch.tensor([4, 4, 2, 2, 9, 9])
    dataset = load_dataset(TensorDataset(BYTES / 255, labels), split="2:6")
    assert torch.equal(dataset.pixels, BYTES[2:])
    assert dataset.labels is not None and dataset.labels.tolist() == [2, 2, 9, 9]
    assert dataset.classes == tuple("0123456789")
    with pytest.raises(DataError, match="5 sizes"):
        load_dataset(Pictures())
    with pytest.raises(DataError, match="no source"):
        load_dataset(Endless())


class Faces(Pictures):
    """As torchvision's CelebA: a vector of attributes beside each picture."""

    attr_names = ("Smiling", "Eyeglasses", "")

    def __getitem__(self, index: int):
        return picture(index, 12, 12), torch.tensor([index % 2, int(index > 2)])


def test_vectors_of_a_dataset_are_attributes_if_they_can_be():
    dataset = load_dataset(Faces(), size=8)
    assert dataset.attribute_names == ("Smiling", "Eyeglasses") and dataset.labels is None
    assert dataset.attributes is not None
    assert dataset.attributes.tolist() == [[0, 0], [1, 0], [0, 0], [1, 1], [0, 1]]
    flags = torch.tensor([[True, False]] * 3 + [[False, True]] * 3)
    dataset = load_dataset(TensorDataset(BYTES / 255, flags))
    assert dataset.attribute_names == ("a0", "a1")
    for other in (torch.rand(6, 2), torch.full((6, 4), 30)):  # places, say, or distances
        assert load_dataset(TensorDataset(BYTES / 255, other)).attributes is None


def test_npz_and_npy(tmp_path):
    np.savez(tmp_path / "a.npz", images=BYTES.permute(0, 2, 3, 1).numpy(), labels=np.arange(6))
    dataset = load_dataset(tmp_path / "a.npz")
    assert torch.equal(dataset.pixels, BYTES) and dataset.name == "a.npz"
    assert dataset.labels is not None and dataset.labels.tolist() == list(range(6))
    np.savez_compressed(tmp_path / "b.npz", images=BYTES.numpy())
    assert torch.equal(load_dataset(str(tmp_path / "b.npz")).pixels, BYTES)
    np.save(tmp_path / "c.npy", BYTES.numpy())
    dataset = load_dataset(tmp_path / "c.npy")
    dataset.pixels[0] = 0
    assert torch.equal(load_dataset(tmp_path / "c.npy").pixels, BYTES)
    np.savez(tmp_path / "d.npz", pictures=BYTES.numpy())
    with pytest.raises(DataError, match="name the array images"):
        load_dataset(tmp_path / "d.npz")


@pytest.mark.parametrize("keep", [10, 100, 400])
def test_truncated_npz(tmp_path, keep):
    np.savez(tmp_path / "a.npz", images=BYTES.numpy())
    data = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(data[:keep])
    with pytest.raises(DataError, match=r"a\.npz"):
        load_dataset(tmp_path / "a.npz")


def test_only_a_string_names_a_built_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    picture(0).save(tmp_path / "mnist" / "a.png")
    picture(1).save(tmp_path / "mnist" / "b.png")
    assert len(load_dataset(Path("mnist"))) == len(load_dataset("./mnist")) == 2
    assert len(load_dataset("mnist", limit=5, split="test")) == 5


def test_paths_that_lead_nowhere(tmp_path):
    for text, words in {
        "mnits": "did you mean mnist", "fashion_mnist": "did you mean fashion-mnist",
        "CIFAR-10": "did you mean cifar10", "no/such": "give a folder", "a\0b": "no source",
        "x" * 9000: "no source",
    }.items():  # fmt: skip
        with pytest.raises(DataError, match=words):
            load_dataset(text)
    picture(0).save(tmp_path / "one.png")
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(DataError, match="one image; a GAN needs at least 2"):
        load_dataset(tmp_path / "one.png")
    with pytest.raises(DataError, match="not a source"):
        load_dataset(tmp_path / "notes.txt")


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(0, 60), st.integers(0, 60))
def test_positions(count, first, last):
    items = list(range(count))
    part = Part(f"{first}:{last}")
    if first < last <= count:
        assert part.join(items, [-1], "x") == items[first:last]
    else:
        with pytest.raises(DataError):
            part.join(items, [-1], "x")


def test_open_positions_and_parts():
    items, test = list(range(5)), [7, 8]
    assert Part(":3").join(items, test, "x") == [0, 1, 2]
    assert Part("3:").join(items, test, "x") == [3, 4]
    assert Part("all").join(items, test, "x") == [*items, *test]
    assert Part("test", 1).join(items, test, "x") == [7]
    with pytest.raises(UsageError):
        Part("1:2:3")
