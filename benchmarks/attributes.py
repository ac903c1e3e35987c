"""Are attributes obeyed? The recipe `attributes` on faces, read by probes trained on real ones.

The first three quarters of the images train the GAN and, in efficientnet-lite0 features, a logistic
regression for each attribute; the last quarter says how often these are right about reals. Then
each attribute is asked for and asked away on 500 samples each, the others as they come: a probe's
share of `yes` under either, and, over both, the share that is read as asked.

    python benchmarks/attributes.py --images FOLDER --table attributes.csv [--count 100000]
        [--size 64] [--columns Smiling Male Eyeglasses] [--out RUNS]
"""

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

import ganvas
from ganvas.data import load_dataset
from ganvas.features.extract import extract
from ganvas.features.feature_table import load_features
from ganvas.features.network import FeatureNetwork

ASKED = 500


def link(images: Path, table: Path, columns: list[str], folders: tuple[Path, Path]) -> None:
    """Three quarters and one quarter of the images, with a labels.csv each."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    cut = len(rows) * 3 // 4
    for folder, part in zip(folders, (rows[:cut], rows[cut:]), strict=True):
        folder.mkdir(parents=True)
        lines = [",".join(["image", *columns])]
        for row in part:
            (folder / row["image"]).symlink_to((images / row["image"]).resolve())
            lines.append(",".join([row["image"], *(row[column] for column in columns)]))
        (folder / "labels.csv").write_text("\n".join(lines) + "\n")


def features_of(network: FeatureNetwork, folder: Path, size: int) -> tuple[Tensor, Tensor]:
    """Features [N, d] and attributes [N, K] of a folder, at the size at which the run sees them."""
    images = load_dataset(str(folder), split="all", size=size)
    assert images.attributes is not None
    return extract(network, images.pixels).features, images.attributes.float()


class Probes:
    """A logistic regression for each attribute, on standardised features, with weight decay."""

    def __init__(self, features: Tensor, wanted: Tensor) -> None:
        self.mean, self.deviation = features.mean(0), features.std(0) + 1e-6
        inputs = self.standard(features)
        self.weights = torch.zeros(inputs.shape[1] + 1, wanted.shape[1], requires_grad=True)
        optimiser = torch.optim.LBFGS([self.weights], max_iter=200, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimiser.zero_grad()
            error = F.binary_cross_entropy_with_logits(self.logits(inputs), wanted)
            value = error + 1e-2 * self.weights[:-1].square().sum()
            value.backward()
            return value

        optimiser.step(loss)  # pyright: ignore

    def standard(self, features: Tensor) -> Tensor:
        """Features [N, D] as deviations from the training images' mean."""
        return (features - self.mean) / self.deviation

    def logits(self, inputs: Tensor) -> Tensor:
        """Logits [N, A] of standardised features."""
        return inputs @ self.weights[:-1] + self.weights[-1]

    @torch.no_grad()
    def read(self, features: Tensor) -> Tensor:
        """Which attributes an image has by its features: bool [N, A]."""
        return self.logits(self.standard(features)) > 0


def drawn(run: ganvas.Run, column: str, asked: bool) -> Tensor:
    """Samples, uint8 [500, 3, H, W], of which one attribute is asked."""
    return run.sample(ASKED, attributes={column: asked}).permute(0, 3, 1, 2)


def said(probes: Probes, features: Tensor, place: int) -> float:
    """The share in which a probe finds its attribute."""
    return probes.read(features)[:, place].float().mean().item()


def main() -> None:
    """Train on one part of the images, and print a line for each attribute."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--columns", nargs="+", default=["Smiling", "Male", "Eyeglasses"])
    parser.add_argument("--count", type=int, default=100_000, help="images to train for")
    parser.add_argument("--size", type=int, default=64, help="pixels of the shorter side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folders = Path(temporary) / "train", Path(temporary) / "test"
        link(options.images, options.table, options.columns, folders)
        began = time.monotonic()
        run = ganvas.train(
            "attributes",
            data=folders[0],
            out=options.out,
            images=options.count,
            seed=options.seed,
            overrides={"threads": 1, "evaluation": None, "data.size": options.size},
        )
        print(json.dumps({"run": str(run.path), "seconds": round(time.monotonic() - began)}))
        network = load_features("efficientnet-lite0")
        probes = Probes(*features_of(network, folders[0], options.size))
        features, wanted = features_of(network, folders[1], options.size)
        right = (probes.read(features) == wanted.bool()).float().mean(0)
        for place, column in enumerate(options.columns):
            yes = [
                said(probes, extract(network, drawn(run, column, asked)).features, place)
                for asked in (True, False)
            ]
            found = {
                "attribute": column,
                "reals": round(wanted[:, place].mean().item(), 3),
                "probe right on reals": round(right[place].item(), 3),
                "yes when asked for": round(yes[0], 3),
                "yes when asked away": round(yes[1], 3),
                "read as asked": round((yes[0] + 1 - yes[1]) / 2, 3),
            }
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
