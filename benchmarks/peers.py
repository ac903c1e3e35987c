"""Images a second of GAN libraries from the package registry against ganvas, side by side.

    python benchmarks/peers.py [torchgan] [torch-mimicry] [vegans] [lightweight-gan]
        [--pairs 5] [--steps 12] [--threads 1] [--precision auto] [--environments FOLDER]

Tutorial A's pair at 32x32x3 (latent 100; 512, 256, 128 channels and back), batch 128, one turn of
each player a batch, non-saturating loss, no penalty, Adam(2e-4, (0.5, 0.999)), and fresh fakes for
the generator on both sides, since that is what all of these libraries do. Each library plays its
own training loop, ganvas its own `train`, both on 2,000 random images in memory. They run in turn,
A B A B, each in a process of its own; the medians and the ratio pair by pair are printed. The clock
is read behind each optimiser step: start-up, the first steps and the closing checkpoint do not
count, everything between two steps does.

Where the sides differ: ganvas plays as it does by default, in bfloat16 where the processor has it
(`--precision fp32` takes that away), channels last, fused Adam, and scales uint8 images as it draws
them; the libraries play in float32 and are handed floats, scaled beforehand. Logging and
checkpoints are off, or outside of the measured steps, as far as each library's options go; torchgan
still sums all squared gradients, and torchgan and torch-mimicry read their losses, at every step.

torchgan: its own DCGAN classes, which have no bias before BatchNorm; ReLU asked for in its
    generator, no activation behind its discriminator's scores.
torch-mimicry: tutorial A's networks within its base classes; its own "DCGAN" is residual.
vegans: tutorial A's networks and their sigmoid, which its BCE loss needs; same latents both turns.
lightweight-gan: runs on no CPU: its first release and its last assert a CUDA device when they are
    imported, and its trainer names `cuda` throughout. Nor does that trainer take other networks
    than its own. The script records the refusal.

Each library gets an environment of its own, made here with pip, that shares this interpreter's
packages (so one PyTorch serves all). None has kept up with it; put back here, in the process that
is measured and nowhere else: `make_grid(range=)` of torchvision for torchgan, `.next()` of a loader
for vegans, `torch._six` for torch-mimicry, with an empty `tensorflow`, which its metrics alone use.
"""

import argparse
import importlib.machinery
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from site import getsitepackages
from types import ModuleType

SIZE, LATENT, BATCH, IMAGES = 32, 100, 128, 2_000
WARM = 3  # first steps, left out of images/s
ADAM = {"lr": 2e-4, "betas": (0.5, 0.999)}


def pixels():
    """uint8 [N, 3, H, W], the same for everybody."""
    import torch

    generator = torch.Generator().manual_seed(0)
    shape = (IMAGES, 3, SIZE, SIZE)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def loader(steps: int, *, labels: bool):
    """One epoch of so many shuffled batches, so that no end of an epoch falls among the steps."""
    import torch
    from torch.utils.data import DataLoader, RandomSampler, TensorDataset

    images = pixels().float() / 127.5 - 1
    data = TensorDataset(images, torch.zeros(IMAGES, dtype=torch.long)) if labels else images
    sampler = RandomSampler(range(IMAGES), replacement=True, num_samples=steps * BATCH)
    return DataLoader(data, BATCH, sampler=sampler)  # pyright: ignore[reportArgumentType]


def play_ganvas(steps: int, precision: str, threads: int) -> None:
    """Time our steps."""

    import ganvas

    changes = {
        "device": "cpu",
        "precision": precision,
        "threads": threads,
        "game.penalties": [],
        "game.score_weight": 1.0,
        "game.reuse_fakes": False,
        "every.log": 10**9,
    }
    ganvas.train("tutorial-cifar10", data=pixels(), images=steps * BATCH, overrides=changes)


def play_torchgan(steps: int) -> None:
    """Time torchgan's."""
    os.environ |= {"CONSOLE_LOGGING": "0", "TENSORBOARD_LOGGING": "0", "VISDOM_LOGGING": "0"}
    import torch
    import torchvision
    from torch import nn

    def grid(images, nrow=8, normalize=False, range=None):
        return make_grid(images, nrow, normalize=normalize, value_range=range)

    def part(network, **settings):
        adam = {"name": torch.optim.Adam, "args": ADAM}
        return {"name": network, "args": {"step_channels": 128} | settings, "optimizer": adam}

    make_grid, torchvision.utils.make_grid = torchvision.utils.make_grid, grid  # pyright: ignore[reportAttributeAccessIssue]
    models, losses = import_module("torchgan.models"), import_module("torchgan.losses")
    generator = {"encoding_dims": LATENT, "out_size": SIZE, "nonlinearity": nn.ReLU()}
    discriminator = {"in_size": SIZE, "last_nonlinearity": nn.Identity()}
    trainer = import_module("torchgan.trainer").Trainer(
        {
            "generator": part(models.DCGANGenerator, **generator),
            "discriminator": part(models.DCGANDiscriminator, **discriminator),
        },
        [losses.MinimaxDiscriminatorLoss(), losses.MinimaxGeneratorLoss()],
        device=torch.device("cpu"),
        epochs=1,
    )
    trainer(loader(steps, labels=False))


def play_mimicry(steps: int) -> None:
    """Time torch-mimicry's."""

    import torch
    import torch.utils.tensorboard
    import torchvision  # both look for an installed tensorflow: before there seems to be one
    from torch import nn
    from tutorial_a import discriminator, generator

    assert torchvision
    stand_in("torch._six", PY3=True, string_classes=str)
    stand_in("tensorflow")
    gan = import_module("torch_mimicry.nets.gan.gan")
    del sys.modules["tensorflow"]

    def within(base, network: nn.Module, **settings):
        class Network(base):
            def __init__(self) -> None:
                super().__init__(loss_type="ns", **settings)
                self.network = network

            def forward(self, x):
                return self.network(x)

        return Network()

    g = nn.Sequential(nn.Unflatten(1, (LATENT, 1, 1)), generator(SIZE))
    d = nn.Sequential(*discriminator(SIZE)[:-2], nn.Flatten())  # without the sigmoid
    g = within(gan.BaseGenerator, g, nz=LATENT, ngf=512, bottom_width=4)
    d = within(gan.BaseDiscriminator, d, ndf=128)
    import_module("torch_mimicry.training").Trainer(
        netD=d,
        netG=g,
        optD=torch.optim.Adam(d.parameters(), **ADAM),
        optG=torch.optim.Adam(g.parameters(), **ADAM),
        dataloader=loader(steps, labels=True),
        num_steps=steps,
        device=torch.device("cpu"),
        **dict.fromkeys(["print_steps", "vis_steps", "log_steps", "save_steps"], steps + 1),
    ).train()


def play_vegans(steps: int) -> None:
    """Time vegans'."""

    import torch
    from torch.utils.data import dataloader
    from tutorial_a import discriminator, generator

    iterator = dataloader._BaseDataLoaderIter
    iterator.next = iterator.__next__  # pyright: ignore[reportAttributeAccessIssue]
    gan = import_module("vegans.GAN").VanillaGAN(
        generator(SIZE),
        discriminator(SIZE)[:-1],  # the sigmoid last, as it demands
        x_dim=(3, SIZE, SIZE),
        z_dim=(LATENT, 1, 1),
        optim=torch.optim.Adam,
        optim_kwargs={"Generator": ADAM, "Adversary": ADAM},
        device="cpu",
        folder=None,
    )
    quiet = dict.fromkeys(["print_every", "save_losses_every"], None)
    gan.fit(loader(steps, labels=False), epochs=1, batch_size=BATCH, **quiet)


def play_lightweight(steps: int) -> None:
    """lightweight-gan's cannot be timed; the error says why."""
    import_module("lightweight_gan")
    raise NotImplementedError("its trainer takes no networks but its own, and no device but CUDA")


def stand_in(name: str, **contents: object) -> None:
    """A module of that name, for an import whose contents are not used."""
    module = ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    vars(module).update(contents)
    sys.modules[name] = module


@dataclass(frozen=True)
class Peer:
    """A library: its release, what it imports beside PyTorch and numpy, and a short training."""

    release: str
    needs: tuple[str, ...]
    play: Callable[[int], None]


PEERS = {
    "torchgan": Peer("0.1.0", ("pillow", "scipy"), play_torchgan),
    "torch-mimicry": Peer(
        "0.1.16",
        ("scipy", "requests", "matplotlib", "scikit-image", "scikit-learn"),
        play_mimicry,
    ),
    "vegans": Peer("0.4.0", ("matplotlib",), play_vegans),
    "lightweight-gan": Peer(
        "1.2.1",
        ("adabelief-pytorch", "einops", "fire", "kornia", "retry", "tqdm"),
        play_lightweight,
    ),
}


def environment(name: str, folder: Path) -> Path:
    """The interpreter of a library's own environment, made where it is missing."""
    home = folder / name
    python, ready = home / "bin" / "python", home / "ready"
    peer = PEERS[name]
    if not ready.is_file() or ready.read_text() != sys.executable:
        print(f"{name}: making {home}", flush=True)
        venv.create(home, clear=True, with_pip=True)
        own = next(home.glob("lib/python*/site-packages"))
        (own / "shared.pth").write_text("\n".join(getsitepackages()) + "\n")
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, *peer.needs], check=True)
        # By itself: some ask for a PyTorch of their day, or for a tensorflow that is not needed.
        subprocess.run([*pip, "--no-deps", f"{name}=={peer.release}"], check=True)
        ready.write_text(sys.executable)
    return python


def inside(options: argparse.Namespace) -> None:
    """One side, in a process of its own; its result is the last line it prints."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    moments: list[float] = []
    register_optimizer_step_post_hook(lambda *_: moments.append(time.perf_counter()))
    name, steps = options.inside, options.steps
    if name == "ganvas":
        play_ganvas(steps, options.precision, options.threads)
    else:
        PEERS[name].play(steps)
    moments = moments[-2 * steps :]  # a trial before the run steps too
    assert len(moments) == 2 * steps, f"{len(moments)} optimiser steps in {steps} rounds"
    seconds = moments[-1] - moments[2 * WARM - 1]
    print(BATCH * (steps - WARM) / seconds)


def speed(python: str | Path, name: str, options: argparse.Namespace) -> float:
    """Images a second of one side.

    Raises:
        RuntimeError: it failed; the text is the last thing that it said.
    """
    command = [python, __file__, "--inside", name, "--steps", options.steps,
               "--threads", options.threads, "--precision", options.precision]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:  # what they write lands here
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": str(options.threads)},
        )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or str(done.returncode)).splitlines()[-1])
    return float(done.stdout.splitlines()[-1])


def compare(name: str, options: argparse.Namespace) -> dict[str, str | float]:
    """The pairs of one library, summed up."""
    python = environment(name, options.environments)
    about = {"peer": name, "version": PEERS[name].release}
    pairs = []
    for _ in range(options.pairs):
        try:
            theirs = speed(python, name, options)
        except RuntimeError as error:
            return {**about, "does_not_run": str(error)}
        pairs.append((speed(sys.executable, "ganvas", options), theirs))
        print(f"ours {pairs[-1][0]:.1f}  {name} {theirs:.1f} images/s", flush=True)
    ratios = [a / b for a, b in pairs]
    return {
        **about,
        "ours": statistics.median(a for a, _ in pairs),
        "theirs": statistics.median(b for _, b in pairs),
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }


def main() -> None:
    """Play each peer in turns with ours, each in its own environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(PEERS)}; all")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    cache = Path.home() / ".cache" / "ganvas-peers"
    parser.add_argument("--environments", type=Path, default=cache, metavar="FOLDER")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"unknown {', '.join(unknown)}: there are {', '.join(PEERS)}")
    if options.steps <= WARM:
        parser.error(f"--steps must be more than the {WARM} that warm up")
    if options.inside:
        return inside(options)
    import torch

    from ganvas.engine.device import choose_precision

    options.precision = choose_precision(options.precision, torch.device("cpu"))
    options.environments = options.environments.resolve()
    found = [compare(name, options) for name in options.peers or PEERS]
    settings = {
        "torch": torch.__version__,
        "threads": options.threads,
        "our_precision": options.precision,
    }
    print(json.dumps({**settings, "peers": found}, indent=1))


if __name__ == "__main__":
    main()
