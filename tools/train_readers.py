"""Train the feature networks ``digits`` and ``fashion`` that the package ships.

    python tools/train_readers.py digits
    python tools/train_readers.py fashion --data FOLDER_OF_IDX_FILES

Seeded; writes ``src/ganvas/features/NAME.safetensors`` (weights in float16) and prints the test
accuracy of exactly what was written, and its SHA-256, which ``features/shipped.py`` must name.
"""

import argparse
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.data import load_dataset
from ganvas.features.network import to_float
from ganvas.networks.classifier import Classifier, fold

PLACE = Path(__file__).parents[1] / "src/ganvas/features"
BATCH = 128


@dataclass(frozen=True)
class Plan:
    """How one network is trained.

    data: the name of a built-in source.
    widths: channels of the classifier's three stages.
    epochs: passes over the training images.
    lr: the highest learning rate of the one cycle.
    decay: AdamW's weight decay.
    flip: mirror half of the images.
    turn: the largest rotation; degrees.
    zoom: the largest change of scale; a share.
    shift: the largest shift; pixels.
    erase: the longest side of a square set to black; pixels, 0 erases nothing.
    seed: of the weights and of all augmentation.
    """

    data: str
    widths: tuple[int, int, int]
    epochs: int
    lr: float = 4e-3
    decay: float = 0.05
    flip: bool = False
    turn: float = 0.0
    zoom: float = 0.0
    shift: float = 2.0
    erase: int = 0
    seed: int = 0


PLANS = {
    "digits": Plan("mnist", (16, 32, 96), epochs=10, turn=10.0, zoom=0.1),
    "fashion": Plan("fashion-mnist", (32, 64, 128), epochs=14, flip=True, shift=1.5, erase=10),
}


def augment(images: Tensor, plan: Plan) -> Tensor:
    """A random similarity an image, a mirror, an erased square; black comes in at the border."""
    count, side = len(images), images.shape[-1]
    angle = torch.deg2rad(plan.turn * (2 * torch.rand(count) - 1))
    scale = 1 + plan.zoom * (2 * torch.rand(count) - 1)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0) if plan.flip else torch.ones(count)
    move = plan.shift * (2 / side) * (2 * torch.rand(count, 2) - 1)
    cos, sin = scale * torch.cos(angle), scale * torch.sin(angle)
    top = torch.stack([mirror * cos, -sin, move[:, 0]], 1)
    low = torch.stack([mirror * sin, cos, move[:, 1]], 1)
    grid = F.affine_grid(torch.stack([top, low], 1), list(images.shape), align_corners=False)
    moved = F.grid_sample(images + 1, grid, align_corners=False) - 1
    if plan.erase:
        at = torch.arange(side)
        y, x = torch.randint(-plan.erase, side, (2, count, 1))
        size = torch.randint(0, plan.erase + 1, (count, 1))
        rows, columns = (at >= y) & (at < y + size), (at >= x) & (at < x + size)
        moved = moved.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], -1.0)
    return moved


def train(plan: Plan, pixels: Tensor, labels: Tensor) -> Classifier:
    """AdamW under one cycle of the learning rate; BatchNorm folded at the end."""
    torch.manual_seed(plan.seed)
    network = Classifier(plan.widths, 10, norm=True).to(memory_format=torch.channels_last)
    adam = torch.optim.AdamW(network.parameters(), lr=plan.lr, weight_decay=plan.decay)
    steps = plan.epochs * (len(pixels) // BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, plan.lr, total_steps=steps)
    began = time.monotonic()
    for epoch in range(plan.epochs):
        total = 0.0
        for chosen in torch.randperm(len(pixels)).split(BATCH)[: len(pixels) // BATCH]:
            images = augment(to_float(pixels[chosen]), plan)
            images = images.to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                _, logits = network(images)
            loss = F.cross_entropy(logits.float(), labels[chosen])
            adam.zero_grad()
            loss.backward()
            adam.step()
            cycle.step()
            total += loss.item()
        mean, minutes = total * BATCH / len(pixels), (time.monotonic() - began) / 60
        print(f"epoch {epoch + 1}/{plan.epochs}: loss {mean:.4f}, {minutes:.1f} min", flush=True)
    return fold(network)


@torch.no_grad()
def accuracy(network: nn.Module, pixels: Tensor, labels: Tensor) -> float:
    """The share of test images whose class is recognised, in float32."""
    parts = [network(to_float(part))[1].argmax(1) for part in pixels.split(500)]
    return float((torch.cat(parts) == labels).float().mean())


def main() -> None:
    """Train one, write it, and test what was written."""
    parser = argparse.ArgumentParser(description="train a feature network of the package")
    parser.add_argument("name", choices=PLANS)
    parser.add_argument("--data", help="where the images are, by default the built-in name")
    parser.add_argument("--out", type=Path, default=PLACE)
    options = parser.parse_args()
    plan = PLANS[options.name]
    training = load_dataset(options.data or plan.data, split="train")
    test = load_dataset(options.data or plan.data, split="test")
    assert training.labels is not None and test.labels is not None
    network = train(plan, training.pixels, training.labels)
    path = options.out / f"{options.name}.safetensors"
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, path)
    written = Classifier(plan.widths, 10)
    written.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    right = accuracy(written, test.pixels, test.labels)
    content = path.read_bytes()
    print(f"{path}: {len(content):,} bytes, test accuracy {100 * right:.2f}%")
    print(f"sha256:{hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
