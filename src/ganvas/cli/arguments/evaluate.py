"""The arguments of ``ganvas evaluate``."""

import argparse

from ganvas.cli.arguments.common import add_at, add_channels, add_overwrite, add_plugin

HELP = "Measure a run's samples, or any, against real items."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare them, in the order in which the help lists them."""
    command.add_argument("samples", metavar="RUN|SAMPLES", help="a run, a .npz, or a folder")
    command.add_argument(
        "--data", metavar="SRC", help="the real items (default: what the run was trained on)"
    )
    _add_measuring(command)
    add_channels(command)
    _add_sampling(command)
    command.add_argument(
        "--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="(default: auto)"
    )
    command.add_argument(
        "--neighbours",
        metavar="FILE.png",
        help="samples beside their nearest training items (default: in the run)",
    )
    add_overwrite(command)
    command.add_argument("--json", action="store_true", help="print records, nothing else")
    add_plugin(command)


def _add_measuring(command: argparse.ArgumentParser) -> None:
    """What is measured, on how many samples, and against which items."""
    command.add_argument(
        "--metrics",
        metavar="A,B",
        help="which, also your own of --plugin (default: all that apply); path-length for runs",
    )
    command.add_argument(
        "--features",
        default="auto",
        metavar="NAME",
        help="digits, fashion, stacked-digits, efficientnet-lite0, inception, inception=FILE, "
        "dinov2, pixels, or your own: one of --plugin, FILE.py:function, module:callable (default: "
        "by the data)",
    )
    command.add_argument(
        "--count", type=int, default=10_000, metavar="N", help="samples (default: 10,000)"
    )
    command.add_argument(
        "--reference",
        default="auto",
        choices=("auto", "held-out", "training"),
        help="compare with which items (default: held-out ones where there are any)",
    )
    command.add_argument(
        "--fit",
        choices=("keep", "crop", "pad", "stretch"),
        help="bring real images of another size to that of the samples",
    )


def _add_sampling(command: argparse.ArgumentParser) -> None:
    """How a run's samples are drawn."""
    add_at(command)
    command.add_argument("--seed", type=int, default=0, metavar="S", help="of the samples")
    command.add_argument("--truncation", type=float, metavar="T", help="largest latent number")
