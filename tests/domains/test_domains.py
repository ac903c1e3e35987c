"""Each kind of item: its forms, its sheet, its files, its line in a record."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image as PIL_Image
from torch import Tensor

import ganvas
from ganvas.data import make_dataset
from ganvas.domains import (
    DOMAINS,
    Clip,
    Domain,
    Image,
    Points,
    Tokens,
    Vector,
    from_plain,
    of_shape,
)
from ganvas.domains.writers import Chunk
from ganvas.errors import DataError, UsageError

KINDS: list[Domain] = [
    Image(1, 4, 6),
    Image(3, 5, 4),
    Points(),
    Tokens(5, ("a", "b", "c")),
    Tokens(3, 11),
    Clip(3, 3, 4, 6),
    Vector(7),
]


def stored(domain: Domain, count: int = 9) -> Tensor:
    return domain.noise(count, torch.Generator().manual_seed(1))


def finished(domain: Domain, count: int = 9) -> Tensor:
    return domain.finish(domain.to_network(stored(domain, count)))


def test_every_kind_is_in_the_table_and_here() -> None:
    assert {type(domain) for domain in KINDS} == set(DOMAINS.values())


@pytest.mark.parametrize("domain", KINDS, ids=repr)
def test_what_is_stored_comes_back(domain: Domain) -> None:
    items = stored(domain)
    values = domain.to_network(items)
    assert values.shape == (9, *domain.shape)
    back = domain.finish(values)
    order = {"image": (0, 2, 3, 1), "clip": (0, 1, 3, 4, 2)}.get(domain.name)
    expected = items.flatten(1) if order is None else items.permute(order)
    assert back.dtype == items.dtype and torch.equal(back, expected)
    assert torch.equal(domain.to_stored(back), items)


@pytest.mark.parametrize("domain", KINDS, ids=repr)
def test_a_mirror_turned_twice_is_none_and_only_pictures_have_one(domain: Domain) -> None:
    items = stored(domain)
    assert torch.equal(domain.mirrored(domain.mirrored(items)), items)
    pictures = domain.name in ("image", "clip")
    assert torch.equal(domain.mirrored(items), items.flip(-1) if pictures else items)


@pytest.mark.parametrize("domain", KINDS, ids=repr)
def test_a_record_brings_the_same_domain_back(domain: Domain) -> None:
    assert from_plain(json.loads(json.dumps(domain.plain()))) == domain


def test_older_records_have_a_shape_alone() -> None:
    assert of_shape([2, 1, 1]) == Points()
    assert of_shape([3, 32, 48]) == Image(3, 32, 48)
    with pytest.raises(UsageError, match=r"nothing here knows items of the kind 'smell'.*`plugin="):
        from_plain({"name": "smell"})


def test_a_kind_of_ones_own_is_registered_like_any_other_part(registering) -> None:
    @dataclass(frozen=True)
    class Smell(Vector):
        name: ClassVar[str] = "smell"

    stored = torch.zeros(2, 3)
    with pytest.raises(UsageError, match=r"Smell is no domain.*call ganvas\.register\(Smell\)"):
        make_dataset(Smell(3), stored, None, (), "roses")
    assert ganvas.register(Smell) is Smell
    assert make_dataset(Smell(3), stored, None, (), "roses").domain == Smell(3)
    assert from_plain(Smell(3).plain()) == Smell(3) != Vector(3)
    with pytest.raises(DataError, match=r"roses: an item has the shape \(3,\), not \(4,\) as "):
        make_dataset(Smell(4), stored, name="roses")

    @dataclass(frozen=True)
    class Odour(Vector):
        name: ClassVar[str] = "vector"

    with pytest.raises(UsageError, match="domain 'vector' is a part of ganvas: choose another"):
        ganvas.register(Odour)


def test_words() -> None:
    assert Image(1, 28, 30).words() == "30x28 grey" and Image(3, 8, 8).words() == "8x8 colour"
    assert Image(3, 8, 8).counted(1000) == "1,000 images, 8x8 colour"
    assert Points().counted(1000) == "1,000 points in the plane"
    assert Tokens(12, 27).counted_of(5, "poems") == "5 sequences of poems, 12 tokens out of 27"


def test_tokens_are_the_largest_of_a_row_and_have_words() -> None:
    domain = Tokens(2, ("<end>", "a", "cat"))
    logits = torch.tensor([[[0.0, 2.0, 1.0], [0.0, -1.0, 3.0]]])
    assert domain.texts(domain.finish(logits)) == ["a cat"]
    assert Tokens(3, tuple("xyz")).texts(torch.tensor([[2, 0, 1]])) == ["zxy"]
    assert Tokens(2, 100).texts(torch.tensor([[42, 7]])) == ["42 7"]


SHEETS = {
    "image": (3 * 8 + 2, 3 * 6 + 2),
    "points": (480, 480),
    "clip": (3 * 8 + 2, 9 * 6 + 2),
    "vector": (7 * 10 + 4, 9 * 10 + 4),
}


@pytest.mark.parametrize("domain", [KINDS[0], KINDS[2], KINDS[5], KINDS[6]], ids=repr)
def test_a_sheet_has_a_place_for_each(domain: Domain) -> None:
    columns = {"image": 3}.get(domain.name)
    assert domain.sheet(finished(domain), columns).size == SHEETS[domain.name]


def test_a_sheet_of_text_has_a_line_for_each() -> None:
    domain = Tokens(5, tuple("ab"))
    one, four = (np.asarray(domain.sheet(finished(domain, n))) for n in (1, 4))
    assert four.shape[1] == one.shape[1] == 480 and (one < 128).any()
    inked = (four < 128).any(1).astype(int)
    assert (np.diff(inked) == 1).sum() == 4


def test_a_vector_is_red_above_nothing_and_blue_below() -> None:
    sheet = Vector(3).sheet(torch.tensor([[2.0, 0.0, -2.0]]))
    red, white, blue = (sheet.getpixel((2 + 10 * k + 5, 7)) for k in range(3))
    assert red[0] > red[2] and white == (255, 255, 255) and blue[2] > blue[0]  # pyright: ignore


@pytest.mark.parametrize("domain", KINDS, ids=repr)
def test_a_contact_sheet_has_rows_of_classes(domain: Domain) -> None:
    items, labels = stored(domain), torch.arange(9) % 2
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    by_class = domain.contact_sheet(items, labels, order, 9, 4)
    at_random = domain.contact_sheet(items, None, order, 9, 4)
    assert by_class.width > 0 and at_random.width > 0
    if domain.name == "image":
        height = domain.shape[1] + 2
        assert by_class.height == 2 * height + 2 and at_random.height == 3 * height + 2


def chunks(domain: Domain) -> list[Chunk]:
    whole = finished(domain, 5)
    return [(whole[:3], torch.tensor([0, 1, 0])), (whole[3:], torch.tensor([1, 2]))]


@pytest.mark.parametrize("domain", KINDS, ids=repr)
def test_every_file_can_be_read_again(domain: Domain, tmp_path: Path) -> None:
    for ending, writer in domain.writers.items():
        path = tmp_path / "folder" if ending == "/" else tmp_path / f"samples{ending}"
        assert domain.writer(f"{path}/" if ending == "/" else str(path)).save.__name__ == (
            writer.save.__name__
        )
        writer.save(iter(chunks(domain)), 5, path)
        READERS.get(ending, read_picture)(domain, path)


def read_picture(domain: Domain, path: Path) -> None:
    with PIL_Image.open(path) as picture:
        frames = {"image": 5, "clip": 3}[domain.name] if path.suffix != ".png" else 1
        assert getattr(picture, "n_frames", 1) == frames


def read_npz(domain: Domain, path: Path) -> None:
    with np.load(path, allow_pickle=False) as file:
        assert sorted(file) == sorted([domain.noun, "labels"])
        assert np.array_equal(file[domain.noun], finished(domain, 5).numpy())
        assert file["labels"].tolist() == [0, 1, 0, 1, 2]
    with zipfile.ZipFile(path) as archive:
        assert archive.comment == b"ganvas sample"


def read_text(domain: Domain, path: Path) -> None:
    assert isinstance(domain, Tokens)
    assert path.read_text(encoding="utf-8").splitlines() == domain.texts(finished(domain, 5))


def read_folder(domain: Domain, path: Path) -> None:
    assert sorted(each.name for each in path.iterdir()) == [f"00000{k}.png" for k in range(5)]
    read_picture(domain, path / "000000.png")


READERS = {".npz": read_npz, ".txt": read_text, "/": read_folder}


@pytest.mark.parametrize("domain", KINDS, ids=repr)
def test_an_unknown_ending_names_those_that_work(domain: Domain) -> None:
    with pytest.raises(UsageError, match=f"draws {domain.noun}.*or ") as raised:
        domain.writer("samples.bmp")
    for ending in domain.writers:
        assert ending in str(raised.value)


def test_films_are_made_of_animations() -> None:
    with pytest.raises(UsageError, match=r"`out=x.gif`.*ffmpeg -i x.gif x.mp4"):
        Image(1, 2, 2).writer("x.mp4")
    with pytest.raises(UsageError, match=r"this run draws points, so end it with \.png or \.npz"):
        Points().writer("x.mp4")
