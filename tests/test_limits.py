"""Memory that a process may use, in groups as Linux shows them."""

import os
from pathlib import Path

import pytest

from ganvas import limits
from ganvas.data.decoding.storage import memory_share

GIB = 1 << 30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch) -> Path:
    """64 GiB, of which 60 are free, and no group yet."""
    monkeypatch.setattr(limits, "GROUPS", tmp_path)
    monkeypatch.setattr(limits, "OWN", tmp_path / "own")
    monkeypatch.setattr(limits, "MEMORY", tmp_path / "meminfo")
    lines = f"MemTotal: {64 << 20} kB\nMemAvailable: {60 << 20} kB\n"
    (tmp_path / "meminfo").write_text(lines)
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * GIB // 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__, raising=False)
    return tmp_path


def group(folder: Path, version: int, limit: str, used: int, kept: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current", "inactive_file")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {kept}\n")


def test_without_groups_it_is_the_machines(machine) -> None:
    assert (limits.total_memory(), limits.free_memory()) == (64 * GIB, 60 * GIB)
    assert memory_share() == 16 * GIB


def test_the_root_of_a_container(machine) -> None:
    (machine / "own").write_text("0::/\n")
    group(machine, 2, str(4 * GIB), 3 * GIB, GIB)
    assert (limits.total_memory(), limits.free_memory()) == (4 * GIB, 2 * GIB)
    assert memory_share() == GIB


def test_the_tightest_of_the_groups_above(machine) -> None:
    """Its own group has no limit; the slice that it lies in has."""
    (machine / "own").write_text("0::/user.slice/job.scope\n")
    group(machine / "user.slice" / "job.scope", 2, "max", GIB)
    group(machine / "user.slice", 2, str(8 * GIB), 2 * GIB)
    assert (limits.total_memory(), limits.free_memory()) == (8 * GIB, 6 * GIB)


def test_groups_of_version_1(machine) -> None:
    (machine / "own").write_text("9:cpu,cpuacct:/docker/abc\n5:memory:/docker/abc\n")
    group(machine / "memory", 1, str(2 * GIB), GIB, GIB // 2)  # the path is the host's, not ours
    assert (limits.total_memory(), limits.free_memory()) == (2 * GIB, 3 * GIB // 2)


def test_a_limit_of_version_1_that_is_none(machine) -> None:
    (machine / "own").write_text("5:memory:/\n")
    group(machine / "memory", 1, "9223372036854771712", GIB)
    assert (limits.total_memory(), limits.free_memory()) == (64 * GIB, 60 * GIB)


def test_where_nothing_is_told(machine, monkeypatch) -> None:
    (machine / "meminfo").unlink()
    monkeypatch.delattr(os, "sysconf")
    assert limits.total_memory() is None and limits.free_memory() is None
    assert memory_share() == GIB


def test_here() -> None:
    total, free = limits.total_memory(), limits.free_memory()
    assert total is None or total > 1 << 26
    assert free is None or free > 1 << 20
