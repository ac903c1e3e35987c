"""Two seeded MNIST classifiers used for measuring and for nothing else.

They differ in architecture and in seed, so that a generator cannot suit both by accident. Both
learn from the first 50,000 training images.

    python benchmarks/classifiers.py train --mnist FOLDER --out WEIGHTS_DIR
"""

import argparse
import gzip
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

TRAIN = 50_000
BATCH = 128
SHIFT = 2


@dataclass(frozen=True)
class Classifier:
    """How to build and train one classifier: `body` maps images to features, then one Linear."""

    body: nn.Sequential
    width: int
    seed: int
    epochs: int
    lr: float


def first() -> Classifier:
    """3x3 convolutions, ReLU, max-pooling, a hidden layer of 128."""
    body = nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(24, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(48, 64, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(),
    )  # fmt: skip
    return Classifier(body, width=128, seed=1, epochs=4, lr=2e-3)


def second() -> Classifier:
    """5x5 strided convolutions, BatchNorm, GELU, 96 globally averaged channels."""
    body = nn.Sequential(
        nn.Conv2d(1, 32, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(32), nn.GELU(),
        nn.Conv2d(32, 64, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(64), nn.GELU(),
        nn.Conv2d(64, 96, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(96), nn.GELU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    return Classifier(body, width=96, seed=2, epochs=4, lr=4e-3)


CLASSIFIERS = {"first": first, "second": second}


def build(name: str) -> tuple[Classifier, nn.Sequential]:
    """The plan and its network (body, then head), freshly initialised from the plan's seed."""
    torch.manual_seed(CLASSIFIERS[name]().seed)
    plan = CLASSIFIERS[name]()
    return plan, nn.Sequential(plan.body, nn.Linear(plan.width, 10))


def read_idx(path: Path) -> np.ndarray:
    """An unsigned-byte idx file, gzipped."""
    data = gzip.decompress(path.read_bytes())
    axes = data[3]
    shape = np.frombuffer(data, ">u4", count=axes, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_mnist(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, 28, 28, 1] and labels [N] of `part`: train or t10k."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    return images[..., None], labels.astype(np.int64)


def to_input(images: np.ndarray) -> Tensor:
    """uint8 [N, 28, 28, 1] to standardised float32 [N, 1, 28, 28]."""
    pixels = torch.tensor(images).permute(0, 3, 1, 2).float() / 255.0
    return (pixels - 0.1307) / 0.3081


def shift(x: Tensor, most: int = SHIFT) -> Tensor:
    """Move each image by up to `most` pixels either way, black coming in at the border."""
    size = x.shape[-1]
    padded = F.pad(x, [most] * 4, value=float(x.min()))
    windows = padded.unfold(2, size, 1).unfold(3, size, 1)
    dy, dx = torch.randint(0, 2 * most + 1, (2, len(x)))
    return windows[torch.arange(len(x)), :, dy, dx]


def train(name: str, images: np.ndarray, labels: np.ndarray) -> nn.Sequential:
    """Adam under a one-cycle learning rate, every batch shifted a little."""
    plan, net = build(name)
    x, y = to_input(images), torch.tensor(labels)
    adam = torch.optim.Adam(net.parameters(), lr=plan.lr)
    steps = plan.epochs * (len(x) // BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, plan.lr, total_steps=steps)
    loss = torch.zeros(())
    for epoch in range(plan.epochs):
        for chosen in torch.randperm(len(x)).split(BATCH)[: len(x) // BATCH]:
            loss = F.cross_entropy(net(shift(x[chosen])), y[chosen])
            adam.zero_grad()
            loss.backward()
            adam.step()
            cycle.step()
        print(f"{name}: epoch {epoch + 1}, last loss {loss.item():.4f}", file=sys.stderr)
    return net.eval()


@torch.no_grad()
def apply(net: nn.Sequential, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features float64 [N, d] and predicted classes [N]."""
    pairs = [(f := net[0](x), net[1](f).argmax(1)) for x in to_input(images).split(500)]
    features, predicted = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return features.double().numpy(), predicted.numpy()


def features(
    name: str, weights_dir: Path | str, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Classifier `name` on uint8 [N, 28, 28, 1]: features float64 [N, d], predicted [N]."""
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28, 1):
        raise ValueError(f"want uint8 [N, 28, 28, 1], not {images.dtype} {list(images.shape)}")
    _, net = build(name)
    net.load_state_dict(load_file(Path(weights_dir) / f"{name}.safetensors"))
    return apply(net.eval(), images)


def main() -> None:
    """Train both, write their weights and their accuracies."""
    parser = argparse.ArgumentParser(description="the two MNIST classifiers used for measuring")
    parser.add_argument("action", choices=["train"])
    parser.add_argument("--mnist", type=Path, required=True, help="folder of the four .gz files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    images, labels = read_mnist(args.mnist, "train")
    test_images, test_labels = read_mnist(args.mnist, "t10k")
    report = {}
    for name in CLASSIFIERS:
        begun = time.monotonic()
        net = train(name, images[:TRAIN], labels[:TRAIN])
        save_file(net.state_dict(), args.out / f"{name}.safetensors")
        predicted = features(name, args.out, test_images)[1]
        report[name] = {
            "test_accuracy": float((predicted == test_labels).mean()),
            "seconds": round(time.monotonic() - begun, 1),
        }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
