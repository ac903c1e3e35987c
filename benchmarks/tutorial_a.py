"""Tutorial A's networks and loop (a DCGAN), as a baseline, corrected just enough to run.

Corrected: the generator learns from D on the same fake batch, with a gradient; the interpolates
require a gradient and the penalty's own graph is kept (`create_graph`).
Kept on purpose: BCE behind a sigmoid, one epsilon a batch, slopes summed over the channel axis
alone, BatchNorm in both networks, both losses read back at every step, sampling in training mode.
Added: the image size (a level of each network more for every doubling beyond 32); for timing, a
number of steps, of images that are read, and one batch in place of the loader's.

    python benchmarks/tutorial_a.py --data FOLDER --size 64 --minutes 5 --threads 1
    python benchmarks/tutorial_a.py --data cifar10-jpeg.tar.gz --steps 200 --no-penalty
"""
# ruff: noqa: E402

import time

START = time.monotonic()  # before the slow imports: --minutes includes them

import argparse
import json
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

# isort: split
from measure import read_images, split

LATENT = 100
WARM = 3  # first steps, left out of images/s


def widths(size: int) -> list[int]:
    """512, 256, 128 at 32 px; 512, 256, 128, 64 at 64 px."""
    levels = int(math.log2(size / 4))
    if size != 4 * 2**levels or not 1 <= levels <= 8:
        raise ValueError(f"the size must be a power of two between 8 and 1024, not {size}")
    return [512 >> level for level in range(levels)]


def generator(size: int) -> nn.Sequential:
    """Its generator: latents [N, 100, 1, 1] to images [N, 3, size, size]."""
    chain = widths(size)
    layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, chain[0], 4, stride=2)]
    for before, after in zip(chain, [*chain[1:], 3], strict=True):
        layers += [nn.BatchNorm2d(before), nn.ReLU(inplace=True)]
        layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
    return nn.Sequential(*layers, nn.Tanh())


def discriminator(size: int) -> nn.Sequential:
    """Its discriminator: images to probabilities [N]."""
    chain = widths(size)[::-1]
    layers: list[nn.Module] = [nn.Conv2d(3, chain[0], 4, stride=2, padding=1)]
    layers += [nn.LeakyReLU(0.2, inplace=True)]
    for before, after in pairwise(chain):
        layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.BatchNorm2d(after)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(chain[-1], 1, 4, stride=2), nn.Sigmoid(), nn.Flatten(0))


def penalty(d: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Penalty on the slopes of D's probabilities: one epsilon a batch, one slope a pixel."""
    epsilon = np.random.uniform(0, 1)
    between = (epsilon * real + (1 - epsilon) * fake).requires_grad_(True)
    scores = d(between)
    slopes = torch.autograd.grad(
        scores, between, grad_outputs=torch.ones_like(scores), create_graph=True
    )[0]
    return ((slopes.square().sum(dim=1).sqrt() - 1) ** 2).mean()


class InMemory(Dataset[Tensor]):
    """PIL images held in memory; each item pays for ToTensor and Normalize, as in the tutorial."""

    def __init__(self, images: list[Image.Image]) -> None:
        self.images = images
        self.scale = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)]
        )

    def __getitem__(self, index: int) -> Tensor:
        item = self.scale(self.images[index])
        assert isinstance(item, Tensor)
        return item

    def __len__(self) -> int:
        return len(self.images)


@dataclass
class Outcome:
    """How far a training came, and its last losses."""

    steps: int = 0
    seen: int = 0
    images_per_second: float | None = None
    d_loss: float = math.nan
    g_loss: float = math.nan


def train(
    loader: Iterable[Tensor],
    g: nn.Module,
    d: nn.Module,
    *,
    gp: bool,
    steps: float,
    deadline: float,
) -> Outcome:
    """Alternate both players until `steps` or the deadline, whichever comes first."""
    bce = nn.BCELoss()
    g_adam = optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    d_adam = optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999))
    done = Outcome()
    warm_at, warm_seen = 0.0, 0
    d_sum = g_sum = 0.0
    while True:
        for batch, real in enumerate(loader, start=1):
            g_adam.zero_grad()
            d_adam.zero_grad()

            on_real = d(real)
            fake = g(torch.randn(len(real), LATENT, 1, 1))
            on_fake = d(fake.detach())
            ones, zeros = torch.ones_like(on_real), torch.zeros_like(on_fake)
            d_loss = (bce(on_real, ones) + bce(on_fake, zeros)) / 2.0
            if gp:
                d_loss = d_loss + 10.0 * penalty(d, real, fake.detach())
            d_loss.backward()
            d_adam.step()

            g_loss = bce(d(fake), ones)
            g_loss.backward()
            g_adam.step()

            done.d_loss, done.g_loss = d_loss.item(), g_loss.item()
            d_sum += done.d_loss
            g_sum += done.g_loss
            if batch % 200 == 0:
                print(
                    f"step {done.steps + 1}: D {d_sum / 200:.3f} G {g_sum / 200:.3f}",
                    file=sys.stderr,
                    flush=True,
                )
                d_sum = g_sum = 0.0

            done.steps += 1
            done.seen += len(real)
            now = time.monotonic()
            if done.steps == WARM:
                warm_at, warm_seen = now, done.seen
            if done.steps >= steps or now >= deadline:
                if done.steps > WARM:
                    done.images_per_second = round((done.seen - warm_seen) / (now - warm_at), 2)
                return done
        d_sum = g_sum = 0.0  # the running means start anew with each epoch


@torch.no_grad()
def sample(g: nn.Module, count: int, batch: int) -> np.ndarray:
    """uint8 [count, H, W, 3], in training mode (statistics of each batch)."""
    batches = [g(torch.randn(batch, LATENT, 1, 1)) for _ in range(-(-count // batch))]
    pixels = ((torch.cat(batches)[:count] + 1.0) * 127.5).round().clamp(0, 255)
    return pixels.to(torch.uint8).permute(0, 2, 3, 1).numpy()


def main() -> None:
    """Train as printed, for minutes or steps; print its speed, and write samples."""
    parser = argparse.ArgumentParser(description="tutorial A's DCGAN, as a baseline")
    parser.add_argument("--data", type=Path, required=True, help="folder, or .tar.gz with train/")
    parser.add_argument("--size", type=int, default=32)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="from program start")
    length.add_argument("--steps", type=int)
    parser.add_argument("--penalty", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--exclude-every",
        type=int,
        metavar="K",
        help="hold out every K-th file; default 5 for a folder, 0 for an archive",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="read N images at most")
    parser.add_argument("--one-batch", action="store_true", help="the first one again and again")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("samples.npz"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)

    every = args.exclude_every
    if every is None:
        every = 5 if args.data.is_dir() else 0
    images, held_out = split(read_images(args.data, args.size, args.limit), every)
    loader = DataLoader(InMemory(images), batch_size=args.batch, shuffle=True, num_workers=0)
    batches = [next(iter(loader))] * len(loader) if args.one_batch else loader
    g, d = generator(args.size), discriminator(args.size)
    deadline = math.inf if args.minutes is None else START + 60.0 * args.minutes
    begun = time.monotonic()
    done = train(batches, g, d, gp=args.penalty, steps=args.steps or math.inf, deadline=deadline)
    ended = time.monotonic()
    samples = sample(g, args.count, min(args.batch, len(images)))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(args.out, images=samples)
    finite = all(bool(p.isfinite().all()) for net in (g, d) for p in net.parameters())
    report = {
        "program": "tutorial_a",
        "size": args.size,
        "batch": args.batch,
        "penalty": args.penalty,
        "seed": args.seed,
        "threads": args.threads,
        "train_images": len(images),
        "held_out_images": len(held_out),
        "steps": done.steps,
        "images_seen": done.seen,
        "seconds": round(ended - START, 2),
        "start_seconds": round(begun - START, 2),
        "images_per_second": done.images_per_second,
        "finite": finite,
        "last_losses": [repr(done.d_loss), repr(done.g_loss)],
        "out": str(args.out),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
