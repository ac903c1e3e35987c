"""What `sample` and others write: a chunk at a time, whole or not at all, over nothing of yours."""

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ganvas
from ganvas import domains, own_output
from ganvas.cli.main import main
from ganvas.data import load_dataset
from ganvas.domains.writers import save_npz
from ganvas.errors import UsageError
from ganvas.sampling import sampler_base
from ganvas.sampling.outputs import check_output


def sample(run: Path, out: object, count: int = 4, *more: str) -> int:
    return main(["sample", str(run), "--out", str(out), "--count", str(count), *more])


KINDS = ["grid.png", "samples.npz", "clip.gif", "clip.webp", "many/"]


@pytest.mark.parametrize("name", KINDS)
def test_a_command_that_is_repeated_replaces_its_own_output_and_says_so(
    run, tmp_path, capsys, name
) -> None:
    out = f"{tmp_path}/{name}"
    assert sample(run, out) == 0
    assert "in place of" not in capsys.readouterr().out
    assert sample(run, out) == 0
    assert "in place of" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == [name.rstrip("/")]


def test_fewer_samples_than_before_leave_none_of_those(run, tmp_path) -> None:
    assert sample(run, f"{tmp_path}/many/", 9) == 0
    (tmp_path / "many" / ".DS_Store").write_text("a desktop was here")
    assert sample(run, f"{tmp_path}/many/", 4, "--seed", "1") == 0
    drawn = ganvas.load(run).sample(4, seed=1)
    found = sorted((tmp_path / "many").glob("*.png"))
    assert [path.name for path in found] == [f"{index:06d}.png" for index in range(4)]
    for image, path in zip(drawn, found, strict=True):
        with Image.open(path) as picture:
            assert np.array_equal(np.asarray(picture), image[..., 0].numpy())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.bmp", "end it with .png"),
        ("x.mp4", "--out x.gif"),
        ("a/x.MOV", "ffmpeg -i a/x.gif a/x.MOV"),
    ],
)
def test_endings_that_nothing_writes_are_answered_by_those_that_work(
    run, tmp_path, monkeypatch, capsys, name, message
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sample(run, name) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())


def foreign(path: Path) -> Path:
    """A file of the user's own."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".npz":
        np.savez(path, images=np.zeros((2, 4, 4, 1), np.uint8))
    elif path.suffix in (".png", ".gif", ".webp"):
        Image.new("L", (9, 9), 7).save(path)
    else:
        path.write_text("mine")
    return path


@pytest.mark.parametrize("name", ["grid.png", "samples.npz", "clip.gif", "clip.webp"])
def test_a_file_of_the_users_is_replaced_on_their_word_alone(run, tmp_path, capsys, name) -> None:
    mine = foreign(tmp_path / name)
    before = mine.read_bytes()
    assert sample(run, mine) == 2
    assert "ganvas did not draw it" in capsys.readouterr().err and mine.read_bytes() == before
    assert sample(run, mine, 4, "--overwrite") == 0
    assert mine.read_bytes() != before


@pytest.mark.parametrize("names", [["a.jpg"], ["000000.png"], ["000000.png", "notes.txt"]])
def test_a_folder_of_the_users_is_never_replaced(run, tmp_path, capsys, names) -> None:
    for name in names:
        foreign(tmp_path / "photos" / name)
    for more in ([], ["--overwrite"]):
        assert sample(run, f"{tmp_path}/photos/", 4, *more) == 2
        assert "name an empty folder" in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "photos").iterdir()) == sorted(names)


def test_a_file_of_the_users_among_samples_keeps_them_all(run, tmp_path, capsys) -> None:
    assert sample(run, f"{tmp_path}/many/") == 0
    before = foreign(tmp_path / "many" / "000009.png").read_bytes()
    assert sample(run, f"{tmp_path}/many/", 2) == 2
    assert "(000009.png): name an empty" in capsys.readouterr().err
    assert len(list((tmp_path / "many").iterdir())) == 5
    assert (tmp_path / "many" / "000009.png").read_bytes() == before


def test_the_history_of_a_run_is_no_earlier_output(run, capsys) -> None:
    before = sorted((run / "samples").iterdir())
    assert sample(run, f"{run}/samples/") == 2
    assert "did not draw" in capsys.readouterr().err
    assert sorted((run / "samples").iterdir()) == before


@pytest.mark.parametrize("out", ["deep/grid.png", "deep/samples.npz", "deep/clip.gif", "many/"])
def test_what_cannot_be_drawn_leaves_no_folder(run, tmp_path, out) -> None:
    assert sample(run, f"{tmp_path}/{out}", 4, "--label", "7") == 2
    assert not list(tmp_path.iterdir())


def bomb(path: Path) -> None:
    """A picture that says of itself that it is 60,000 pixels wide and high."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", b""), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


ODD = {
    "a picture too large to open": bomb,
    "a TIFF cut short": lambda path: path.write_bytes(b"II*\0\x08\0\0\0\xff\xff\0\0\0"),
    "no picture": lambda path: path.write_text("mine"),
    "nothing": lambda path: path.touch(),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_files_that_cannot_be_opened_are_the_users_too(run, tmp_path, capsys, make) -> None:
    make(tmp_path / "grid.png")
    before = (tmp_path / "grid.png").read_bytes()
    assert sample(run, tmp_path / "grid.png") == 2
    assert "ganvas did not draw it" in capsys.readouterr().err
    assert (tmp_path / "grid.png").read_bytes() == before


@pytest.mark.parametrize("name", ["compare.html", "pairs.png", "sheet.png"])
def test_other_commands_keep_the_rule(run, tmp_path, capsys, name) -> None:
    mine = foreign(tmp_path / name)
    words = {
        "compare.html": ["compare", str(run), str(run), "--out", str(mine)],
        "pairs.png": ["evaluate", str(run), "--neighbours", str(mine)],
        "sheet.png": ["data", "ring", "--out", str(mine)],
    }[name]
    assert main(words) == 2
    assert "say --overwrite" in capsys.readouterr().err


def test_pages_and_sheets_of_ours_are_replaced(tmp_path, capsys) -> None:
    for _ in range(2):
        assert main(["data", "ring", "--out", str(tmp_path / "sheet.png")]) == 0
    assert "sheet.png, in place of an earlier one" in capsys.readouterr().out
    page = tmp_path / "page.html"
    page.write_bytes(own_output.PAGE_MARK.encode())
    assert check_output(page)


def chunks(count: int, size: int = 100):
    for first in range(0, count, size):
        rows = torch.arange(first, min(first + size, count))
        yield rows.to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 32, 32, 1).contiguous(), rows % 10


def test_samples_in_a_file_are_those_of_the_chunks(tmp_path) -> None:
    save_npz(chunks(250), 250, tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz", allow_pickle=False) as file:
        assert sorted(file) == ["images", "labels"]
        assert np.array_equal(file["images"][:, 0, 0, 0], np.arange(250).astype(np.uint8))
        assert np.array_equal(file["labels"], np.arange(250) % 10)
    assert len(load_dataset(tmp_path / "s.npz")) == 250


def test_no_more_than_a_chunk_is_in_memory(tmp_path) -> None:
    """40 MB of images; their labels alone are kept."""
    tracemalloc.start()
    save_npz(chunks(40_000), 40_000, tmp_path / "s.npz")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("ending", ["/", ".npz"])
def test_what_breaks_off_leaves_what_was_there(tmp_path, ending) -> None:
    path = tmp_path / "out"

    def broken():
        yield next(chunks(250))
        raise KeyboardInterrupt

    writer = domains.Image(1, 32, 32).writers[ending]
    writer.save(chunks(250), 250, path)
    before = sorted(each.name for each in tmp_path.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        writer.save(broken(), 250, path)
    assert sorted(each.name for each in tmp_path.rglob("*")) == before


def test_a_stream_is_what_sample_draws(run, monkeypatch) -> None:
    whole = ganvas.load(run).sample(250, seed=3)
    monkeypatch.setattr(sampler_base, "STREAMED", 100)
    parts = [images for images, _ in ganvas.load(run).stream(250, seed=3)]
    assert [len(part) for part in parts] == [100, 100, 50]
    assert torch.equal(torch.cat(parts), whole)
    seeds = list(range(150))
    one = ganvas.load(run).sample(seeds=seeds)
    assert torch.equal(one[120], ganvas.load(run).sample(1, seed=120)[0])
    with pytest.raises(UsageError, match="at least 1"):
        ganvas.load(run).sample(0)
    with pytest.raises(UsageError, match="names no image"):
        ganvas.load(run).sample(seeds=range(0))
