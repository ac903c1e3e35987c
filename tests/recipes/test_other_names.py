"""What everyone types first names our setting, and every setting named is one."""

import re

import pytest

from ganvas.cli.main import main
from ganvas.cli.parser import build_parser
from ganvas.cli.wording import worded
from ganvas.recipes import flat
from ganvas.recipes.other_names import LENGTHS, OURS, ours
from ganvas.recipes.recipe_table import RECIPES

PLAIN = {name: flat.to_plain(recipe()) for name, recipe in RECIPES.items()}


def settings() -> set[str]:
    """Every dotted name that some recipe takes, and the options of ``ganvas train``."""
    found: set[str] = set()

    def walk(plain: dict, prefix: str) -> None:
        for key, value in plain.items():
            found.add(prefix + key)
            if isinstance(value, dict):
                walk(value, f"{prefix}{key}.")

    for plain in PLAIN.values():
        walk(plain, "")
    _, known = build_parser()
    return found | {option.removeprefix("--") for option in known["train"]}


@pytest.mark.parametrize("answer", OURS)
def test_every_setting_named_is_one(answer: str) -> None:
    named = re.findall(r"--([\w.-]+)", worded(answer).replace("--count", ""))
    assert named or "`" in answer or answer.startswith("nothing")
    for name in (name.replace("-", "_") for name in named):
        assert name in settings() or name == "condition.kind" or name == "augment.kind"


def test_no_name_has_two_meanings_and_none_is_a_setting_of_ours_by_itself() -> None:
    every = [name for names in [*OURS.values(), *LENGTHS.values()] for name in names.split()]
    assert len(set(every)) == len(every)
    assert not set(every) & {name for name in PLAIN["mnist"]}


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (["--lr", "0.1"], "here it is --generator_optimiser.lr and --discriminator_optimiser.lr"),
        (["--lr_g", "0.1"], "here it is --generator_optimiser.lr"),
        (["--batch_size", "8"], "here it is --batch"),
        (["--batch-size", "8"], "here it is --batch"),
        (["--batchSize", "8"], "here it is --batch"),
        (["--z_dim", "8"], "here it is --generator.latent"),
        (["--noise-dim=8"], "here it is --generator.latent"),
        (["--NOISE_DIM", "8"], "here it is --generator.latent"),
        (["--nz", "8"], "here it is --generator.latent"),
        (["--generator.nz", "8"], "here it is --generator.latent"),
        (["--ngf", "8"], "here it is --generator.width"),
        (["--image_size", "8"], "here it is --data.size"),
        (["--workers", "8"], "no process to load them"),
        (["--gpu", "0"], "here it is --device, such as cuda"),
        (["--gpu"], "no option --gpu: here it is --device, such as cuda"),
        (["--resume", "--seed", "3"], "no option --resume: here it is `ganvas resume RUN`"),
        (["--resume", "x.pt"], "here it is `ganvas resume RUN`"),
        (["--epochs", "5"], "here it is --images 300000, which is 5 epochs of 60,000 images"),
        (["tutorial-mnist", "--num_epochs", "50"], "--images 2500000"),
        (["tutorial-cifar10", "--epochs", "15"], "--images 750000"),
        (["playground-ring", "--epochs", "1"], "--images 100000"),
        (["--data", ".", "--epochs", "5"], "`ganvas data SRC`"),
        (["--epochs", "many"], "`ganvas data SRC`"),
        (["--epochs"], "`ganvas data SRC`"),
        (["--epochs", "-1"], "`ganvas data SRC`"),
        (["--epochs", ".inf"], "`ganvas data SRC`"),
        (["--batch", "²", "--steps", "7"], "a step sees a batch"),
        (["--data.limit", "600", "--epochs", "2"], "--images 1200"),
        (["--data.split", "all", "--epochs", "1"], "--images 70000"),
        (["--data.split", "nonsense", "--epochs", "1"], "`ganvas data SRC`"),
        (["--batch", "10", "--steps", "7"], "--images 70, which is 7 steps of 10 images"),
        (["--kimg", "25"], "--images 25000"),
        (["--generator.widht", "8"], "did you mean generator.width"),
        (["--bacth", "8"], "did you mean batch"),
        (["--frobnicate"], "--frobnicate needs a value"),
    ],
)
def test_what_everyone_types_first_is_answered_with_our_name(typed, answer, capsys) -> None:
    assert main(["train", *typed, "--dry-run"]) == 2
    err = capsys.readouterr().err
    assert answer in err and err.count("\n") == 1


def test_a_yaml_file_is_answered_too(tmp_path, capsys) -> None:
    (tmp_path / "mine.yaml").write_text("base: mnist\nepochs: 2\n")
    assert main(["train", str(tmp_path / "mine.yaml"), "--dry-run"]) == 2
    assert "--images 120000" in capsys.readouterr().err


def test_sizes_that_are_told_are_those_of_the_data() -> None:
    from ganvas.data import load_dataset
    from ganvas.data.builtin.builtin_table import BUILTIN

    for name in ("mnist", "ring"):
        for part, count in BUILTIN[name].counts.items():
            assert len(load_dataset(name, split=part)) == count


def test_an_unused_name_is_nobody_s() -> None:
    assert ours("frobnicate", 3, PLAIN["mnist"]) is None
