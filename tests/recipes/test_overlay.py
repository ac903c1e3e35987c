"""Overrides in any order, files that start from a recipe, and settings that contradict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data.augment.ada import ADA
from ganvas.engine.game import Game
from ganvas.engine.optimiser import SGD, Adam
from ganvas.engine.schedule import Cosine
from ganvas.errors import UsageError
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.mode_seeking import ModeSeeking
from ganvas.games.roles import Role, discriminator, generator
from ganvas.games.setup import GameSettings, GameSetup
from ganvas.networks.compact import CompactGenerator
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.networks.mlp import MLPGenerator
from ganvas.recipes import parts
from ganvas.recipes.recipe import Data, EvaluationSettings, Recipe
from ganvas.recipes.recipe_table import change, find


@dataclass(frozen=True)
class Replay(GameSettings):
    """A game with a setting that it must be given, a role and a source of its own."""

    size: int
    sources = ("train", "old")
    players: ClassVar[Mapping[str, str | None]] = {"generator": None, "critic": None}

    @property
    def roles(self) -> Mapping[str, Role]:
        """A generator and a critic."""
        return {"generator": generator(), "critic": discriminator()}

    def build(self, setup: GameSetup) -> Game:
        raise AssertionError


@pytest.fixture(autouse=True, scope="module")
def replay() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(parts.GAMES, "replay", Replay)
        yield


MNIST = find("mnist")
REPLAY = {"game": "replay", "game.size": 5, "critic": "dcgan", "critic.width": 4}


def result(overrides: list[tuple[str, Any]], recipe: Recipe = MNIST) -> Recipe | str:
    """The recipe with overrides in this order; where there is none, what is said."""
    try:
        return change(recipe, dict(overrides))
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize(
    ("overrides", "check"),
    [
        (
            {"generator": "dcgan", "generator.width": 24},
            lambda recipe: recipe.networks["generator"] == DCGANGenerator(width=24),
        ),
        (
            {"generator.kind": "dcgan", "generator.width": 24, "generator": {"latent": 9}},
            lambda recipe: recipe.networks["generator"] == DCGANGenerator(width=24, latent=9),
        ),
        (
            {"generator": {"kind": "mlp", "width": 3}, "generator.width": 24},
            lambda recipe: recipe.networks["generator"] == MLPGenerator(width=24),
        ),
        (
            {"discriminator_optimiser": "sgd", "discriminator_optimiser.momentum": 0.5},
            lambda recipe: recipe.optimisers["discriminator"] == SGD(momentum=0.5),
        ),
        (
            {
                "generator_optimiser.lr": "cosine",
                "generator_optimiser.lr.start": 1,
                "generator_optimiser": {"lr": {"end": 0, "until": 9}, "betas": [0.1, 0.2]},
            },
            lambda recipe: (
                recipe.optimisers["generator"] == Adam(Cosine(1.0, 0.0, 9), betas=(0.1, 0.2))
            ),
        ),
        (
            {"data": "cifar10", "data.size": 16},
            lambda recipe: (recipe.data.source, recipe.data.size) == ("cifar10", 16),
        ),
        (
            {"augment": "ada", "augment.kind": "ada", "strength": "adaptive"},
            lambda recipe: isinstance(recipe.augment, ADA),
        ),
        (
            {"evaluation.every": 7, "evaluation": {"count": 9, "metrics": ["kid"]}, "seed": 3},
            lambda recipe: (recipe.evaluation.every, recipe.evaluation.count) == (7, 9),
        ),
        (
            {"game.penalties": [{"kind": "r1", "weight": 3}], "game": {"loss": "hinge"}},
            lambda recipe: recipe.game == replace(
                MNIST.game, loss="hinge", penalties=(Penalty("r1", 3.0),)
            ),
        ),
        (
            {"game.terms": ["mode-seeking"], "game.terms.0.weight": 5, "game": {"kind": "gan"}},
            lambda recipe: recipe.game.terms == (ModeSeeking(5.0),),
        ),
        (
            {"game.terms": "mode-seeking", "game.terms.0.weight": 5},
            lambda recipe: recipe.game.terms == (ModeSeeking(5.0),),
        ),
        (
            {
                "game": {"penalties": ["r1", {"kind": "r2", "weight": 2}]},
                "game.penalties.1.every": 4,
                "game.penalties.1.weight": 3,
                "game.penalties.0": {"weight": 7},
            },
            lambda recipe: recipe.game.penalties == (Penalty("r1", 7.0), Penalty("r2", 3.0, 4)),
        ),
        (
            {**REPLAY, "data_old": "grid", "data_old.limit": 3},
            lambda recipe: (recipe.game, recipe.networks["critic"], recipe.sources["old"])
            == (Replay(5), DCGANDiscriminator(width=4), Data("grid", limit=3)),
        ),
    ],
)  # fmt: skip
def test_overrides_depend_on_nothing_but_their_content(overrides, check) -> None:
    found = [result(list(order)) for order in permutations(overrides.items())]
    assert not isinstance(found[0], str) and check(found[0])
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"generator": "dcgan", "generator.kind": "mlp"},
            "`generator=dcgan` and `generator.kind=mlp` contradict each other: say one of them",
        ),
        ({"generator": {"kind": "dcgan"}, "generator.kind": "mlp"}, "`generator.kind=mlp` con"),
        ({"game": {"kind": "gan", "loss": {"kind": "x"}}, "game.loss": 3}, "`game.loss.kind=x`"),
        ({"evaluation": None, "evaluation.every": 5}, "`evaluation=null` and `evaluation.every=5`"),
        ({"data": "ring", "data.source": "grid"}, "`data=ring` and `data.source=grid`"),
        ({"batch": 8, "batch.size": 8}, "`batch=8` and `batch.size=8` contradict each other"),
        ({"game.penalties": [], "game.penalties.0.weight": 8}, "`game.penalties` and `game.pen"),
        (
            {"game.terms": ["classifier"], "game.terms.1.weight": 8},
            "`game.terms` and `game.term",
        ),
        (
            {"game.terms": ["classifier"], "game.terms.0.kind": "x"},
            "`game.terms` and `game.term",
        ),
        ({"game": "replay", "game.kind": "gan", "critic": "dcgan"}, "`game=replay` and `game.ki"),
    ],
)
def test_a_contradiction_is_an_error_that_says_so(overrides, message: str) -> None:
    found = {str(result(list(order))) for order in permutations(overrides.items())}
    assert len(found) == 1
    assert message in found.pop()


POSSIBLE: list[tuple[str, Any]] = [
    ("generator", "dcgan"), ("generator", "compact"), ("generator", {"kind": "mlp", "width": 3}),
    ("generator", None), ("generator.kind", "mlp"), ("generator.kind", "dcgan"),
    ("generator.width", 24), ("generator.depth", 2), ("generator.widht", 2),
    ("discriminator", {"width": 5}), ("discriminator.kind", "autoencoder"),
    ("game", "replay"), ("game", "began"), ("game", {"loss": "hinge"}), ("game.kind", "gan"),
    ("game.size", 5), ("game.penalties", [{"kind": "r1"}]), ("game.penalties.0.weight", 3),
    ("game.penalties.kind", "r1"), ("game.terms", ["mode-seeking"]), ("game.terms.0.weight", 5),
    ("game.terms.0", "mode-seeking"), ("game.terms.0", {"weight": 4}),
    ("game.terms", "classifier"), ("critic", "dcgan"), ("critic.width", 3),
    ("data", "cifar10"), ("data", {"size": 8}), ("data.size", 16), ("data_old", "grid"),
    ("data.source", "ring"), ("critic_optimiser.lr", 1), ("augment", None), ("augment", "ada"),
    ("augment.kind", "diffaugment"), ("strength", 1), ("strength", "adaptive"),
    ("strength.target", 0.5), ("half_life", None), ("half_life.kind", "linear"),
    ("half_life", {"start": 0, "end": 9, "until": 90}), ("evaluation", None), ("evaluation", {}),
    ("evaluation.every", 7), ("evaluation.metrics", ["kid"]), ("evaluation.metrics", "kid"),
    ("batch", 8), ("batch", 9), ("accumulate", 4), ("batch.size", 3), ("images", 100),
    ("generator_optimiser", "adam"), ("generator_optimiser.kind", "sgd"),
    ("generator_optimiser.lr", 1e-3), ("generator_optimiser.lr.start", 1e-3),
    ("generator_optimiser.lr", {"kind": "cosine", "end": 0, "until": 5}),
]  # fmt: skip
"""Overrides of which some go together, some contradict each other, and some cannot be."""


@given(st.data())
def test_any_order_of_overrides_gives_the_same_recipe_or_the_same_error(data) -> None:
    chosen = data.draw(
        st.lists(st.sampled_from(POSSIBLE), max_size=7, unique_by=lambda each: each[0])
    )
    assert result(data.draw(st.permutations(chosen))) == result(chosen)


@given(st.data())
def test_nested_or_dotted_is_the_same(data) -> None:
    dotted = {"game.loss": "hinge", "generator.width": 8, "generator_optimiser.lr": 1e-3, "keep": 2}
    flat = data.draw(st.sets(st.sampled_from(sorted(dotted))))
    mixed: dict[str, Any] = {key: dotted[key] for key in flat}
    for key in set(dotted) - flat:
        first, _, last = key.partition(".")
        mixed[first] = {last: dotted[key]} if last else dotted[key]
    assert change(MNIST, mixed) == change(MNIST, dotted)


def test_a_mapping_is_laid_over_the_recipe_s_and_another_kind_starts_afresh() -> None:
    wide = change(MNIST, {"generator": {"width": 7}})
    assert wide.networks["generator"] == replace(MNIST.networks["generator"], width=7)
    for same in ("compact", {"kind": "compact"}):
        assert change(wide, {"generator": same}) == wide
    assert change(wide, {"generator": "mlp"}).networks["generator"] == MLPGenerator()


def test_one_name_needs_no_list() -> None:
    assert change(MNIST, {"evaluation.metrics": "kid"}).evaluation.metrics == ("kid",)


def test_a_key_that_is_no_word_is_unknown(tmp_path) -> None:
    (tmp_path / "mine.yaml").write_text("base: mnist\n1: 2\n")
    with pytest.raises(UsageError, match=r"mine\.yaml: unknown setting '1'"):
        find(tmp_path / "mine.yaml")


def test_settings_made_in_python_are_settings() -> None:
    objects = {"generator": MLPGenerator(width=3), "game.penalties": (Penalty("r1"),)}
    recipe = change(MNIST, {**objects, "evaluation": EvaluationSettings(every=5)})
    assert recipe.networks["generator"] == MLPGenerator(width=3)
    assert recipe.game.penalties == (Penalty("r1"),) and recipe.evaluation.every == 5


def test_one_item_of_a_list_is_named_by_its_position() -> None:
    recipe = change(MNIST, {"game.penalties": [{"kind": "r1"}, {"kind": "r2"}]})
    heavier = change(recipe, {"game.penalties.1.weight": 3})
    assert heavier.game.penalties == (Penalty("r1"), Penalty("r2", 3.0))
    with pytest.raises(UsageError, match=r"unknown setting 'game\.penalties\.2'"):
        change(recipe, {"game.penalties.2.weight": 3})


def test_a_file_needs_be_whole_only_with_the_overrides(tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("generator: {kind: dcgan}\ncritic: {width: 8}\ngame.size: 3\ndata_old: grid\n")
    rest = {
        "game": "replay",
        "critic.kind": "dcgan",
        "name": "mine",
        "images": 9,
        "data_old.size": 4,
    }
    recipe = find(file, rest)
    assert (recipe.game, recipe.images, recipe.name) == (Replay(3), 9, "mine")
    assert recipe.networks["critic"] == DCGANDiscriminator(width=8)
    assert recipe.sources["old"] == Data("grid", size=4)
    (tmp_path / "two.yaml").write_text("base: mine.yaml\nname: two\nimages: 4\ncritic.width: 9\n")
    recipe = find(tmp_path / "two.yaml", {"game": "replay", "critic": "dcgan"})
    assert recipe.networks["critic"] == DCGANDiscriminator(width=9)


def test_settings_of_another_game_are_left_behind_and_mistakes_are_not(tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: mnist\ndiscriminator.width: 3\ndiscriminator_optimiser: {lr: 1}\n")
    assert "discriminator" not in find(file, REPLAY).networks
    file.write_text("base: mnist\nbach: 3\n")
    with pytest.raises(UsageError, match=r"mine\.yaml: unknown setting 'bach': did you mean batch"):
        find(file, REPLAY)
    with pytest.raises(UsageError, match=r"^unknown setting 'encoder_optimiser'"):
        change(find("aae"), {"game": "gan", "encoder_optimiser.lr": 1})


def test_an_encoder_is_refused_where_the_game_has_none() -> None:
    for changes in ({"encoder": "compact"}, {"encoder.width": 3}):
        with pytest.raises(UsageError, match="the game gan has no encoder: leave `encoder` away"):
            change(MNIST, changes)
    assert change(MNIST, {"encoder": None}) == MNIST
    assert "encoder" not in change(find("aae"), {"game": "gan"}).networks
    assert change(find("aae"), {"encoder.width": 3}).networks["encoder"].width == 3


def test_an_error_names_the_file_that_it_is_in(tmp_path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: mnist\ngenerator: {width: wide}\n")
    with pytest.raises(UsageError, match=r"mine\.yaml: generator\.width cannot be 'wide'"):
        find(file, {"seed": 5})
    assert find(file, {"generator.width": 5}).networks["generator"] == replace(
        MNIST.networks["generator"], width=5
    )
    with pytest.raises(UsageError, match=r"^seed cannot be 'x'"):
        find(file, {"generator.width": 5, "seed": "x"})
    file.write_text("base: mnist\ngenerator: dcgan\ngenerator.kind: mlp\n")
    with pytest.raises(UsageError, match=r"mine\.yaml: `generator=dcgan` and .* contradict"):
        find(file)


def test_a_kind_alone_or_in_a_mapping_is_the_same_in_a_file(tmp_path) -> None:
    (tmp_path / "one.yaml").write_text("base: mnist\ngenerator: {width: 7}\ndata: cifar10\n")
    for word in ("compact", "{kind: compact}"):
        (tmp_path / "two.yaml").write_text(f"base: one.yaml\ngenerator: {word}\n")
        recipe = find(tmp_path / "two.yaml")
        assert isinstance(recipe.networks["generator"], CompactGenerator)
        assert recipe.networks["generator"].width == 7 and recipe.data.source == "cifar10"
    assert isinstance(recipe.game, GAN)
