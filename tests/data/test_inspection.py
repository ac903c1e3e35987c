"""What `ganvas data SRC` shows."""

import numpy as np
import pytest
import torch
from picture_files import encoded, folder_of, picture, write

from ganvas.data import contact_sheet, inspect_source, load_dataset


def test_a_folder(tmp_path):
    folder_of(tmp_path / "cat", 3, 20, 30)
    folder_of(tmp_path / "dog", 1)
    write(tmp_path / "dog" / "same.png", (tmp_path / "cat" / "01.png").read_bytes())
    write(tmp_path / "dog" / "same.bmp", encoded(picture(1, 20, 30), "BMP"))
    write(tmp_path / "dog" / "bad.png", b"nothing")
    write(tmp_path / "dog" / "cut.png", encoded(picture(1, 90, 90), "PNG")[:900])
    seen = inspect_source(tmp_path, size=16)
    assert seen.count == 6
    assert seen.sizes.most_common(1) == [((20, 30), 5)] and next(iter(seen.sizes)) == (20, 30)
    assert seen.modes == {"RGB": 6} and seen.formats == {"PNG": 5, "BMP": 1}
    assert seen.classes == {"cat": 3, "dog": 3}
    assert seen.duplicates == (("cat/01.png", "dog/same.bmp", "dog/same.png"),)
    assert [name for name, _ in seen.unreadable] == ["dog/bad.png", "dog/cut.png"]
    assert seen.fit.startswith("24x16: cropped ")
    assert "class 'cat' has only 3 images" in seen.warnings
    assert "2 images repeat others exactly" in seen.warnings
    assert any("learn them by heart" in sentence for sentence in seen.warnings)


def test_fit_texts(tmp_path):
    folder_of(tmp_path, 2, 20, 30)
    assert inspect_source(tmp_path).fit == "30x20: as they are"
    assert inspect_source(tmp_path, size=20, fit="crop").fit == "20x20: cropped 33% on average"
    assert "padded with white" in inspect_source(tmp_path, size=20, fit="pad").fit
    write(tmp_path / "x.png", encoded(picture(0), "PNG"))
    assert "choose one, e.g. `data.size=16`" in inspect_source(tmp_path).fit


def test_in_memory():
    pixels = torch.randint(0, 256, (200, 1, 6, 6), dtype=torch.uint8)
    pixels[7] = pixels[3]
    labels = torch.arange(200) % 2
    seen = inspect_source((pixels, labels))
    assert seen.count == 200 and seen.sizes == {(6, 6): 200} and seen.formats == {"array": 200}
    assert seen.classes == {"0": 100, "1": 100}
    assert seen.duplicates == (("3", "7"),) and seen.warnings == ()


def test_contact_sheet_has_a_row_for_each_class():
    pixels = (torch.arange(30) % 3 * 100).to(torch.uint8).view(-1, 1, 1, 1).repeat(1, 1, 5, 4)
    sheet = np.asarray(contact_sheet(load_dataset((pixels, torch.arange(30) % 3))))
    assert sheet.shape == (3 * 7 + 2, 8 * 6 + 2)
    for row in range(3):
        assert (sheet[2 + 7 * row : 7 + 7 * row, 2:6] == 100 * row).all()


def test_contact_sheet_without_classes():
    dataset = load_dataset(torch.randint(0, 256, (20, 3, 5, 5), dtype=torch.uint8))
    sheet = contact_sheet(dataset, count=12, columns=5)
    assert sheet.mode == "RGB" and sheet.size == (5 * 7 + 2, 3 * 7 + 2)
    assert sheet.tobytes() == contact_sheet(dataset, count=12, columns=5).tobytes()
    assert sheet.tobytes() != contact_sheet(dataset, count=12, columns=5, seed=1).tobytes()
    with pytest.raises(ValueError):
        contact_sheet(dataset, count=0)
