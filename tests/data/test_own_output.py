"""What ganvas drew is no data: runs, sheets and samples below a source, in folders and archives."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from picture_files import encoded, folder_of, picture, write

from ganvas.data import contact_sheet, load_dataset
from ganvas.domains.pictures import save_clip, save_png
from ganvas.errors import DataError


def run_of(path: Path, marked: bool = True) -> Path:
    """The pictures of a run, as ``train`` leaves them (or older versions did, without a mark)."""
    for name in ("recipe.yaml", "run.json", "log.jsonl", "report.html", "checkpoints/1/weights"):
        write(path / name, b"words")
    for number in range(3):
        (path / "samples").mkdir(exist_ok=True)
        place = path / "samples" / f"{number:09}.png"
        save_png(picture(number), place) if marked else picture(number).save(place)
    return path


def packed(source: Path) -> list[Path]:
    """The folder as a zip and a tar beside it, each in the order of the names and backwards."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    places = []
    for turn, ordered in enumerate((files, files[::-1])):
        places += [source.with_name(f"{source.name}{turn}{end}") for end in (".zip", ".tar")]
        with zipfile.ZipFile(places[-2], "w") as zipped:
            for path in ordered:
                zipped.write(path, path.relative_to(source))
        with tarfile.open(places[-1], "w") as tar:
            for path in ordered:
                tar.add(path, path.relative_to(source))
    return places


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("place", ["runs/0001-folder", "0001-folder", "deep/down/runs/0001-x"])
def test_a_run_below_a_source_is_passed_over(tmp_path, place, marked) -> None:
    photos = folder_of(tmp_path / "photos")
    before = load_dataset(photos)
    run_of(photos / place, marked)
    for source in (photos, *packed(photos)):
        dataset = load_dataset(source)
        assert dataset.fingerprint == before.fingerprint
        assert dataset.notes == ("3 pictures that ganvas drew passed over",)


def test_sheets_beside_the_pictures_are_passed_over(tmp_path) -> None:
    photos = folder_of(tmp_path / "photos")
    before = load_dataset(photos)
    save_png(contact_sheet(before), photos / "any name.png")
    for name in ("clip.gif", "clip.webp"):
        save_clip([picture(1), picture(2)], photos / name)
    for source in (photos, *packed(photos)):
        assert load_dataset(source).fingerprint == before.fingerprint


def test_unmarked_sheets_of_older_versions_are_known_by_name_beside_runs(tmp_path) -> None:
    photos = folder_of(tmp_path / "photos")
    before = load_dataset(photos)
    for name in ("contact-sheet.png", "grid.png"):
        write(photos / name, encoded(picture(8), "PNG"))
    assert len(load_dataset(photos)) == 6  # without a run nothing says that they are ours
    run_of(photos / "runs" / "0001-folder", marked=False)
    assert load_dataset(photos).fingerprint == before.fingerprint


def test_samples_are_data_by_themselves_alone(tmp_path) -> None:
    photos = folder_of(tmp_path / "photos")
    before = load_dataset(photos)
    (photos / "drawn").mkdir()
    for number in range(3):
        save_png(picture(10 + number), photos / "drawn" / f"{number}.png", "sample")
    save_png(picture(7), photos / "drawn" / "grid of them.png")
    assert len(load_dataset(photos / "drawn")) == 3
    assert load_dataset(photos).fingerprint == before.fingerprint


def test_a_user_s_own_marks_and_files_mean_nothing(tmp_path) -> None:
    photos = folder_of(tmp_path / "photos")
    file = io.BytesIO()
    picture(5).save(file, "GIF", comment=b"the ganvas of a friend")
    write(photos / "friend.gif", file.getvalue())
    write(photos / "recipe.yaml", b"apple pie")
    assert load_dataset(photos).notes == ("1 other file ignored",)
    assert len(load_dataset(photos)) == 5


@pytest.mark.parametrize("source", ["0001-x", "0001-x/samples", "."])
def test_a_run_as_a_source_is_refused_with_a_reason(tmp_path, source) -> None:
    run_of(tmp_path / "0001-x")
    with pytest.raises(DataError, match=r"only pictures that ganvas drew.* your own images"):
        load_dataset(tmp_path / source)
