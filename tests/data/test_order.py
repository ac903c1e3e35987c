"""One order of names everywhere, and what older versions made of it."""

from dataclasses import replace

import pytest
import torch
from picture_files import folder_of, write

from ganvas.data import inspect_source, load_dataset
from ganvas.data.dataset import in_order, with_labels
from ganvas.data.labels.classes import class_order, number_classes
from ganvas.data.names import natural
from ganvas.errors import DataError, UsageError
from ganvas.recipes.build.choices import Choices
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.condition_settings import ByClass
from ganvas.recipes.named.mnist import mnist
from ganvas.sampling.conditions import Conditions
from ganvas.store import record

CHOICES = Choices("cpu", "fp32", "contiguous", 1)


@pytest.mark.parametrize(
    "ordered",
    [
        ["0", "1", "2", "10"],
        ["-2", "-1", "0", "1"],
        ["img1", "img2", "img10"],
        ["1", "2", "10", "cat"],
        ["a1b2", "a1b10", "a2b1", "b"],
        ["01", "1", "02", "10"],
        ["B", "a", "é"],
        ["no number", "none"],
        ["v1.9", "v1.10", "v2"],
        ["9" * 30, "1" + "0" * 30],
    ],
)
def test_numbers_inside_names_count_as_numbers(ordered) -> None:
    for names in (ordered, ordered[::-1]):
        assert class_order(names) == ordered
    labels, classes = number_classes(ordered[::-1])
    assert classes == tuple(ordered) and labels.tolist() == list(range(len(ordered)))[::-1]


def test_any_two_names_compare() -> None:
    names = ["", "1", "a", "1a", "a1", "a1b", "1a1", "00", "0"]
    assert sorted(names, key=natural) == sorted(sorted(names)[::-1], key=natural)


def test_classes_stand_in_the_same_order_wherever_they_are_shown(tmp_path) -> None:
    for name in ("0", "1", "2", "10"):
        folder_of(tmp_path / name, 2)
    assert load_dataset(tmp_path).classes == ("0", "1", "2", "10")
    assert list(inspect_source(tmp_path).classes) == ["0", "1", "2", "10"]


def classes_of(*names: str) -> Conditions:
    rows = torch.eye(len(names), dtype=torch.uint8)
    return Conditions(names, True, rows, torch.ones(len(names), dtype=torch.int64))


@pytest.mark.parametrize(
    ("names", "label", "place"),
    [
        (("1", "2", "3"), "1", 0),
        (("1", "2", "3"), "3", 2),
        (("0", "1", "10"), "10", 2),
        (("3", "cat"), "3", 0),
        (("cat", "dog"), "1", 1),
        (("cat", "dog"), "dog", 1),
    ],
)
def test_a_label_is_a_name_where_names_are_numbers(names, label, place) -> None:
    assert classes_of(*names).of_label(label).argmax() == place


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (("1", "2", "3"), "0"),
        (("1.0", "2.0", "10.0"), "1"),
        (("-2", "-1"), "0"),
        (("3", "cat"), "1"),
        (("cat", "dog"), "2"),
        (("cat", "dog"), "²"),
    ],
)
def test_a_label_that_is_none_is_refused(names, label) -> None:
    with pytest.raises(UsageError, match=f"no label '{label}': there are {names[0]}"):
        classes_of(*names).of_label(label)


def test_a_run_that_numbered_its_classes_in_the_older_order_keeps_it(tmp_path) -> None:
    for name in ("c1", "c2", "c10"):
        folder_of(tmp_path / name, 2)
    dataset = load_dataset(tmp_path)
    older = in_order(dataset, ("c1", "c10", "c2"))
    assert dataset.classes == ("c1", "c2", "c10") and older.fingerprint != dataset.fingerprint
    for condition in (ByClass(), None):
        recipe = replace(mnist(), condition=condition)
        run = record.describe(Prepared.of(recipe, older, CHOICES))
        known = run.check_data(dataset)
        assert known.classes == older.classes and torch.equal(known.labels, older.labels)
    unlabelled = with_labels(dataset, None, ())
    run = record.describe(Prepared.of(mnist(), unlabelled, CHOICES))
    assert run.check_data(dataset).labels is None
    write(tmp_path / "c1" / "another.png", (tmp_path / "c1" / "00.png").read_bytes())
    with pytest.raises(DataError, match="another fingerprint"):
        run.check_data(load_dataset(tmp_path))
