"""The cache folder: chosen, found, and stood in for where it cannot be had."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from ganvas import cache
from ganvas.cache import cache_path


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    """What a process stands in with is chosen once: each test is a process of its own."""
    cache._stand_in.cache_clear()
    monkeypatch.delenv("GANVAS_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    yield
    cache._stand_in.cache_clear()


def test_the_variable_then_the_platform_decide(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        assert cache_path("a", "b") == tmp_path / "ganvas" / "a" / "b"
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "own"))
    path = cache_path("a", "b")
    assert path == tmp_path / "own" / "a" / "b"
    assert path.parent.is_dir() and not path.exists()


def file_in_the_way(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file" / "below"))


def read_only(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)


def no_user(tmp_path: Path, monkeypatch) -> None:
    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


def home_that_is_none(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/dev/null")


@pytest.mark.skipif(os.name == "nt", reason="homes of POSIX")
@pytest.mark.parametrize("fault", [file_in_the_way, read_only, no_user, home_that_is_none])
def test_one_that_cannot_be_had_is_stood_in_for_with_one_line(fault, tmp_path, monkeypatch) -> None:
    fault(tmp_path, monkeypatch)
    with pytest.warns(RuntimeWarning, match="set GANVAS_CACHE to a folder of yours") as told:
        path = cache_path("decoded", "x")
        again = cache_path("decoded", "x")
    assert len(told) == 1 and path == again
    path.write_text("it can be written")
    assert tmp_path not in path.parents


def test_what_lies_in_one_that_cannot_be_written_is_still_read(tmp_path, monkeypatch) -> None:
    (tmp_path / "archive").write_text("downloaded by somebody else")
    read_only(tmp_path, monkeypatch)
    assert cache_path("archive") == tmp_path / "archive"


NOBODY = """
import pwd
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
from ganvas.cli.main import main
raise SystemExit(main({words!r}))
"""


@pytest.mark.skipif(os.name == "nt", reason="homes of POSIX")
def test_a_run_of_nobody_without_a_home_trains(tmp_path) -> None:
    small = "{kind: dcgan, width: 4, latent: 8}", "{kind: dcgan, width: 4}"
    words = ["train", "--generator", small[0], "--discriminator", small[1]]
    words += ["--images", "64", "--batch", "16", "--out", str(tmp_path / "runs")]
    words += ["--evaluation.count", "200", "--threads", "1", "--precision", "fp32"]
    code = NOBODY.format(words=words)
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME", "GANVAS_CACHE", "USER")}
    kept |= {"TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    found = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "finished: 64 images" in found.stdout
    assert found.stderr.count("GANVAS_CACHE") == 1 and "Traceback" not in found.stderr
    assert not list(tmp_path.glob("ganvas-*"))
