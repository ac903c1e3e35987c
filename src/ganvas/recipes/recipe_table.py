"""Every recipe by name, and a recipe from a name, a file or plain data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganvas.errors import UsageError
from ganvas.recipes import flat, reading, yaml
from ganvas.recipes.named import (
    autoencoding,
    conditional,
    diversity,
    playground,
    r3gan,
    resnet,
    wasserstein,
)
from ganvas.recipes.named.cifar10 import cifar10
from ganvas.recipes.named.folder import few_shot, folder
from ganvas.recipes.named.mnist import fashion_mnist, mnist, warm_up
from ganvas.recipes.named.progressive import progressive
from ganvas.recipes.named.projected import projected
from ganvas.recipes.named.stylegan2 import stylegan2
from ganvas.recipes.named.tutorial_cifar10 import tutorial_cifar10, tutorial_cifar10_wgan_gp
from ganvas.recipes.named.tutorial_mnist import tutorial_mnist
from ganvas.recipes.recipe import Recipe

RECIPES: dict[str, Callable[[], Recipe]] = {
    "mnist": mnist,
    "mnist-conditional": conditional.mnist_conditional,
    "attributes": conditional.attributes,
    "cgan": conditional.cgan,
    "acgan": conditional.acgan,
    "infogan": conditional.infogan,
    "wgan": wasserstein.wgan,
    "wgan-gp": wasserstein.wgan_gp,
    "stacked-mnist": diversity.stacked_mnist,
    "r1": diversity.r1,
    "pacgan": diversity.pacgan,
    "minibatch-discrimination": diversity.minibatch_discrimination,
    "minibatch-deviation": diversity.minibatch_deviation,
    "mode-seeking": diversity.mode_seeking,
    "unrolled": playground.unrolled,
    "warm-up": warm_up,
    "resnet-sngan": resnet.resnet_sngan,
    "sagan": resnet.sagan,
    "stylegan2": stylegan2,
    "r3gan-tiny": r3gan.r3gan_tiny,
    "r3gan-small": r3gan.r3gan_small,
    "r3gan-base": r3gan.r3gan_base,
    "began": autoencoding.began,
    "ebgan": autoencoding.ebgan,
    "vae-gan": autoencoding.vae_gan,
    "aae": autoencoding.aae,
    "progressive": progressive,
    "playground-ring": playground.playground_ring,
    "playground-grid": playground.playground_grid,
    "playground-spiral": playground.playground_spiral,
    "folder": folder,
    "few-shot": few_shot,
    "projected": projected,
    "fashion-mnist": fashion_mnist,
    "cifar10": cifar10,
    "tutorial-mnist": tutorial_mnist,
    "tutorial-cifar10": tutorial_cifar10,
    "tutorial-cifar10-wgan-gp": tutorial_cifar10_wgan_gp,
}


def find(recipe: str | Path | Recipe) -> Recipe:
    """A recipe by name, from a YAML file, or as it is.

    A file may name a recipe to start from (``base: mnist``, or another file beside it) and give
    only what differs.

    Raises:
        UsageError: no such name or file, or a file that is no recipe.
    """
    if isinstance(recipe, Recipe):
        return recipe
    if str(recipe) in RECIPES:
        return RECIPES[str(recipe)]()
    return flat.from_plain(_whole(str(recipe), ()))


def from_plain(plain: Any, name: str = "the recipe") -> Recipe:
    """A recipe from nested plain data without a ``base``."""
    if not isinstance(plain, dict):
        raise UsageError(f"{name} holds no settings (key: value)")
    return flat.from_plain(plain)


def _whole(name: str, above: tuple[Path, ...]) -> dict[str, Any]:
    """Plain data of a named recipe or of a file, with all that its base gives filled in."""
    if name in RECIPES:
        return flat.to_plain(RECIPES[name]())
    path = (above[-1].parent if above else Path()) / name
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(reading.unknown(name, RECIPES, "recipe"))
    text = _text(path)
    if path.resolve() in [file.resolve() for file in above]:
        raise UsageError(f"{name} is its own base")
    plain = yaml.read(text, name)
    if not isinstance(plain, dict):
        raise UsageError(f"{name} holds no settings (key: value)")
    base = plain.pop("base", None)
    if base is None:
        return plain
    whole = _whole(str(base), (*above, path))
    reading.merge(whole, plain)
    return whole


def change(recipe: Recipe, overrides: dict[str, Any]) -> Recipe:
    """The recipe with dotted keys replaced: ``{"generator.width": 96}``."""
    if not overrides:
        return recipe
    overrides = _kinds_first(overrides)
    plain = flat.to_plain(recipe)
    of_game = {where for where in overrides if where.partition(".")[0] == "game"}
    for where in sorted(of_game, key=_order):
        reading.override(plain, where, overrides[where])
    # Which other settings there are is the game's to say; those of another game are left behind.
    game = flat.game_of(plain)
    plain = {name: plain.get(name) for name in flat.types(game)}
    others = {key: value for key, value in overrides.items() if key not in of_game}
    for source in map(flat.source_setting, game.sources):
        if isinstance(others.get(source), str):  # a place; how it is read stays as it is
            others[f"{source}.source"] = others.pop(source)
    for where in sorted(others, key=_order):
        reading.override(plain, where, others[where])
    return flat.from_plain(plain)


def _kinds_first(overrides: dict[str, Any]) -> dict[str, Any]:
    """The same, where a part is named by its kind alone beside settings of it, such as
    ``generator=mlp generator.width=64``, with that as ``generator.kind``."""
    wholes = {where.partition(".")[0] for where in overrides if "." in where}
    # What stands for a source alone is its place.
    wholes = {whole for whole in wholes if whole.partition("_")[0] != "data"}
    return {
        f"{where}.kind" if where in wholes and isinstance(value, str) else where: value
        for where, value in overrides.items()
    }


def _order(where: str) -> tuple[int, bool]:
    """A whole before its parts, and a new kind, which starts afresh, before what is set of it: in
    whatever order they came."""
    return where.count("."), not where.endswith(".kind")


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise UsageError(f"there is no recipe file {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
