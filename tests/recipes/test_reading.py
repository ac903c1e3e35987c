"""Recipes from data and back, and what is said to a wrong key or value."""

import dataclasses

import pytest

from ganvas.engine.optimiser import SGD, Adam, OptimiserSettings, RMSprop
from ganvas.engine.schedule import Cosine, Linear
from ganvas.errors import UsageError
from ganvas.games.gan import GAN, Penalty
from ganvas.games.vae_gan import VAEGAN
from ganvas.networks.dcgan import DCGANGenerator
from ganvas.recipes import flat, reading, recipe_table, yaml
from ganvas.recipes.about import ABOUT
from ganvas.recipes.recipe import EvaluationSettings, Every
from ganvas.recipes.recipe_table import RECIPES, change, find, from_plain


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_a_round_trip_through_yaml(name: str) -> None:
    recipe = RECIPES[name]()
    text = yaml.write(flat.to_plain(recipe))
    assert from_plain(yaml.read(text)) == recipe
    assert recipe.name == name


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_tells_command_machine_and_time(name: str) -> None:
    text = RECIPES[name].__doc__ or ""
    assert f"ganvas train {name}" in text or "``ganvas train`` with ``data=" in text
    assert any(word in text for word in ("minutes", "hours", "days"))
    assert "core" in text or (ABOUT[name].minutes is None and "GPU" in text)


def test_a_penalty_of_a_part_in_either_form_survives_yaml() -> None:
    asked = [{"kind": "r1", "part": 0.25}, {"kind": "r2", "part": 1, "form": "approximate"}]
    recipe = change(find("mnist"), {"game.penalties": asked})
    expected = (Penalty("r1", part=0.25), Penalty("r2", form="approximate"))
    assert recipe.game.penalties == expected
    assert isinstance(recipe.game.penalties[1].part, float)
    assert from_plain(yaml.read(yaml.write(flat.to_plain(recipe)))) == recipe


def test_overrides_reach_nested_fields_and_coerce_types() -> None:
    recipe = change(
        find("mnist"),
        {
            "generator": {"kind": "dcgan", "width": "96"},
            "generator_optimiser.lr": "1e-3",
            "generator_optimiser.betas": [0, 0.99],
            "game.penalties": [{"kind": "r1", "weight": 1}],
            "half_life": {"kind": "linear", "start": 0, "end": 1e4, "until": 2e5},
        },
    )
    assert recipe.networks["generator"] == DCGANGenerator(width=96)
    assert recipe.optimisers["generator"] == Adam(lr=1e-3, betas=(0.0, 0.99))
    assert isinstance(recipe.optimisers["generator"].betas[0], float)
    assert recipe.game.penalties == (Penalty("r1", 1.0),)
    assert recipe.half_life == Linear(0.0, 1e4, 200_000)


def test_yaml_with_a_base_gives_only_what_differs(tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: tutorial-mnist\nname: mine\ngenerator_optimiser: {lr: 1e-3}\n")
    recipe = find(file)
    assert recipe.name == "mine"
    assert recipe.optimisers["generator"] == Adam(lr=1e-3, betas=(0.5, 0.999))
    assert recipe.batch == 100


def test_a_new_kind_starts_from_its_own_defaults(tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: tutorial-mnist\ngenerator: {kind: dcgan, width: 32}\n")
    assert find(file).networks["generator"] == DCGANGenerator(width=32)


def test_another_kind_of_optimiser_starts_afresh_and_one_without_a_kind_is_adam(
    tmp_path,
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: tutorial-mnist\ngenerator_optimiser: {kind: rmsprop, alpha: 0.9}\n")
    assert find(file).optimisers["generator"] == RMSprop(alpha=0.9)
    asked = {"discriminator_optimiser.momentum": 0.5, "discriminator_optimiser.kind": "sgd"}
    recipe = change(find("tutorial-mnist"), asked)
    assert recipe.optimisers["discriminator"] == SGD(momentum=0.5)
    assert recipe.optimisers["generator"] == Adam(3e-4)
    plain = flat.to_plain(recipe)
    assert plain["generator_optimiser"].pop("kind") == "adam"  # as files were before kinds
    assert from_plain(plain) == recipe
    for kind, expected in (("adam", Adam(3e-4, (0.5, 0.9))), ("sgd", SGD())):
        file.write_text(yaml.write({**plain, "name": "older"}))
        more = "betas: [0.5, 0.9]" if kind == "adam" else "nesterov: false"
        (tmp_path / "new.yaml").write_text(
            f"base: mine.yaml\ngenerator_optimiser: {{kind: {kind}, {more}}}\n"
        )
        assert find(tmp_path / "new.yaml").optimisers["generator"] == expected


def test_schedules_are_told_apart_by_kind() -> None:
    plain = reading.to_plain(Adam(lr=Cosine(1.0, 0.0, 10)))
    assert plain["lr"]["kind"] == "cosine"
    assert reading.from_plain(OptimiserSettings, plain) == Adam(lr=Cosine(1.0, 0.0, 10))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"generator.widht": 1}, "unknown setting 'generator.widht': did you mean generator.width"),
        ({"bach": 1}, "unknown setting 'bach': did you mean batch"),
        ({"genrator.width": 1}, "did you mean generator"),
        ({"generator.kind": "dcgn"}, "unknown kind for generator 'dcgn': did you mean dcgan"),
        ({"game.loss": "hing"}, "unknown loss 'hing': did you mean hinge?"),
        ({"game.loss": "least_squares"}, "loss 'least_squares': did you mean least-squares?"),
        (
            {"game.loss": "nothing-like-it"},
            "unknown loss 'nothing-like-it': choose one of minimax, ",
        ),
        ({"generator.kind": "tutorial_mnist"}, "did you mean tutorial-mnist?"),
        ({"evaluation.features": "Stacked_Digits"}, "did you mean stacked-digits?"),
        ({"evaluation.metrics": ["recall"]}, "evaluation.metrics: unknown metric 'recall'"),
        ({"evaluation.metrics": "FID"}, "unknown metric 'FID': here it is frechet"),
        ({"generator.width": "wide"}, "generator.width cannot be 'wide'"),
        ({"batch": 1.5}, "batch cannot be 1.5"),
        ({"batch.size": 3}, "unknown setting 'batch.size'"),
        ({"batch.kind": "linear"}, "batch cannot be"),
        ({"game.penalties.weight": 5}, "unknown setting 'game.penalties.weight'"),
        ({"precision": "fp64"}, "precision cannot be 'fp64'"),
        ({"generator_optimiser.betas": [0.5]}, "needs 2 values"),
        ({"game.penalties": [{"kind": "r1"}, {"kind": "r1"}]}, "may stand once"),
        ({"generator_optimiser.lr": -1}, "lr must be 0 or more"),
        ({"generator_optimiser.betas": [0.5, 1.5]}, "betas must be within 0 and 1"),
        ({"generator_optimiser.eps": 0}, "eps must be more than 0"),
        (
            {"generator_optimiser.kind": "rmsprop", "generator_optimiser.betas": [0.5, 0.9]},
            "it is of another kind; this one has lr, alpha, momentum, eps",
        ),
        ({"generator_optimiser.weight_decay": 0.1}, "here it is `generator_optimiser.kind=adamw`"),
        ({"generator_optimiser.kind": "sdg"}, "did you mean sgd"),
        (
            {"discriminator_optimiser": {"kind": "sgd", "nesterov": True}},
            "discriminator_optimiser: nesterov needs a momentum above 0",
        ),
        ({"game.weight_clip": -0.1}, "weight_clip must be more than 0"),
        (
            {"game.penalties": [{"kind": "r3"}]},
            "penalties.0: unknown penalty 'r3': choose one of gradient",
        ),
        ({"game.penalties": [{"part": 2}]}, "game.penalties.0: part must be more than 0"),
        ({"game.penalties": [{"form": "about"}]}, "game.penalties.0.form cannot be 'about'"),
        ({"game.penalties": [{"form": "approximate"}]}, "exists for r1 and r2 only"),
    ],
)
def test_mistakes_are_named_with_a_suggestion(overrides, message: str) -> None:
    with pytest.raises(UsageError) as error:
        change(find("tutorial-cifar10"), overrides)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_recipes_are_named_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean mnist"):
        find("mnst")
    with pytest.raises(UsageError, match="no recipe file"):
        find("missing.yaml")


def test_a_missing_required_field_is_named() -> None:
    with pytest.raises(UsageError, match=r"needs `generator\.kind`: one of compact"):
        flat.from_plain({"name": "x", "images": 1, "discriminator": "dcgan"})
    with pytest.raises(UsageError, match="images is missing"):
        flat.from_plain({"name": "x", "generator": "dcgan", "discriminator": "dcgan"})


def test_every_game_field_has_a_meaning_in_the_docs() -> None:
    for field in dataclasses.fields(GAN):
        assert f"{field.name}" in (GAN.__doc__ or "")


def test_table_reads_recipes_that_are_already_recipes() -> None:
    recipe = RECIPES["mnist"]()
    assert recipe_table.find(recipe) is recipe


def test_a_base_may_be_a_file_beside_and_never_itself(tmp_path) -> None:
    (tmp_path / "one.yaml").write_text("base: mnist\nbatch: 32\n")
    (tmp_path / "two.yaml").write_text("base: one.yaml\nseed: 7\n")
    recipe = find(tmp_path / "two.yaml")
    assert (recipe.batch, recipe.seed, recipe.name) == (32, 7, "mnist")
    (tmp_path / "self.yaml").write_text("base: self.yaml\n")
    with pytest.raises(UsageError, match="is its own base"):
        find(tmp_path / "self.yaml")


@pytest.mark.parametrize("name", RECIPES)
def test_no_text_was_left_open(name: str) -> None:
    assert "TIME_" not in (RECIPES[name].__doc__ or "")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dataclasses.replace(find("mnist"), keep=0), "keep must be at least 1"),
        (lambda: dataclasses.replace(find("mnist"), game=VAEGAN()), "needs `encoder.kind`"),
        (lambda: dataclasses.replace(find("mnist"), minutes=0.0), "minutes must be more than 0"),
        (lambda: Every(samples=0), "every.samples"),
        (lambda: EvaluationSettings(count=1), "evaluation.count from 2"),
        (
            lambda: EvaluationSettings(metrics=("beauty",)),
            "evaluation.metrics: unknown metric 'beauty'",
        ),
        (
            lambda: EvaluationSettings(features="mine"),
            "unknown feature network 'mine'",
        ),
    ],
)
def test_settings_that_cannot_be_are_never_made(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_one_part_of_several_may_stand_alone() -> None:
    listed = change(find("mnist"), {"game.terms": [{"kind": "mode-seeking"}]})
    assert change(find("mnist"), {"game.terms": "mode-seeking"}) == listed
    assert change(find("mnist"), {"game.terms": {"kind": "mode-seeking"}}) == listed
    assert change(find("mnist"), {"game.penalties": "r1"}) == change(
        find("mnist"), {"game.penalties": [{"kind": "r1"}]}
    )
    with pytest.raises(UsageError, match=r"unknown kind for game.terms.0 'sharp'"):
        change(find("mnist"), {"game.terms": "sharp"})
    with pytest.raises(UsageError, match=r"data.size cannot be 'wide'"):
        change(find("mnist"), {"data.size": "wide"})
    with pytest.raises(UsageError, match=r"game.terms cannot be 7"):
        change(find("mnist"), {"game.terms": 7})
