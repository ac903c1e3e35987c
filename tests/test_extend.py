"""The door for parts of one's own: its names, and how a part gets one."""

import ast
import math
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import PIL.Image
import pytest
import torch
from torch import Tensor, nn

import ganvas
from ganvas import extend
from ganvas.cli.overrides import split_overrides
from ganvas.errors import UsageError
from ganvas.extend import AdversarialLoss, Augment, PenaltyKind, Term, image_gradients, register
from ganvas.extend.register import CLASSES, FUNCTIONS, OBJECTS, _checked_name
from ganvas.losses.adversarial import LOSSES, adversarial_loss, hinge, maximise_score
from ganvas.losses.penalty_kinds import PENALTIES
from ganvas.recipes import flat, own_parts
from ganvas.recipes.parts import AUGMENTATIONS, GENERATORS, TERMS, kind_of
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.recipe_table import RECIPES, change, find
from ganvas.store.event import LISTENERS
from ganvas.store.log import LOGGERS

pytestmark = pytest.mark.usefixtures("registering")

PUBLIC = """
GAN SGD Adam AdamW AdversarialLoss Augment Autoencoding Batch Clip ConditionSettings Conditions
Cosine Data DataError Dataset
Discriminator DiscriminatorOutput DiscriminatorSettings Domain Draw Encoder EncoderSettings
EvaluationSettings Event Every Fakes FeatureSet Figure Game GameSettings GameSetup Generator
GeneratorSettings Geometric Hook Image Linear Listener Logger Metric Move NotApplicable
OptimiserSettings Outcome Penalty PenaltyKind Phase Player Points RMSprop Recipe Record Result
Rewritable Role Schedule ScoresAndLogits Shape
Spec Styled Term Tokens Translator TranslatorSettings Truncatable Turn Uniform UsageError UserError
Vector at at_least_float32 average_hooks discriminator encoder generate generator image_gradients
interpolates make_dataset neighbours per_image register translator
"""
"""What users' files import: a name may come, but none may go."""


def test_no_public_name_goes() -> None:
    assert set(PUBLIC.split()) <= set(extend.__all__)
    assert all(hasattr(extend, name) for name in extend.__all__)


def test_whatever_is_public_says_what_it_is() -> None:
    aliases = {"Augment", "Batch", "Listener", "Points", "Schedule", "Shape", "Uniform", "Record"}
    for name in set(extend.__all__) - aliases:
        doc = getattr(extend, name).__doc__
        assert doc and not doc.startswith(f"{name}("), f"{name} has no docstring"


def test_games_of_ones_own_need_no_other_module() -> None:
    for file in (Path(__file__).parent / "own_games").glob("*.py"):
        if file.name.startswith(("test_", "child")):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ganvas"):
                assert node.module == "ganvas.extend", f"{file.name} imports {node.module}"


@dataclass(frozen=True)
class Small:
    """A generator."""

    latent: int = 4

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        raise AssertionError


def test_names_are_those_of_the_class_or_ones_own() -> None:
    assert register(Small) is Small and GENERATORS["small"] is Small
    assert register(Small, "tiny") is Small and GENERATORS["tiny"] is Small


def test_it_is_a_decorator_too() -> None:
    @register
    class Plain(Term):
        """Nothing is added."""

    @register(kind="zero")
    class Named(Term):
        """Nothing is added."""

    assert TERMS["plain"] is Plain and TERMS["zero"] is Named


def test_a_dataclass_that_is_called_is_an_augmentation() -> None:
    @register
    @dataclass(frozen=True)
    class Negative:
        """Turns bright and dark."""

        def __call__(self, images: Tensor, uniform: Any, strength: Any) -> Tensor:
            return -images

    assert AUGMENTATIONS["negative"] is Negative
    assert Augment in (Augment,) and kind_of(Negative()) == "negative"


def test_a_name_may_be_registered_anew_where_it_was() -> None:
    def made() -> type:
        @register(kind="again")
        @dataclass(frozen=True)
        class Again:
            """A generator."""

            latent: int = 4

            def build(self, shape: tuple[int, ...]) -> nn.Module:
                raise AssertionError

        return Again

    first, second = made(), made()
    assert first is not second and GENERATORS["again"] is second
    # Settings of the class that was replaced have a name in files still.
    assert kind_of(first()) == kind_of(second()) == "again"


def test_a_loss_too() -> None:
    for _ in range(2):
        register(AdversarialLoss(hinge, maximise_score), "mine")
    assert "mine" in LOSSES
    with pytest.raises(ValueError, match="no labels to smooth"):
        adversarial_loss("mine", real_label=0.9)


def test_names_of_others_are_refused() -> None:
    with pytest.raises(UsageError, match="generator 'dcgan' is a part of ganvas: choose another"):
        register(Small, "dcgan")
    register(Small)
    other: dict[str, Any] = {"__name__": "other", "register": register, "Small": Small}
    with pytest.raises(UsageError, match=r"there is a generator 'small' \(Small of test_extend.py"):
        exec("register(Small)", other)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (7, "7 is no part that ganvas knows: see `ganvas.extend`"),
        (object, "is no part that ganvas knows"),
        (AdversarialLoss(hinge, maximise_score), "a loss needs a name"),
        (nn.Linear(1, 1), "is a network: register its settings, a dataclass whose build(shape)"),
        (nn.Linear, "Linear is a network: register its settings"),
        (Small(), "is an object: register its class"),
        (hinge, "hinge is a function: say what it is, such as family=Listener"),
    ],
)
def test_what_is_no_part_says_so(part: object, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        register(part)


@pytest.mark.parametrize(
    "name", ["", "two words", "a.b", "a/b", "a:b", "-a", "_a", "12", "1e3", "true", "no", "null", 7]
)
def test_a_name_that_files_or_options_could_not_say_is_refused(name: Any) -> None:
    with pytest.raises(UsageError, match=re.escape(f"{name!r} cannot name a loss: take letters")):
        register(AdversarialLoss(hinge, maximise_score), name)
    assert name not in LOSSES


def test_names_of_ganvas_could_be_ones_own() -> None:
    tables = {id(sort.table): sort for sort in (*OBJECTS, *CLASSES, *FUNCTIONS)}.values()
    for sort in tables:
        for kind in sort.table:
            assert _checked_name(kind, sort) == kind


def test_a_class_whose_settings_are_none_says_what_is_missing() -> None:
    class Weighted(Term):
        weight: float = 1.0

    class Built:
        def build(self, shape: tuple[int, ...]) -> nn.Module:
            raise AssertionError

    for part in (Weighted, Built):
        with pytest.raises(UsageError, match=r"is no dataclass: write @dataclass\(frozen=True\)"):
            register(part)


def test_a_name_with_a_dash_is_like_any_other() -> None:
    register(Small, "my-net")
    changes = split_overrides(["--generator", "my-net", "--generator.latent", "3"], [])[1]
    changes |= {"half_life": None}
    assert change(find("tutorial-mnist"), changes).networks["generator"] == Small(3)
    assert flat.to_plain(change(find("mnist"), changes))["generator"]["kind"] == "my-net"


def test_a_copy_of_a_plugin_that_has_changed_since_replaces_it() -> None:
    def registered_by(file: str, module: str = "ganvas_plugin_mine") -> None:
        @dataclass(frozen=True)
        class Mine(Small):
            """A generator."""

        names = {"__name__": module, "__file__": file, "register": register, "Mine": Mine}
        exec("register(Mine)", names)

    registered_by("mine.py")
    registered_by("runs/0001-mnist/plugins/mine.py")
    with pytest.raises(UsageError, match=r"there is a generator 'mine' .* of mine\.py\) already"):
        registered_by("other.py", "ganvas_plugin_other")


def test_a_network_without_build_says_so() -> None:
    @dataclass(frozen=True)
    class Built:
        width: int = 3

    with pytest.raises(UsageError, match=r"Built must be a dataclass with a method build\(shape\)"):
        register(Built)


def test_which_parts_a_recipe_uses_is_known() -> None:
    register(Small)
    register(AdversarialLoss(hinge, maximise_score), "mine")
    register(PenaltyKind(lambda scores, images: scores.flatten(), "reals"), "not-used")
    for kind in ("small", "dcgan", "adam"):  # named as networks and optimisers are
        register(AdversarialLoss(hinge, maximise_score), kind)
    changes = {"generator": "small", "game.loss": "mine", "half_life": None}
    plain = flat.to_plain(change(find("tutorial-mnist"), changes))
    used = own_parts.used_in(plain)
    assert [(part.what, part.kind) for part in used] == [("generator", "small"), ("loss", "mine")]
    assert used[0].file == Path(__file__) and used[0].made_by == "Small"
    assert str(used[0]) == "generator 'small' (Small of test_extend.py)"
    assert own_parts.used_in(flat.to_plain(find("mnist"))) == []


def test_a_recipe_of_ones_own_is_found_by_its_name() -> None:
    recipe = change(find("tutorial-mnist"), {"name": "mine", "batch": 10})
    assert register(recipe) is recipe
    assert RECIPES["mine"]() == find("mine") == recipe


RING = {
    "images": 512, "batch": 32, "threads": 1, "precision": "fp32", "device": "cpu",
    "evaluation": None, "every.log": 256,
}  # fmt: skip


def test_a_penalty_of_ones_own_is_that_of_ganvas_where_it_does_the_same(tmp_path: Path) -> None:
    """A plain R1 by hand plays to the same bits as ``r1``."""
    register(
        PenaltyKind(lambda s, x: image_gradients(s, x).square().sum(1) / 2, "reals"), "plain-r1"
    )
    weights = []
    for kind in ("r1", "plain-r1"):
        changes = {**RING, "game.penalties": [{"kind": kind, "weight": 1.0}]}
        run = ganvas.train("playground-ring", overrides=changes, out=tmp_path)
        assert f"penalty/{kind}" in run.log[0]
        weights.append(torch.cat([p.flatten() for p in run.discriminator.parameters()]))
    assert torch.equal(*weights)


def test_a_penalty_may_choose_its_points(tmp_path: Path) -> None:
    """Between reals and fakes, by draws of its own."""
    seen = []

    def middle(real: Tensor, fake: Tensor, uniform: Any) -> Tensor:
        seen.append((real, fake, uniform("share")))
        return (real + fake) / 2

    register(PenaltyKind(lambda s, x: image_gradients(s, x).square().sum(1), middle), "middle")
    assert PENALTIES["middle"].points is middle
    changes = {**RING, "game.penalties": [{"kind": "middle", "weight": 1.0, "every": 2}]}
    ganvas.train("playground-ring", overrides=changes, out=tmp_path)
    real, fake, share = seen[-1]
    assert real.shape == fake.shape == (32, 2, 1, 1) and share.shape == (32,)
    with pytest.raises(UsageError, match="approximate form exists for r1 and r2 only, not middle"):
        changes["game.penalties"] = [{"kind": "middle", "form": "approximate"}]
        ganvas.train("playground-ring", overrides=changes, out=tmp_path)


def test_an_unknown_penalty_is_told_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown penalty 'r11': did you mean r1\?"):
        change(find("mnist"), {"game.penalties": [{"kind": "r11"}]})


def test_a_domain_has_its_name() -> None:
    from ganvas.domains import DOMAINS

    class Nameless(extend.Domain):
        """An item."""

    with pytest.raises(UsageError, match="Nameless needs a name: write name = 'my-items'"):
        register(Nameless)

    @register
    @dataclass(frozen=True)
    class Smell(extend.Vector):
        """A smell."""

        name: ClassVar[str] = "smell"

    assert DOMAINS["smell"] is Smell
    with pytest.raises(UsageError, match=r"Smell\.name is 'smell': a domain has no other name"):
        register(Smell, "odour")


def test_a_class_of_loggers_and_functions_of_a_family() -> None:
    @register
    class Log:
        """Keeps nothing."""

        def write(self, record: Any) -> None: ...
        def image(self, images: int, path: Path) -> None: ...
        def close(self) -> None: ...

    @register(family=extend.Logger)
    def makes(run: Path) -> Log:
        return Log()

    @register(family=extend.Listener)
    def hear(event: extend.Event) -> None: ...

    assert LOGGERS["log"] is Log and LOGGERS["makes"] is makes and LISTENERS["hear"] is hear
    with pytest.raises(UsageError, match="hear is a function: say what it is"):
        register(hear)


def test_contributing_names_the_tables_that_register_fills() -> None:
    from importlib import import_module

    from ganvas.extend.register import FAMILY_NAMES
    from ganvas.recipes.parts import FAMILIES

    tables = {sort.name: sort.table for sort in (*OBJECTS, *CLASSES, *FUNCTIONS)}
    tables |= {name: FAMILIES[family] for family, name in FAMILY_NAMES.items()}
    text = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(
        r"^\| ([\w ]+) \| [^|]+ \| `([A-Z]+)`, `([\w/]+)\.py` \| `register", text, re.M
    )
    found = {
        sort: getattr(import_module("ganvas." + file.replace("/", ".")), table)
        for sort, table, file in rows
    }
    assert found.keys() == tables.keys()
    assert all(found[sort] is tables[sort] for sort in tables)


def test_the_catalogue_lists_what_can_be_registered() -> None:
    from ganvas.extend.register import CLASSES, OBJECTS
    from ganvas.recipes.catalogue import TABLES

    sorts = {sort.name: sort.table for sort in (*OBJECTS, *CLASSES) if sort.name != "recipe"}
    assert {name for name in sorts if TABLES[name] is not sorts[name]} == set()
    assert {"mnist", "ring"} <= set(TABLES["data source"])


def test_the_catalogue_calls_sorts_as_register_does() -> None:
    from ganvas.extend.register import FAMILY_NAMES
    from ganvas.recipes.catalogue import TABLES, catalogue
    from ganvas.recipes.parts import FAMILIES

    tables = {sort.name: sort.table for sort in (*OBJECTS, *CLASSES) if sort.type is not Recipe}
    tables |= {name: FAMILIES[family] for family, name in FAMILY_NAMES.items()}
    assert all(TABLES[name] is table for name, table in tables.items())
    register(extend.Features(lambda: None), "thumbnails")
    assert [each.kind for each in catalogue()].count("thumbnails") == 1


def test_a_recipe_in_python_names_parts_as_files_do() -> None:
    register(Small)
    recipe = extend.Recipe(
        "named",
        networks={"generator": "small", "discriminator": {"kind": "dcgan", "width": 24}},
        images=64,
        game="gan",
    )
    plain = {"name": "named", "images": 64, "game": "gan", "generator": "small"}
    assert recipe == flat.from_plain({**plain, "discriminator": {"kind": "dcgan", "width": 24}})
    with pytest.raises(UsageError, match="unknown kind for generator 'smal': did you mean small"):
        extend.Recipe("named", {"generator": "smal", "discriminator": "dcgan"}, images=64)


def test_a_part_of_another_family_is_known_as_such() -> None:
    @dataclass(frozen=True)
    class Wide:
        """Settings of a network."""

        width: int = 8

        def build(self, shape: Any) -> nn.Module:
            raise AssertionError

    register(Wide, "wide")
    register(Wide, "wide-translator", family=extend.TranslatorSettings)
    register(Small)
    for setting, kind, says in (
        (
            "generator",
            "wide",
            "generator cannot be 'wide': it is registered as a discriminator, as settings without "
            "a field `latent` are: say family=GeneratorSettings, or add the field",
        ),
        (
            "discriminator",
            "small",
            "registered as a generator, as settings with a field `latent` are: say "
            "family=DiscriminatorSettings",
        ),
        ("generator", "wide-translator", "as a translator: say family=GeneratorSettings"),
        ("generator", "projected", "generator cannot be 'projected': it is a discriminator"),
        ("discriminator", "fastgan", "discriminator cannot be 'fastgan': it is a generator"),
        ("generator", "ada", "generator cannot be 'ada': it is an augmentation"),
    ):
        with pytest.raises(UsageError, match=re.escape(says)):
            change(find("mnist"), {setting: kind})


SORTS = (
    "AdversarialLoss", "PenaltyKind", "Term", "GameSettings", "GeneratorSettings", "Recipe",
    "DiscriminatorSettings", "OptimiserSettings", "Domain", "ConditionSettings", "Metric",
    "Features", "Logger",
)  # fmt: skip


@pytest.mark.parametrize("name", SORTS)
def test_a_sort_of_parts_has_an_example_that_runs(name: str) -> None:
    found = re.findall(r"::\n\n(( +).*\n(?:(?:\2.*)?\n)*)", getattr(extend, name).__doc__)
    examples = [text for text, _ in found]
    assert examples, f"{name} has no example"
    names = {each: getattr(extend, each) for each in extend.__all__}
    names |= {"torch": torch, "nn": nn, "math": math, "PIL": PIL, "Path": Path, "Tensor": Tensor}
    before = len(own_parts.known())
    for example in examples:
        exec(textwrap.dedent(example), {**names, "dataclass": dataclass, "__name__": "example"})
    assert len(own_parts.known()) == before + len(examples)
