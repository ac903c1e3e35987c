"""Checkpoints are whole or not there at all, and every damage is named."""

import errno
import json
import os

import pytest
import torch

from ganvas import disk
from ganvas.errors import CheckpointError, UserError
from ganvas.store import checkpoint

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor(3, dtype=torch.int64)}


def saved(folder, *clocks: int):
    for images in clocks:
        checkpoint.save(folder, images, TENSORS, {"images": images})
    return list(checkpoint.complete(folder))


def test_what_is_saved_is_loaded_again(tmp_path) -> None:
    (path,) = saved(tmp_path, 512)
    assert path.name == "000000512"
    tensors, numbers = checkpoint.load(path)
    assert numbers == {"images": 512}
    assert all(torch.equal(tensors[k], v) for k, v in TENSORS.items())


def test_channels_last_tensors_come_back_in_place(tmp_path) -> None:
    live = {"w": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)}
    wanted, strides = live["w"].clone(), live["w"].stride()
    path = checkpoint.save(tmp_path, 1, live, {})
    address = live["w"].data_ptr()
    live["w"].zero_()
    checkpoint.restore(live, checkpoint.load(path)[0], "it")
    assert torch.equal(live["w"], wanted)
    assert (live["w"].data_ptr(), live["w"].stride()) == (address, strides)


def test_leftover_temporaries_are_ignored_and_cleaned(tmp_path) -> None:
    saved(tmp_path, 1)
    (tmp_path / ".tmp-99-000000002").mkdir()
    assert [p.name for p in checkpoint.complete(tmp_path)] == ["000000001"]
    checkpoint.clean(tmp_path)
    assert not list(tmp_path.glob(".tmp-*"))


@pytest.mark.parametrize("failing", ["write", "rename"])
def test_a_full_disk_leaves_the_old_checkpoint_and_a_clear_error(tmp_path, monkeypatch, failing):
    saved(tmp_path, 1)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "write":
        monkeypatch.setattr(checkpoint, "write_file", full)
    else:
        monkeypatch.setattr(os, "rename", full)
    with pytest.raises(UserError, match=r"disk is full.*resumed from 000000001"):
        checkpoint.save(tmp_path, 2, TENSORS, {})
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["000000001"]
    checkpoint.load(tmp_path / "000000001")


def test_saving_the_same_moment_again_replaces_a_damaged_one(tmp_path) -> None:
    (path,) = saved(tmp_path, 7)
    (path / "state.safetensors").write_bytes(b"")
    saved(tmp_path, 7)
    checkpoint.load(path)


def damage_truncate(path) -> None:
    file = path / "state.safetensors"
    file.write_bytes(file.read_bytes()[:-5])


def damage_empty(path) -> None:
    (path / "state.safetensors").write_bytes(b"")


def damage_flip(path) -> None:
    file = path / "state.safetensors"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(bytes(content))


def damage_remove(path) -> None:
    (path / "state.safetensors").unlink()


def damage_manifest(path) -> None:
    (path / "manifest.json").write_text("{")


def damage_number(path) -> None:
    file = path / "manifest.json"
    file.write_text(file.read_text().replace('"images": 2', '"images": 912'))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_truncate, "is damaged"),
        (damage_empty, "is damaged: 0 bytes"),
        (damage_flip, "SHA-256"),
        (damage_remove, "cannot be read"),
        (damage_manifest, "manifest.json is missing or damaged"),
        (damage_number, "SHA-256 is not its own"),
    ],
)
def test_damage_is_named_and_the_one_before_is_used(tmp_path, damage, message: str) -> None:
    old, new = saved(tmp_path, 1, 2)
    damage(new)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(new)
    path, _, numbers, problems = checkpoint.load_newest(tmp_path)
    assert (path, numbers["images"]) == (old, 1)
    assert len(problems) == 1 and "000000002" in problems[0]


def test_clocks_are_numbers_not_words(tmp_path) -> None:
    saved(tmp_path, 999_999_999, 1_000_000_000)
    assert checkpoint.load_newest(tmp_path)[2]["images"] == 1_000_000_000
    assert checkpoint.last_clock(tmp_path) == 1_000_000_000
    checkpoint.prune(tmp_path, keep=1)
    assert checkpoint.last_clock(tmp_path) == 1_000_000_000


def test_nothing_whole_says_so(tmp_path) -> None:
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        checkpoint.load_newest(tmp_path)


def test_a_newer_format_is_refused(tmp_path) -> None:
    (path,) = saved(tmp_path, 1)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["format"] = checkpoint.FORMAT + 1
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="update ganvas"):
        checkpoint.load(path)


def test_a_changed_architecture_is_refused_with_the_differing_names() -> None:
    live = {"a": torch.zeros(2), "c": torch.zeros(1), "d": torch.zeros(3)}
    old = {"a": torch.ones(2), "b": torch.ones(1), "d": torch.ones(4)}
    with pytest.raises(CheckpointError) as error:
        checkpoint.restore(live, old, "run")
    text = str(error.value)
    assert "missing: c" in text and "not in this recipe: b" in text
    assert "changed: d (4,) -> (3,)" in text
    assert live["a"].sum() == 0


def test_pruning_keeps_the_newest_and_the_best(tmp_path) -> None:
    saved(tmp_path, *range(1, 7))
    checkpoint.prune(tmp_path, keep=2, best="000000003")
    assert [int(p.name) for p in checkpoint.complete(tmp_path)] == [3, 5, 6]
    checkpoint.prune(tmp_path, keep=1, best=None)
    assert [int(p.name) for p in checkpoint.complete(tmp_path)] == [6]


def test_damaged_newer_checkpoints_are_set_aside_not_deleted(tmp_path) -> None:
    saved(tmp_path, 1, 2, 3)
    checkpoint.set_aside(tmp_path, newer_than=1)
    assert [int(p.name) for p in checkpoint.complete(tmp_path)] == [1]
    assert len(list(tmp_path.glob("damaged-*"))) == 2


def test_replacing_a_file_is_all_or_nothing(tmp_path, monkeypatch) -> None:
    path = tmp_path / "report.html"
    disk.replace_file(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError):
        disk.replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
