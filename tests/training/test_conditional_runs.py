"""Runs of conditional networks, and runs that begin with the weights of another."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import ganvas
from ganvas import domains
from ganvas.cli.main import main
from ganvas.data.dataset import make_dataset
from ganvas.errors import DataError, UsageError
from ganvas.evaluation.real_items import RealItems
from ganvas.features import load_features
from ganvas.recipes import recipe_table
from ganvas.recipes.build.choices import choose
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.build.prepared import Prepared, conditions_of
from ganvas.recipes.recipe import EvaluationSettings
from ganvas.store import checkpoint
from ganvas.training.evaluator import ItemEvaluator
from ganvas.training.resume import resume

from ..playing import assert_same_run, picture_folder

SMALL = {
    "generator.width": 4,
    "discriminator.width": 4,
    "discriminator.hidden": 16,
    "batch": 16,
    "threads": 1,
    "evaluation": None,
    "every.log": 48,
    "every.samples": 96,
    "every.checkpoint": 112,
}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    place = tmp_path_factory.mktemp("conditional")
    return ganvas.train("mnist-conditional", out=place, images=160, overrides=SMALL)


def test_a_run_remembers_its_classes_and_draws_the_one_asked_for(digits) -> None:
    assert digits.conditions is not None and digits.conditions.names == tuple("0123456789")
    sevens = digits.sample(8, label=7)
    assert torch.equal(sevens, digits.sample(8, label="7"))
    assert torch.equal(sevens[:3], digits.sample(3, label="7"))
    assert not torch.equal(sevens, digits.sample(8, label="1"))
    with pytest.raises(UsageError, match="no label 'ten'"):
        digits.sample(1, label="ten")


def test_its_networks_say_what_they_are_to_be_given(digits) -> None:
    latents = torch.randn(2, digits.recipe.latent)
    with pytest.raises(UsageError, match="conditions") as error:
        digits.generator(latents)
    assert "run.sample_conditions(N, label='0')" in str(error.value)
    images = digits.generator(latents, digits.sample_conditions(2, label="0"))
    with pytest.raises(UsageError, match="this discriminator"):
        digits.discriminator(images)


def test_the_sheet_has_a_row_for_each_class(digits) -> None:
    with Image.open(sorted((digits.path / "samples").glob("*.png"))[0]) as sheet:
        assert sheet.size == (8 * 30 + 2, 10 * 30 + 2)


def test_a_conditional_run_resumes_exactly(digits, tmp_path) -> None:
    ganvas.train("mnist-conditional", out=tmp_path, images=64, overrides=SMALL)
    run = resume(tmp_path / "0001-mnist-conditional", images=160)
    assert_same_run(run.path, digits.path)


def test_samples_carry_their_labels_and_are_asked_whether_they_obey(digits, tmp_path) -> None:
    out = tmp_path / "samples.npz"
    assert main(["sample", str(digits.path), "--count", "40", "--out", str(out)]) == 0
    with np.load(out) as file:
        rows = digits.sample_conditions(40)
        assert file["labels"].tolist() == rows.argmax(1).tolist()
    assert main(["sample", str(digits.path), "--label", "3", "--out", str(out)]) == 0
    with np.load(out) as file:
        assert set(file["labels"].tolist()) == {3} and len(file["images"]) == 64
    found = ganvas.evaluate(digits, count=100, metrics=["obeyed"])
    assert 0 <= found["obeyed"].value <= 1 and len(found["obeyed"].details) == 10


def test_a_seed_gives_the_same_condition_wherever_it_stands(digits) -> None:
    both = digits.sample(seeds=[4, 5, 11])
    for place, seed in enumerate((4, 5, 11)):
        assert torch.equal(digits.sample(seeds=iter([seed]))[0], both[place])


def test_other_data_with_other_classes_is_no_continuation(tmp_path) -> None:
    faces = torch.randint(0, 256, (40, 1, 28, 28), dtype=torch.uint8)
    for name, kinds in (("a", "xy"), ("b", "xz")):
        for kind in kinds:
            (tmp_path / name / kind).mkdir(parents=True)
            for i in range(20):
                pixels = faces[i + 20 * (kind != "x"), 0].numpy()
                Image.fromarray(pixels).save(tmp_path / name / kind / f"{i}.png")
    over = {**SMALL, "data.split": "all"}
    run = ganvas.train(
        "mnist-conditional", data=tmp_path / "a", out=tmp_path, images=32, overrides=over
    )
    with pytest.raises(DataError, match="this data lacks y and also has z; begin a new run"):
        ganvas.resume(run.path, data=tmp_path / "b", images=64, new_data=True)


def test_new_data_are_evaluated_by_classes_as_often_as_they_have_them() -> None:
    pixels = torch.randint(0, 256, (40, 1, 28, 28), dtype=torch.uint8)
    few, many = (torch.arange(40) < count for count in (4, 36))
    old, new = (
        make_dataset(
            domains.Image(*pixels.shape[1:]), pixels, labels.long(), ("x", "y"), "two classes"
        )
        for labels in (few, many)
    )
    settings = EvaluationSettings(features="pixels", metrics=("kid",), count=40, best="kid")
    recipe = replace(recipe_table.find("mnist-conditional"), evaluation=settings)
    prepared = Prepared(recipe, {"train": new}, conditions_of(recipe, old), choose(recipe))
    evaluator = ItemEvaluator(prepared, RealItems(new, None), load_features("pixels"))
    generator = build_networks(recipe, {"train": new.shape}, 2)["generator"]
    found = evaluator.evaluate(generator, 0, "a run")
    assert found.samples is not None and found.samples.labels is not None
    assert found.samples.labels.float().mean() > 0.75, "nine in ten of the new images are y"


def test_a_run_without_conditions_says_so(tmp_path, capsys) -> None:
    run = ganvas.train("mnist", out=tmp_path, images=32, overrides=SMALL)
    for words in (["--label", "7"], ["--attr", "Smiling=1"]):
        assert main(["sample", str(run.path), *words, "--out", str(tmp_path / "x.png")]) == 2
        assert "trained without conditions" in capsys.readouterr().err
    assert main(["sample", str(run.path), "--attr", "x", "--out", str(tmp_path / "x.png")]) == 2
    assert "not a name and 0 or 1" in capsys.readouterr().err


def test_attributes_of_a_table_are_learned_and_asked_for(tmp_path) -> None:
    pictures = picture_folder(tmp_path / "faces", count=32, size=(28, 28))
    names = sorted(file.name for file in pictures.glob("*.png"))
    rows = [f"{name},{i % 2},{int(i % 3 == 0)}" for i, name in enumerate(names)]
    (pictures / "labels.csv").write_text("\n".join(["image,Smiling,Eyeglasses", *rows]) + "\n")
    small = {**SMALL, "data.size": 28, "augment": None}
    run = ganvas.train(
        "attributes", data=pictures, out=tmp_path / "runs", images=64, overrides=small
    )
    assert run.conditions is not None and run.conditions.names == ("Smiling", "Eyeglasses")
    smiling = run.sample(6, attributes={"Smiling": True})
    assert torch.equal(smiling, run.sample(6, attributes={"Smiling": True}))
    smile = run.sample_conditions(6, attributes={"Smiling": True})
    assert smile is not None and torch.equal(smile[:, 0], torch.ones(6))
    out = tmp_path / "smiles.png"
    assert main(["sample", str(run.path), "--attr", "Smiling=1", "--out", str(out)]) == 0
    assert out.is_file()


def test_a_run_begins_with_the_weights_of_another(digits, tmp_path, capsys) -> None:
    words = ["train", "--from", str(digits.path), "--out", str(tmp_path), "--images", "16"]
    words += ["--generator_optimiser.lr", "0", "--discriminator_optimiser.lr", "0"]
    assert main(words) == 0
    assert "begins with" in capsys.readouterr().out
    run = ganvas.load(tmp_path / "0001-mnist-conditional")
    assert run.recipe.start == str(digits.path.resolve()) and run.images == 16
    kept, began = (checkpoint.load_newest(r.path / "checkpoints")[1] for r in (digits, run))
    for name in ("generator", "discriminator"):
        for key, value in checkpoint.weights(kept, name, "network").items():
            if "running" not in key and "tracked" not in key:
                assert torch.equal(checkpoint.weights(began, name, "network")[key], value), key
    optimiser = [value for key, value in began.items() if key.endswith(".step")]
    assert all(float(step) == 1 for step in optimiser)  # begun anew, one round ago


def test_a_run_with_other_networks_is_no_start(digits, tmp_path, capsys) -> None:
    words = ["train", "tutorial-mnist", "--from", str(digits.path), "--out", str(tmp_path)]
    assert main([*words, "--images", "16"]) == 2
    assert "nothing of" in capsys.readouterr().err
    assert main(["train", "--from", str(tmp_path / "none"), "--out", str(tmp_path)]) == 2


def test_the_record_has_the_conditions(digits) -> None:
    plain = json.loads((digits.path / "run.json").read_text())
    assert plain["format"] == 6 and plain["conditions"]["names"] == list("0123456789")


def test_a_way_passes_through_samples_with_their_classes_and_mixes_these_between(digits) -> None:
    seen = []
    hook = digits.generator.register_forward_pre_hook(lambda _, given: seen.append(given[1]))
    try:
        loop = digits.loop(seeds=[2, 0], steps=4)
    finally:
        hook.remove()
    rows = torch.cat(seen)
    stations = digits.sample_conditions(2, seeds=[2, 0])
    assert torch.equal(rows[::4], stations) and not torch.equal(*stations)
    torch.testing.assert_close(rows[2], stations.mean(0))
    torch.testing.assert_close(rows.sum(1), torch.ones(8))
    stills = digits.sample(seeds=[2, 0])
    assert (loop[::4].int() - stills.int()).abs().max() <= 1
