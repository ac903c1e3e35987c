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
from ganvas.errors import NonFinite
from ganvas.runs.pictures import enlarged, grid, save_png

SIDES = ("with", "without", "plain")
MNIST, STACKED = 60_000, 120_000
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


TOLD = ("frechet", "obeyed", "recall-per-class")
MODES = ("modes", "frechet")
FAMILIES = {
    "conditional, projection": Family("mnist-conditional", {"condition": None}, metrics=TOLD),
    "conditional, concatenation": Family(
        "cgan",
        {"condition": None},
        metrics=TOLD,
    ),
    "AC-GAN": Family("acgan", {"game.terms": []}, metrics=TOLD),
    "InfoGAN": Family("infogan", {"game.terms": []}, metrics=("frechet", "modes")),
    "WGAN": Family("wgan", {"game.weight_clip": None}, images=5 * MNIST),
    "WGAN-GP": Family("wgan-gp", {"game.penalties": []}, images=5 * MNIST),
    "R1": Family("r1", {"game.penalties": []}, STACKED, "stacked-mnist", MODES, 26_000),
    "PacGAN": Family("pacgan", {"game.pack": 1}, STACKED, "stacked-mnist", MODES, 26_000),
    "minibatch discrimination": Family(
        "minibatch-discrimination",
        {"discriminator.diversity": "none"},
        STACKED,
        "stacked-mnist",
        MODES,
        26_000,
    ),
    "minibatch standard deviation": Family(
        "minibatch-deviation",
        {"discriminator.diversity": "none"},
        STACKED,
        "stacked-mnist",
        MODES,
        26_000,
    ),
    "mode seeking": Family(
        "mode-seeking", {"game.terms": []}, STACKED, "stacked-mnist", MODES, 26_000
    ),
    "unrolled": Family(
        "unrolled", {"game.unrolled": None}, STACKED, "stacked-mnist", MODES, 26_000
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
        metrics = [m for m in family.metrics if run.conditions is not None or m not in TOLD[1:]]
        figures = ganvas.evaluate(run, metrics=metrics, count=family.count)
        if pictures is not None and seed == 0 and side == "with":
            pictures.mkdir(parents=True, exist_ok=True)
            save_png(enlarged(grid(run.sample(64, seed=1))), pictures / f"{slug(name)}.png")
    values = {figure.name: figure.value for figure, _ in figures.figures}
    floors = {figure.name: floor.value for figure, floor in figures.figures if floor}
    return {**about, "seconds": round(seconds, 1), "values": values, "floors": floors}


def slug(name: str) -> str:
    return name.lower().replace(",", "").replace(" ", "-")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run_all(options: argparse.Namespace) -> None:
    for seed in options.seeds:
        for name in options.families or FAMILIES:
            for side in SIDES:
                known = {(r["family"], r["side"], r["seed"]) for r in read(options.out)}
                shared = side == "plain" and copy_plain(name, seed, options.out)
                if (name, side, seed) in known or shared:
                    continue
                found = measure(name, side, seed, options.pictures)
                if found is not None:
                    with options.out.open("a") as file:
                        file.write(json.dumps(found) + "\n")
                    print(json.dumps(found), flush=True)


def copy_plain(name: str, seed: int, path: Path) -> bool:
    """The plain side of another family of the same data and length serves this one too."""
    family = FAMILIES[name]
    for record in read(path):
        other = FAMILIES.get(record["family"])
        if record["side"] != "plain" or record["seed"] != seed or other is None:
            continue
        same = (other.data, other.images, other.count) == (family.data, family.images, family.count)
        if same and record["family"] != name and set(MODES) & set(record.get("values", {})):
            with path.open("a") as file:
                file.write(json.dumps({**record, "family": name}) + "\n")
            return True
    return False


def table(options: argparse.Namespace) -> None:
    """Markdown: the mean over seeds of each side, and its range."""
    records = read(options.out)
    print("| family | images | figure | with | without | plain |\n|---|---|---|---|---|---|")
    for name, family in FAMILIES.items():
        mine = [r for r in records if r["family"] == name]
        names = dict.fromkeys(key for r in mine for key in r.get("values", {}))
        for figure in names:
            cells = [cell([r for r in mine if r["side"] == side], figure) for side in SIDES]
            print(f"| {name} | {family.images:,} | {figure} | {' | '.join(cells)} |")


def cell(records: list[dict[str, Any]], figure: str) -> str:
    values = [r["values"][figure] for r in records if figure in r.get("values", {})]
    failed = sum("failed" in r for r in records)
    lost = f" ({failed} stopped being finite)" if failed else ""
    if not values:
        return "–" + lost
    mean = statistics.fmean(values)
    digits = max(0, 2 - math.floor(math.log10(abs(mean)))) if mean else 0
    shown = [f"{value:.{digits}f}" for value in (mean, min(values), max(values))]
    return f"{shown[0]} ({shown[1]}–{shown[2]}){lost}"


def main() -> None:
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
