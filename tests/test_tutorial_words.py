"""docs/tutorials.md maps the tutorials' own words to settings that exist, with their values."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from ganvas.recipes import flat, overlay, yaml
from ganvas.recipes.recipe_table import RECIPES

DOCS = (Path(__file__).parents[1] / "docs/tutorials.md").read_text(encoding="utf-8")
RECIPE = {"A": "tutorial-cifar10", "B": "tutorial-mnist"}
WORDS = {
    "A": "batch_size num_workers shuffle transform num_epochs_discriminator num_epochs_generator "
    "criterion lr betas real_label fake_label epsilon gradient_penalty slopes z n_samples device "
    "optimizer_gen optimizer_disc running_loss_discriminator running_loss_generator state filename "
    "rand_latent_vectors dataloader retain_graph",
    "B": "batch_size NOISE_DIM NUM_TRAIN NUM_VAL num_epochs show_every noise_size noise_dim lr "
    "betas bce_loss save_dir save_path now_timestr ChunkSampler data_tf deprocess_img iter_count "
    "D_net G_net D_optimizer G_optimizer sample_noise show_images true_labels fake_labels",
}
"""Constants and names of the printed programs that a reader would look for."""


def rows(part: str) -> list[list[str]]:
    """The cells of a table."""
    text = DOCS.split(f"### {part}'s words, and ours")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def of(plain: Any, name: str) -> Any:
    for key in name.split("."):
        plain = plain[key]  # KeyError: there is no such setting
    return plain


@pytest.mark.parametrize("part", RECIPE)
def test_every_setting_named_is_in_the_recipe_with_that_value(part: str) -> None:
    recipe = RECIPES[RECIPE[part]]()
    plain = flat.to_plain(recipe)
    mapped = [row for row in rows(part) if not row[2].startswith("none: ")]
    assert len(mapped) > 15
    for _, _, settings, value in mapped:
        names = re.findall(r"`([\w.]+)`", settings)
        assert names, settings
        for name in names:
            found = copy.deepcopy(plain)
            of(plain, name)
            overlay.lay(found, overlay.nested({name: yaml.read(value.strip("`"), name)}))
            assert flat.to_plain(flat.from_plain(found)) == plain, name


@pytest.mark.parametrize("part", RECIPE)
def test_no_word_of_the_program_is_forgotten(part: str) -> None:
    printed = set(re.findall(r"\w+", " ".join(row[0] for row in rows(part))))
    assert set(WORDS[part].split()) <= printed


@pytest.mark.parametrize("part", RECIPE)
def test_what_is_no_setting_says_where_it_went(part: str) -> None:
    for row in rows(part):
        assert len(row) == 4
        assert row[2].startswith("none: ") != bool(row[3])
