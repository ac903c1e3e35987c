"""Training and resuming in one process."""

import errno
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import ganvas
from ganvas.errors import CheckpointError, DataError, NonFinite, UsageError
from ganvas.networks.operators.forms import CHOICE
from ganvas.recipes import yaml
from ganvas.store import checkpoint
from ganvas.store.event import Event
from ganvas.store.log import JsonLines, read_log
from ganvas.training import writer
from ganvas.training.resolve import resolve
from ganvas.training.writer import all_finite

from ..playing import SMALL, assert_same_run


def train(out: Path, data: Any, recipe: str = "tutorial-cifar10", **more: Any) -> ganvas.Run:
    overrides = {**SMALL, **more.pop("overrides", {})}
    return ganvas.train(recipe, data=data, out=out, overrides=overrides, **more)


class Killed(BaseException):
    pass


def killed_at(images: int):
    """A listener that stops everything without ceremony once the clock passes ``images``."""

    def listen(event: Event) -> None:
        if event.images >= images:
            raise Killed

    return listen


def test_a_run_folder_holds_all_that_is_promised(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs)
    names = {p.name for p in run.path.iterdir()}
    assert names >= {
        "recipe.yaml", "run.json", "log.jsonl", "tensorboard", "samples", "checkpoints",
        "report.html", "samples.png", "reals.png", "timelapse.gif",
    }  # fmt: skip
    assert run.images == 320
    assert [r["images"] for r in run.log] == [48, 96, 144, 192, 240, 288]
    assert sorted(p.stem for p in (run.path / "samples").glob("*.png")) == [
        "000000000", "000000096", "000000192", "000000288",
    ]  # fmt: skip
    assert len(list((run.path / "checkpoints").iterdir())) == run.recipe.keep


def test_python_gives_plain_modules_and_images(tmp_path, blobs) -> None:
    run = ganvas.load(train(tmp_path, blobs).path)
    images = run.sample(5, seed=3)
    assert images.shape == (5, 16, 16, 1) and images.dtype == torch.uint8
    assert torch.equal(images[:2], run.sample(2, seed=3))
    assert not torch.equal(images, run.sample(5, seed=4))
    by_seed = run.sample(seeds=[7, 3])
    assert torch.equal(by_seed[1], images[0])
    latent = torch.randn(2, run.recipe.latent)
    assert run.discriminator(run.generator(latent)).shape == (2,)
    assert not run.generator.training


def test_the_same_seed_twice_is_the_same_run(tmp_path, blobs) -> None:
    first, second = train(tmp_path, blobs), train(tmp_path, blobs)
    assert_same_run(first.path, second.path)
    other = train(tmp_path, blobs, seed=1)
    assert not torch.equal(first.sample(4), other.sample(4))


@pytest.mark.parametrize("moment", [48, 112, 200, 290])
def test_a_run_cut_anywhere_and_resumed_is_the_uninterrupted_run(tmp_path, blobs, moment) -> None:
    whole = train(tmp_path / "whole", blobs)
    with pytest.raises(Killed):
        train(tmp_path / "cut", blobs, listeners=[killed_at(moment)])
    (path,) = (tmp_path / "cut").iterdir()
    ganvas.resume(path, data=blobs)
    assert_same_run(path, whole.path)


def test_extending_a_finished_run_is_the_longer_run(tmp_path, blobs) -> None:
    whole = train(tmp_path / "whole", blobs)
    short = train(tmp_path / "short", blobs, images=160)
    longer = ganvas.resume(short.path, data=blobs, images=320)
    assert_same_run(longer.path, whole.path)
    assert longer.recipe.images == 320


def test_resuming_at_the_end_changes_nothing(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs)
    before = {p: p.stat().st_mtime_ns for p in (run.path / "checkpoints").rglob("*")}
    log = (run.path / "log.jsonl").read_bytes()
    ganvas.resume(run.path, data=blobs)
    assert {p: p.stat().st_mtime_ns for p in (run.path / "checkpoints").rglob("*")} == before
    assert (run.path / "log.jsonl").read_bytes() == log


def test_a_damaged_newest_checkpoint_costs_only_what_came_after_the_one_before(tmp_path, blobs):
    whole = train(tmp_path / "whole", blobs)
    run = train(tmp_path / "cut", blobs)
    newest = max((run.path / "checkpoints").iterdir())
    (newest / "state.safetensors").write_bytes(b"")
    told: list[str] = []
    ganvas.resume(run.path, data=blobs, listeners=[lambda event: told.append(event.text)])
    assert any("is damaged" in text for text in told)
    assert_same_run(run.path, whole.path)


def test_changed_data_is_refused_unless_told(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, images=160)
    changed = blobs.clone()
    changed[3, 0, 2, 2] ^= 1
    with pytest.raises(DataError, match="`new_data=True`"):
        ganvas.resume(run.path, data=changed, images=320)
    ganvas.resume(run.path, data=changed, images=320, new_data=True)


def test_images_from_memory_must_be_given_again(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, images=160)
    again = r"trained on images in memory: in Python, give them again as data=\.\.\.$"
    with pytest.raises(UsageError, match=again):
        ganvas.resume(run.path)


def test_a_changed_architecture_is_refused_with_the_differing_keys(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, images=160)
    recipe = yaml.read((run.path / "recipe.yaml").read_text())
    recipe["generator"]["width"] = 8
    (run.path / "recipe.yaml").write_text(yaml.write(recipe))
    with pytest.raises(CheckpointError, match=r"changed: .*generator.*->"):
        ganvas.resume(run.path, data=blobs, images=320)


def test_a_non_finite_number_stops_the_run_and_is_never_saved(tmp_path, blobs) -> None:
    broken = {"precision": "fp32", "images": 3200}
    for player in ("discriminator", "generator"):
        with pytest.raises(NonFinite, match="stopped being a finite number"):
            rates = {f"{player}_optimiser.lr": 1e39}
            train(tmp_path / player, blobs, overrides={**broken, **rates})
        (path,) = (tmp_path / player).iterdir()
        for place in (path / "checkpoints").iterdir():
            assert all_finite(checkpoint.load(place)[0].values())


def test_a_disk_that_fills_up_costs_a_grid_and_a_log_but_not_the_run(
    tmp_path, blobs, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "save_png", full)
    monkeypatch.setattr(JsonLines, "write", full)
    monkeypatch.setattr("ganvas.training.session.save_outcome", lambda *_: None)
    with pytest.warns(RuntimeWarning) as said:
        run = train(tmp_path, blobs)
    assert run.images == 320
    text = " ".join(str(warning.message) for warning in said)
    assert "was not written" in text and "JsonLines stopped logging" in text


@pytest.mark.parametrize("keep", [0, 14, 28, 400])
def test_a_log_is_cut_back_and_never_filled_with_zeros(tmp_path, keep: int) -> None:
    """A log that is shorter than a checkpoint noted (some of it was lost) goes on at its end."""
    path = tmp_path / "log.jsonl"
    path.write_text('{"images": 8}\n{"images": 9}\n')
    log = JsonLines(path, keep_bytes=keep)
    log.write({"images": 16})
    log.close()
    kept = [{"images": 8}, {"images": 9}][: min(keep, 28) // 14]
    assert read_log(path) == [*kept, {"images": 16}]


def test_a_run_killed_before_its_first_checkpoint_begins_anew(tmp_path, blobs) -> None:
    whole = train(tmp_path / "whole", blobs)
    cut = train(tmp_path / "cut", blobs)
    shutil.rmtree(cut.path / "checkpoints" / "000000320")
    for place in list((cut.path / "checkpoints").iterdir()):
        shutil.rmtree(place)
    ganvas.resume(cut.path, data=blobs)
    assert_same_run(cut.path, whole.path)


def test_leftover_temporaries_are_cleaned_everywhere(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs)
    for place in (run.path, run.path / "samples", run.path / "checkpoints"):
        (place / ".tmp-1-x").write_text("left")
    ganvas.resume(run.path, data=blobs)
    assert list(run.path.rglob(".tmp-*")) == []


def test_a_damaged_grid_costs_a_frame_and_not_the_resume(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, images=160)
    (run.path / "samples" / "000000096.png").write_bytes(b"\x89PNG")
    with pytest.warns(RuntimeWarning, match="TensorBoard stopped logging"):
        longer = ganvas.resume(run.path, data=blobs, images=320)
    assert longer.images == 320


def test_a_total_below_the_clock_is_refused(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs)
    for images in (0, 160):
        with pytest.raises(UsageError, match="has seen 320 images"):
            ganvas.resume(run.path, data=blobs, images=images)
    assert ganvas.load(run.path).recipe.images == 320


def test_another_version_or_processor_is_told(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, images=160)
    file = run.path / "run.json"
    file.write_text(file.read_text().replace(torch.__version__, "1.0"))
    told: list[str] = []
    ganvas.resume(run.path, data=blobs, images=320, listeners=[lambda e: told.append(e.text)])
    assert any("torch 1.0, now" in text for text in told)


def test_images_asked_for_are_not_cut_short_by_the_recipes_minutes() -> None:
    assert resolve("mnist").minutes is not None
    assert resolve("mnist", overrides={"images": 10**7}).minutes is None
    assert resolve("mnist", overrides={"images": 10**7, "minutes": 3}).minutes == 3


def test_a_path_is_a_path_and_a_name_a_name(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    assert resolve(data="mnist").data.source == "mnist"
    assert resolve(data=Path("mnist")).data.source == str(tmp_path / "mnist")


def test_a_logger_that_fails_is_a_warning_and_training_goes_on(tmp_path, blobs) -> None:
    class Failing:
        def write(self, record) -> None:
            raise OSError("no room")

        def image(self, images, path) -> None: ...
        def close(self) -> None: ...

    with pytest.warns(RuntimeWarning, match="Failing stopped logging.*no room"):
        run = train(tmp_path, blobs, loggers=[Failing()])
    assert run.images == 320


def test_a_logger_of_ones_own_sees_every_record_and_grid(tmp_path, blobs) -> None:
    class Mine:
        def __init__(self) -> None:
            self.records, self.grids = [], []

        def write(self, record) -> None:
            self.records.append(dict(record))

        def image(self, images, path) -> None:
            self.grids.append(images)

        def close(self) -> None: ...

    mine = Mine()
    run = train(tmp_path, blobs, loggers=[mine])
    assert mine.records == run.log
    assert mine.grids == [0, 96, 192, 288]


def test_tensorboard_holds_the_log_after_a_resume(tmp_path, blobs) -> None:
    with pytest.raises(Killed):
        train(tmp_path, blobs, listeners=[killed_at(200)])
    (path,) = tmp_path.iterdir()
    ganvas.resume(path, data=blobs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        board = EventAccumulator(str(path / "tensorboard"))
        board.Reload()
    steps = [event.step for event in board.Scalars("loss/generator")]
    assert steps == [r["images"] for r in read_log(path / "log.jsonl")]
    assert [event.step for event in board.Images("samples")] == [0, 96, 192, 288]


def test_minutes_stop_a_run_early_and_it_can_go_on(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, minutes=7 / 60, overrides={"images": 10_000_000})
    assert 0 < run.images < 10_000_000
    assert (run.path / "report.html").is_file()
    before = run.images
    longer = ganvas.resume(run.path, data=blobs, images=before + 160)
    assert longer.images == before + 160


def test_the_report_is_one_page_that_loads_nothing(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, name="mine")
    page = (run.path / "report.html").read_text()
    assert "0001-mine" in page and "data:image/png;base64," in page and "<svg" in page
    assert "http://" not in page and "https://" not in page and "<script" not in page


def test_a_script_in_the_datas_name_is_shown_as_text(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs)
    text = (run.path / "run.json").read_text()
    name = ganvas.load(run.path).record.data
    (run.path / "run.json").write_text(text.replace(f'"{name}"', '"<script>alert(1)</script>"'))
    from ganvas.report.run_page import write_report

    page = write_report(ganvas.load(run.path)).read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"batch": 0}, "at least 1"),
        ({"batch": 10, "accumulate": 3}, "does not divide"),
        ({"batch": 65}, "a batch of 65 is more than the 64 images"),
        ({"minutes": 0}, "more than 0"),
        ({"batch": 1}, "at least 2 images"),
        ({"threads": -1}, "threads must be"),
        ({"clip_gradient": -1}, "clip_gradient must be"),
        ({"generator.width": 0}, "generator.width must be at least 1"),
        ({"discriminator.width": -1}, "discriminator.width must be at least 1"),
        ({"every.log": 0}, "at least 1"),
        ({"data.size": 29}, "cannot make"),
    ],
)
def test_numbers_that_cannot_be_a_run_leave_no_folder(tmp_path, blobs, overrides, message) -> None:
    with pytest.raises(UsageError, match=message):
        train(tmp_path / "runs", blobs, overrides=overrides)
    assert not (tmp_path / "runs").exists()


def test_a_dry_resolution_knows_defaults() -> None:
    assert resolve().name == "mnist"
    assert resolve(data="somewhere").name == "folder"
    assert resolve(data="somewhere").data.source == "somewhere"


def test_a_run_resumes_with_the_very_choices_it_recorded(tmp_path, blobs, monkeypatch) -> None:
    run = train(tmp_path, blobs, images=160)
    record = json.loads((run.path / "run.json").read_text())
    assert record["choices"]["forms"]
    swapped = {"native": "matrix", "matrix": "native"}
    forms = {key: swapped[form] for key, form in record["choices"]["forms"].items()}
    record["choices"] |= {"forms": forms, "threads": 2}
    (run.path / "run.json").write_text(json.dumps(record))
    used = []

    def spy(measured: dict[str, str]) -> None:
        used.append((measured, torch.get_num_threads()))
        CHOICE.measured = dict(measured)

    monkeypatch.setattr("ganvas.networks.operators.forms.use", spy)
    threads = torch.get_num_threads()
    ganvas.resume(run.path, data=blobs, images=192)
    assert (forms, 2) in used
    assert CHOICE.measured == {} and torch.get_num_threads() == threads  # put back afterwards


def test_a_run_of_before_there_were_trials_resumes(tmp_path, blobs) -> None:
    run = train(tmp_path, blobs, images=160)
    record = json.loads((run.path / "run.json").read_text())
    for new in ("graph", "forms", "why"):
        del record["choices"][new]
    record["format"] = 1
    (run.path / "run.json").write_text(json.dumps(record))
    assert ganvas.resume(run.path, data=blobs, images=192).images == 192


def test_batch_auto_fits_a_handful_of_images(tmp_path, blobs, monkeypatch) -> None:
    monkeypatch.setattr("ganvas.trial.batch_size.LARGEST", 8)
    run = train(tmp_path, blobs[:10], overrides={"batch": "auto", "images": 32})
    assert run.recipe.batch <= 10
