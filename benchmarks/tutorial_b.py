"""Tutorial B's program (a first GAN on MNIST), as a baseline: its behaviour, defects included.

Kept on purpose: a sigmoid in front of the with-logits loss; noise (randn - 0.5) / 0.5, which is
N(-1, 2^2); the first 50,000 images in order, never shuffled; the discriminator's step going back
through the generator; figures that are drawn with matplotlib and never closed.
Changed: no CUDA, no `Variable`, a time limit, and 10,000 samples at the end; for timing, a number
of steps, and one batch in place of the loader's.

The report's images/s is that of the steps: after the first three, and without the figures, one
every 250 iterations, whose mean cost stands beside it (up to 250 steps: iteration 0's alone).

    python benchmarks/tutorial_b.py --mnist FOLDER --minutes 5 --threads 1 --out samples.npz
    python benchmarks/tutorial_b.py --mnist FOLDER --steps 60 --count 10
"""
# ruff: noqa: E402

import time

START = time.monotonic()  # before the slow imports: the time limit includes them

import argparse
import gzip
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
import torch
from matplotlib import gridspec
from matplotlib import pyplot as plt
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, Sampler
from torchvision import datasets, transforms

BATCH = 100
NOISE = 100
TRAIN = 50_000
EPOCHS = 50
SHOW_EVERY = 250
SAMPLES = 10_000
WARM = 3  # first steps, left out of images/s

plt.rcParams.update(
    {
        "figure.figsize": (10.0, 8.0),
        "image.interpolation": "nearest",
        "image.cmap": "gray",
        "figure.max_open_warning": 0,  # silences the warning; the figures stay open
    }
)


class InOrder(Sampler[int]):
    """The first `count` items, always in the same order."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.count))

    def __len__(self) -> int:
        return self.count


def discriminator() -> nn.Sequential:
    """Its discriminator: images [N, 1, 28, 28] to what it calls logits [N, 1]."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2),
        nn.LeakyReLU(0.2, inplace=True),
        nn.AvgPool2d(2, 2),
        nn.Conv2d(32, 64, 5, padding=2),
        nn.LeakyReLU(0.2, inplace=True),
        nn.AvgPool2d(2, 2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 1024),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(1024, 1),
        nn.Sigmoid(),  # the defect: the loss below expects logits
    )


def generator() -> nn.Sequential:
    """Its generator: noise [N, 100] to images [N, 1, 28, 28]."""
    return nn.Sequential(
        nn.Linear(NOISE, 1024),
        nn.ReLU(inplace=True),
        nn.BatchNorm1d(1024),
        nn.Linear(1024, 128 * 7 * 7),
        nn.ReLU(inplace=True),
        nn.BatchNorm1d(128 * 7 * 7),
        nn.Unflatten(1, (128, 7, 7)),
        nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(64),
        nn.ConvTranspose2d(64, 1, 4, stride=2, padding=1),
        nn.Tanh(),
    )


def noise(count: int) -> Tensor:
    """Its noise [count, 100], which is N(-1, 2²)."""
    return (torch.randn(count, NOISE) - 0.5) / 0.5


def adam(net: nn.Module) -> optim.Adam:
    """Its optimiser."""
    return optim.Adam(net.parameters(), lr=3e-4, betas=(0.5, 0.999))


def draw_grid(images: np.ndarray, path: Path | None = None) -> None:
    """One subplot an image, on a figure that is left open."""
    side = int(np.ceil(np.sqrt(len(images))))
    plt.figure(figsize=(side, side))
    grid = gridspec.GridSpec(side, side)
    grid.update(wspace=0.05, hspace=0.05)
    for i, image in enumerate(images):
        axes = plt.subplot(grid[i])
        plt.axis("off")
        axes.set_xticklabels([])
        axes.set_yticklabels([])
        axes.set_aspect("equal")
        plt.imshow(image.reshape(28, 28))
    if path is not None:
        plt.savefig(path)


def to_unit(images: Tensor) -> np.ndarray:
    """Images from [-1, 1] to [0, 1], as an array."""
    return ((images + 1.0) / 2.0).numpy()


def unpack(folder: Path, root: Path) -> None:
    """Write the four idx files where torchvision's MNIST looks for them under `root`."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        name = f"{part}-ubyte"
        with gzip.open(folder / f"{name}.gz") as packed, open(raw / name, "wb") as plain:
            shutil.copyfileobj(packed, plain)


@dataclass
class Outcome:
    """steps, seen: how many steps and images. figures, drawing: how many, and their seconds.
    warm: when the steps were warm, and the images and the drawing until then. ended: when."""

    steps: int = 0
    seen: int = 0
    figures: int = 0
    drawing: float = 0.0
    warm: tuple[float, int, float] = (math.nan, 0, 0.0)
    ended: float = math.nan

    def images_per_second(self) -> float | None:
        """Of the steps alone, figures left out; None where all of them were to warm up."""
        began, seen, drawing = self.warm
        seconds = self.ended - began - (self.drawing - drawing)
        return round((self.seen - seen) / seconds, 1) if self.steps > WARM else None


def train(
    loader: Iterable[list[Tensor]],
    g: nn.Module,
    d: nn.Module,
    *,
    steps: float,
    deadline: float,
    figures: Path,
) -> Outcome:
    """Play until `steps`, the deadline or the tutorial's 50 epochs, whichever comes first."""
    bce = nn.BCEWithLogitsLoss()
    g_adam, d_adam = adam(g), adam(d)
    done = Outcome()
    for epoch in range(EPOCHS):
        for real, _ in loader:
            count = len(real)
            ones, zeros = torch.ones(count, 1), torch.zeros(count, 1)

            on_real = d(real)
            on_fake = d(g(noise(count)))  # not detached: the step below goes through g too
            d_loss = bce(on_real, ones) + bce(on_fake, zeros)
            d_adam.zero_grad()
            d_loss.backward()
            d_adam.step()

            fake = g(noise(count))
            g_loss = bce(d(fake), ones)
            g_adam.zero_grad()
            g_loss.backward()
            g_adam.step()

            if done.steps % SHOW_EVERY == 0:
                print(
                    f"epoch {epoch} iteration {done.steps} D {d_loss:.4} G {g_loss:.4}",
                    file=sys.stderr,
                    flush=True,
                )
                name = f"{epoch}_{done.steps}_D{d_loss:.4}_G{g_loss:.4}.jpg"
                began = time.monotonic()
                draw_grid(to_unit(fake.detach()), figures / name)
                done.figures += 1
                done.drawing += time.monotonic() - began
            done.steps += 1
            done.seen += count
            done.ended = time.monotonic()
            if done.steps == WARM:
                done.warm = done.ended, done.seen, done.drawing
            if done.steps >= steps or done.ended >= deadline:
                return done
    return done


@torch.no_grad()
def sample(g: nn.Module, count: int) -> np.ndarray:
    """uint8 [count, 28, 28, 1], in training mode (statistics of each batch of 100)."""
    batches = [g(noise(BATCH)) for _ in range(-(-count // BATCH))]
    pixels = ((torch.cat(batches)[:count] + 1.0) * 127.5).round().clamp(0, 255)
    return pixels.to(torch.uint8).permute(0, 2, 3, 1).numpy()


def main() -> None:
    """Train as printed, for minutes or steps; print its speed, and write samples."""
    parser = argparse.ArgumentParser(description="tutorial B's MNIST GAN, as a baseline")
    parser.add_argument("--mnist", type=Path, required=True, help="folder of the four .gz files")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=5.0, help="from program start")
    length.add_argument("--steps", type=int, help="instead of minutes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one-batch", action="store_true", help="the first one again and again")
    parser.add_argument("--count", type=int, default=SAMPLES)
    parser.add_argument("--out", type=Path, default=Path("samples.npz"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    figures = args.out.parent / datetime.now().strftime("results_%Y-%m-%d_%H-%M-%S_%f")
    figures.mkdir(parents=True)

    with tempfile.TemporaryDirectory() as root:
        unpack(args.mnist, Path(root))
        scale = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])
        images = datasets.MNIST(root, train=True, transform=scale)
    loader = DataLoader(images, batch_size=BATCH, sampler=InOrder(TRAIN))
    first = next(iter(loader))
    draw_grid(to_unit(first[0]))
    batches = [first] * len(loader) if args.one_batch else loader

    d, g = discriminator(), generator()
    begun = time.monotonic()
    done = train(
        batches,
        g,
        d,
        steps=args.steps or math.inf,
        deadline=math.inf if args.steps else START + 60.0 * args.minutes,
        figures=figures,
    )
    ended = time.monotonic()
    np.savez_compressed(args.out, images=sample(g, args.count))
    report = {
        "program": "tutorial_b",
        "seed": args.seed,
        "threads": args.threads,
        "steps": done.steps,
        "images_seen": done.seen,
        "seconds": round(ended - START, 2),
        "start_seconds": round(begun - START, 2),
        "images_per_second": done.images_per_second(),
        "figure_seconds": round(done.drawing / done.figures, 2),
        "figures": str(figures),
        "out": str(args.out),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
