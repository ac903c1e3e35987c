"""Every recipe by name, and a recipe from a name, a file or plain data."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganvas.errors import UsageError, unknown
from ganvas.recipes import flat, overlay, yaml
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


def find(recipe: str | Path | Recipe, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe by name, from a YAML file, or as it is, with overrides (see ``change``).

    A file may name a recipe to start from (``base: mnist``, or another file beside it) and give
    only what differs. It need not be whole without the overrides: only what comes out is checked.

    Raises:
        UsageError: no such name or file, or what comes out is no recipe.
    """
    if isinstance(recipe, Recipe):
        return change(recipe, overrides or {})
    if str(recipe) in RECIPES:
        return change(RECIPES[str(recipe)](), overrides or {})
    files = _layers(str(recipe), ())
    try:
        return _built([*files, overrides or {}])
    except UsageError as error:
        if _problem(files) != str(error):  # then it is of the overrides
            raise
        raise UsageError(f"{recipe}: {error}") from None


def from_plain(plain: Any, name: str = "the recipe") -> Recipe:
    """A recipe from nested plain data without a ``base``."""
    if not isinstance(plain, dict):
        raise UsageError(f"{name} holds no settings (key: value)")
    return flat.from_plain(plain)


def change(recipe: Recipe, overrides: Mapping[str, Any]) -> Recipe:
    """The recipe with settings replaced: by dotted keys, ``{"generator.width": 96}``, by nested
    mappings, ``{"generator": {"width": 96}}``, or both, in any order.

    A mapping is laid over what the recipe has, key by key; a part of another kind starts afresh.
    ``{"generator": "dcgan"}`` is the same as ``{"generator.kind": "dcgan"}``.

    Raises:
        UsageError: they contradict each other, or what comes out is no recipe.
    """
    return _built([flat.to_plain(recipe), overrides]) if overrides else recipe


def _built(parts: Sequence[Mapping[str, Any]]) -> Recipe:
    return flat.from_plain(overlay.join(parts))


def _problem(parts: Sequence[Mapping[str, Any]]) -> str | None:
    """What is wrong with these layers; None where they make a recipe."""
    try:
        _built(parts)
    except UsageError as error:
        return str(error)
    return None


def _layers(name: str, above: tuple[Path, ...]) -> list[dict[str, Any]]:
    """Plain data of a named recipe, or of a file and, before it, of all that it starts from."""
    if name in RECIPES:
        return [flat.to_plain(RECIPES[name]())]
    path = (above[-1].parent if above else Path()) / name
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(unknown(name, RECIPES, "recipe"))
    text = _text(path)
    if path.resolve() in [file.resolve() for file in above]:
        raise UsageError(f"{name} is its own base")
    plain = yaml.read(text, name)
    if not isinstance(plain, dict):
        raise UsageError(f"{name} holds no settings (key: value)")
    base = plain.pop("base", None)
    below = [] if base is None else _layers(str(base), (*above, path))
    return [*below, plain]


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise UsageError(f"there is no recipe file {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
