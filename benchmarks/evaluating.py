"""How long an evaluation takes, how much memory, and what reading features adds to the network.

    python benchmarks/evaluating.py whole    # 10,000 samples against 10,000 reals, empty cache
    python benchmarks/evaluating.py reading  # `extract` against the bare network, in turn

`whole` measures real digits that stand in for samples, with all default metrics (the training
images are searched for copies too, so 80,000 images are read). `reading` feeds the bare network
float batches that were made before the clock started.
"""

import argparse
import os
import resource
import statistics
import tempfile
import time

import torch

from ganvas.data import load_dataset
from ganvas.features import extract, load_features
from ganvas.features.extract import batch_size
from ganvas.features.network import to_float

COUNT = 10_000
ROUNDS = 7


def whole() -> None:
    """Print the time of a whole evaluation, with an empty cache and with a filled one."""

    from ganvas.report.evaluate import evaluate

    with tempfile.TemporaryDirectory() as cache:
        os.environ["GANVAS_CACHE"] = cache
        images = load_dataset("mnist").pixels[::6]
        for when in ("empty cache", "reals in the cache"):
            began, spent = time.monotonic(), time.process_time()
            found = evaluate(images, data="mnist", features="digits", count=COUNT)
            wall, cpu = time.monotonic() - began, time.process_time() - spent
            figures = len(found.figures)
            print(f"{when}: {figures} figures in {wall:.1f} s ({cpu:.1f} s of CPU)")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory {memory:.2f} GB, {torch.get_num_threads()} threads")


@torch.inference_mode()
def bare(network: torch.nn.Module, batches: list[torch.Tensor]) -> float:
    """Seconds that the network alone takes for these batches."""
    began = time.monotonic()
    for batch in batches:
        network(batch)
    return time.monotonic() - began


def reading() -> None:
    """Print how fast features are extracted, as a share of the bare network's speed."""
    pixels = load_dataset("mnist", split="test").pixels[:5000]
    network = load_features("digits")
    size = batch_size(network, pixels)
    batches = [
        to_float(part).contiguous(memory_format=torch.channels_last) for part in pixels.split(size)
    ]
    ratios = []
    for _ in range(ROUNDS):
        plain = bare(network, batches)
        began = time.monotonic()
        extract(network, pixels)
        ratios.append(plain / (time.monotonic() - began))
    low, high = min(ratios), max(ratios)
    middle = statistics.median(ratios)
    print(f"extract runs at {middle:.2f} ({low:.2f} to {high:.2f}) of the bare network's speed")


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description="time and memory of evaluations")
    parser.add_argument("what", choices=["whole", "reading"])
    {"whole": whole, "reading": reading}[parser.parse_args().what]()


if __name__ == "__main__":
    main()
