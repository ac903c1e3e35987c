"""Two runs compared: any changed bit, name, setting or figure is found, and times are left out."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def differences(monkeypatch) -> Callable[[Path, Path], list[str]]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import same_bits_compare  # pyright: ignore[reportMissingImports]

    return same_bits_compare.differences


@pytest.fixture
def old(tmp_path: Path) -> Path:
    run = tmp_path / "old" / "0001-run"
    checkpoint = run / "checkpoints" / "000000160"
    checkpoint.mkdir(parents=True)
    save(checkpoint, tensors())
    (run / "recipe.yaml").write_text("name: mnist\nimages: 160\n")
    log(run, {"images": 32, "loss": 0.5, "seconds": 1.0})
    return run


def tensors() -> dict[str, torch.Tensor]:
    return {"weight": torch.linspace(0, 1, 6).reshape(2, 3), "count": torch.tensor(4)}


def save(checkpoint: Path, named: dict[str, torch.Tensor]) -> None:
    save_file(named, checkpoint / "state.safetensors")


def log(run: Path, record: dict[str, Any]) -> None:
    (run / "log.jsonl").write_text(json.dumps(record) + "\n")


@pytest.fixture
def new(old: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(old, tmp_path / "new" / "0001-run"))


def test_times_are_left_out(differences, old, new) -> None:
    log(new, {"images": 32, "loss": 0.5, "seconds": 2.0})
    assert differences(old, new) == []


def test_one_bit_of_a_tensor_is_found(differences, old, new) -> None:
    changed = tensors()
    changed["weight"][0, 0] = -0.0
    save(new / "checkpoints" / "000000160", changed)
    assert differences(old, new) == ["1 of 2 tensors, by at most 0.0e+00 (weight)"]


def test_a_name_and_a_type_are_found(differences, old, new) -> None:
    changed = {"weights": tensors()["weight"], "count": torch.tensor(4, dtype=torch.int32)}
    save(new / "checkpoints" / "000000160", changed)
    assert differences(old, new) == [
        "count was torch.int64 [], is torch.int32 []",
        "weight is only in the old checkpoint",
        "weights is only in the new checkpoint",
    ]


def test_a_setting_and_a_figure_are_found(differences, old, new) -> None:
    (new / "recipe.yaml").write_text("name: mnist\nimages: 320\n")
    log(new, {"images": 32, "loss": 0.25, "seconds": 2.0})
    assert differences(old, new) == [
        "log.jsonl, 1, loss: 0.5 -> 0.25",
        "recipe.yaml: - images: 160",
    ]


def test_a_recipe_may_have_a_setting_more(differences, old, new) -> None:
    (new / "recipe.yaml").write_text("name: mnist\nimages: 160\npatience: null\n")
    assert differences(old, new) == []


def test_a_log_may_have_a_column_more(differences, old, new) -> None:
    for run, more in ((old, {}), (new, {"norm": 2.0})):
        log(run, {"images": 32, "loss": 0.5, **more})
        manifest = {"numbers": {"images": 160, "meter": {"loss": [1.0, 2], **more}}}
        (run / "checkpoints/000000160/manifest.json").write_text(json.dumps(manifest))
    assert differences(old, new) == []
    assert differences(new, old) == [
        "checkpoints/000000160/manifest.json, numbers, meter, norm: 2.0 -> None",
        "log.jsonl, 1, norm: 2.0 -> None",
    ]


def test_a_run_that_failed_says_why(differences, old, new) -> None:
    (new.parent / "error.txt").write_text("Traceback\nValueError: no such part\n")
    assert differences(old, new) == ["old: plays", "new: ValueError: no such part"]
