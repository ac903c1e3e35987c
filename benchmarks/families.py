"""What each idea is worth: with it, with it switched off, and the plain game, at equal images.

Each side is trained from three seeds and measured as `ganvas evaluate` does. The plain side is
DCGAN's game: non-saturating loss, Adam 2e-4 with betas (0.5, 0.999), no penalty, no EMA, on the
compact networks. A result is a line of a file; sides that are there already are not run again.

    python benchmarks/families.py run [FAMILY ...] [--seeds 0 1 2] [--out families.jsonl]
    python benchmarks/families.py table [--out families.jsonl]
"""

import argparse
import json
import math
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ganvas
from ganvas.domains.pictures import grid, save_png
from ganvas.errors import NonFinite
from ganvas.recipes.flat import to_plain
from ganvas.recipes.recipe_table import change, find

SIDES = ("with", "without", "plain")
MNIST = 60_000
PLAIN: dict[str, Any] = {
    "recipe": "mnist",
    "game": {"kind": "gan"},
    "generator_optimiser": {"lr": 2e-4, "betas": [0.5, 0.999]},
    "discriminator_optimiser": {"lr": 2e-4, "betas": [0.5, 0.999]},
    "half_life": None,
}


@dataclass(frozen=True)
class Family:
    """without: what is set to switch the idea off, or None where nothing is left of it then.
    images: of each side. data: of the plain side. metrics: of the table; the first is compared."""

    recipe: str
    without: dict[str, Any] | None
    images: int = MNIST
    data: str = "mnist"
    metrics: tuple[str, ...] = ("frechet",)
    count: int = 5_000
    more: dict[str, Any] = field(default_factory=dict)


CONDITIONAL = ("frechet", "obeyed", "recall-per-class")
CONDITIONED = ("obeyed", "recall-per-class", "purity")
"""Figures of samples of a condition."""
MODES = ("modes", "frechet")
UNCONDITIONAL: dict[str, Any] = {"condition": None, "game.terms": []}


def _stacked(recipe: str, without: dict[str, Any], images: int = 2 * MNIST) -> Family:
    return Family(recipe, without, images, "stacked-mnist", MODES, 26_000)


FAMILIES = {
    "conditional, projection": Family(
        "mnist-conditional", {"condition": None}, metrics=CONDITIONAL
    ),
    "conditional, concatenation": Family("cgan", {"condition": None}, metrics=CONDITIONAL),
    "AC-GAN": Family("acgan", UNCONDITIONAL, metrics=CONDITIONAL),
    "InfoGAN": Family("infogan", UNCONDITIONAL, metrics=("frechet", "purity")),
    "WGAN": Family("wgan", {"game.weight_clip": None}),
    "WGAN-GP": Family("wgan-gp", {"game.penalties": []}),
    "warm-up": Family("warm-up", {"game.warm_up": None}),
    "R1": _stacked("r1", {"game.penalties": []}),
    "PacGAN": _stacked("pacgan", {"game.pack": 1}),
    "minibatch discrimination": _stacked(
        "minibatch-discrimination", {"discriminator.diversity": "none"}
    ),
    "minibatch standard deviation": _stacked(
        "minibatch-deviation", {"discriminator.diversity": "none"}
    ),
    "mode seeking": _stacked("mode-seeking", {"game.terms": []}),
    "ResNet SN-GAN": Family("resnet-sngan", {"discriminator.norm": "none"}, MNIST // 2),
    "self-attention": Family(
        "sagan", {"generator.attention": 0, "discriminator.attention": 0}, MNIST // 2
    ),
    "StyleGAN2": Family("stylegan2", {"generator.mixing": 0.0, "game.terms": []}, MNIST // 2),
    "R3GAN": Family(
        "r3gan-tiny",
        {"game.loss": "non-saturating"},
        MNIST // 2,
        more={"data.source": "mnist", "data.flip": False},
    ),
    "BEGAN": Family("began", {"game.lambda_k": 0.0}),
    "EBGAN": Family("ebgan", {"game.pulling_away": 0.0}),
    "VAE-GAN": Family("vae-gan", {"game.likeness": "pixels"}),
    "adversarial autoencoder": Family("aae", {"game.adversarial": 0.0}),
    "progressive growing": Family("progressive", {"game.images_per_stage": 0}),
    "projected, ImageNet features": Family(
        "projected",
        {"discriminator": {"kind": "compact"}},
        MNIST // 6,
        more={
            "data.source": "mnist",
            "data.split": "train",
            "data.size": None,
            "data.flip": False,
            "discriminator.size": 64,
        },
    ),
}


def settings(family: Family, side: str) -> tuple[str, dict[str, Any]] | None:
    """Recipe and overrides of a side; None where there is no such side."""
    common = {"evaluation": None, "minutes": None, "threads": 1, "precision": "bf16"}
    if side == "plain":
        plain = dict(PLAIN)
        recipe = plain.pop("recipe")
        return recipe, {**common, **plain, "data.source": family.data}
    if side == "without":
        return (
            None
            if family.without is None
            else (
                family.recipe,
                {**common, **family.more, **family.without},
            )
        )
    return family.recipe, {**common, **family.more}


def measure(name: str, side: str, seed: int, pictures: Path | None) -> dict[str, Any] | None:
    """One run and its figures; None where there is no such side."""
    family = FAMILIES[name]
    found = settings(family, side)
    if found is None:
        return None
    recipe, overrides = found
    about = {"family": name, "side": side, "seed": seed, "images": family.images}
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        try:
            run = ganvas.train(
                recipe, out=folder, images=family.images, seed=seed, overrides=overrides
            )
        except NonFinite as error:
            return {**about, "failed": str(error)}
        seconds = time.monotonic() - began
        metrics = [m for m in family.metrics if run.conditions is not None or m not in CONDITIONED]
        figures = ganvas.evaluate(run, metrics=metrics, count=family.count)
        if pictures is not None and seed == 0 and side == "with":
            pictures.mkdir(parents=True, exist_ok=True)
            save_png(grid(run.sample(16, seed=1), columns=8), pictures / f"{slug(name)}.png")
    values = {figure.name: figure.value for figure, _ in figures.figures}
    floors = {figure.name: floor.value for figure, floor in figures.figures if floor}
    return {**about, "seconds": round(seconds, 1), "values": values, "floors": floors}


def slug(name: str) -> str:
    """A family's name as the name of a file."""
    return name.lower().replace(",", "").replace(" ", "-")


def read(path: Path) -> list[dict[str, Any]]:
    """The records that a file of JSON lines holds so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run_all(options: argparse.Namespace) -> None:
    """Measure what is not measured yet, each with its idea, without it, and the plain game."""
    for seed in options.seeds:
        for name in options.families or FAMILIES:
            for side in SIDES:
                known = {(r["family"], r["side"], r["seed"]) for r in read(options.out)}
                if (name, side, seed) in known or copy(name, side, seed, options.out):
                    continue
                found = measure(name, side, seed, options.pictures)
                if found is not None:
                    with options.out.open("a") as file:
                        file.write(json.dumps(found) + "\n")
                    print(json.dumps(found), flush=True)


def played(name: str, side: str, seed: int) -> str | None:
    """What is trained, in full: sides of two families that come to the same are one run."""
    family, found = FAMILIES[name], settings(FAMILIES[name], side)
    if found is None:
        return None
    recipe, overrides = found
    whole = {**to_plain(change(find(recipe), overrides)), "name": "", "notes": ""}
    return json.dumps([whole, seed, family.images, family.count, family.metrics], sort_keys=True)


def copy(name: str, side: str, seed: int, path: Path) -> bool:
    """Whether another family's side of the same run was there to be copied."""
    wanted = played(name, side, seed)
    for record in read(path):
        other = record["family"], record["side"], record["seed"]
        if seed == record["seed"] and record["family"] in FAMILIES and played(*other) == wanted:
            with path.open("a") as file:
                file.write(json.dumps({**record, "family": name, "side": side}) + "\n")
            return True
    return False


def table(options: argparse.Namespace) -> None:
    """Markdown: the mean over seeds of each side, and its range."""
    records = read(options.out)
    print("| recipe | images | figure | with | without | plain |\n|---|---|---|---|---|---|")
    for name, family in FAMILIES.items():
        for figure in family.metrics:
            cells = " | ".join(cell(records, name, side, figure) for side in SIDES)
            print(f"| `{family.recipe}` | {family.images:,} | {figure} | {cells} |")


def cell(records: list[dict[str, Any]], name: str, side: str, figure: str) -> str:
    """Mean, least and most over the seeds; and how many runs stopped being finite."""
    mine = [r for r in records if (r["family"], r["side"]) == (name, side)]
    values = [float(r["values"][figure]) for r in mine if figure in r.get("values", {})]
    failed = sum("failed" in r for r in mine)
    lost = f"; {failed} not finite" if failed else ""
    if not values:
        return "–" + lost
    span = f" ({rounded(min(values))}–{rounded(max(values))})" if len(values) > 1 else ""
    return rounded(statistics.fmean(values)) + span + lost


def rounded(value: float) -> str:
    """Three digits; whole numbers without a point."""
    if value.is_integer():
        return f"{value:.0f}"
    before = math.floor(math.log10(abs(value))) + 1 if value else 0
    return f"{value:.{max(0, min(3, 3 - before))}f}"


def main() -> None:
    """Measure, or print the table of what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("families", nargs="*", choices=[[], *FAMILIES])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("families.jsonl"))
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    run_all(options) if options.what == "run" else table(options)


if __name__ == "__main__":
    main()
