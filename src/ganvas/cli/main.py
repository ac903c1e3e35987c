"""The ``ganvas`` command: its words and how its errors look. Imports nothing slow."""

import argparse
import errno
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from ganvas import __version__
from ganvas.cli.overrides import split_overrides
from ganvas.cli.screen import screens
from ganvas.cli.wording import worded
from ganvas.errors import UsageError, UserError

BEGAN = time.monotonic()
"""When this command began: ``--minutes`` count from here, start-up included."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 failed, 2 usage, or 128 and the number of the
    signal that stopped it."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    with screens() as screen:
        code = _run(arguments)
        screen.flush()
        if screen.lost is None or isinstance(screen.lost, BrokenPipeError):
            return code
        print(f"ganvas: not all that was said could be written: {screen.lost}", file=sys.stderr)
        # What counts of a run lies in its folder.
        playing = arguments[:1] in (["train"], ["resume"])
        return code or int(not playing)


def _run(arguments: list[str]) -> int:
    parser, known = build_parser()
    overrides: dict[str, object] = {}
    try:
        if arguments and arguments[0] in known:
            arguments, overrides = split_overrides(arguments, known[arguments[0]])
        options, unknown = parser.parse_known_args(arguments)
        if unknown:
            parser.refuse(unknown)
        if options.command is None:
            parser.print_help()
            return 0
        options.overrides = overrides
        commands = import_module(f"ganvas.cli.{options.module}")
        return getattr(commands, options.call)(options) or 0
    except UserError as error:
        print(f"ganvas: {worded(str(error))}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"ganvas: {_disk(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ganvas: stopped", file=sys.stderr)
        return 130


def _disk(error: OSError) -> str:
    """A file that cannot be read or written, as a sentence."""
    place = f" ({error.filename})" if error.filename else ""
    hint = "; free some room, then `ganvas resume` goes on" if error.errno == errno.ENOSPC else ""
    return f"{error.strerror or error}{place}{hint}"


class Parser(argparse.ArgumentParser):
    """argparse whose errors end with what to do, in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")

    def refuse(self, words: list[str]) -> NoReturn:
        """Words it does not know; another program's name of a setting is answered with ours."""
        from ganvas.recipes.other_names import ours

        here = ours(words[0].lstrip("-").partition("=")[0]) if words[0].startswith("--") else None
        known = "" if here is None else f": at the start of a run, `ganvas train`, it is {here}"
        self.error(f"unrecognized arguments: {' '.join(words)}{known}")


def _clock(text: str) -> int | str:
    """``--at``: a number of images, or the word."""
    if text != "best" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of images nor best")
    return text if text == "best" else int(text)


AT: dict[str, Any] = {
    "type": _clock,
    "metavar": "N|best",
    "help": "the checkpoint at N images, or the best one (default: the newest)",
}


SETTINGS = (
    "Any other setting of a recipe may be given by its dotted name, such as "
    "--generator.width 96 or --game.loss hinge"
)


def build_parser() -> tuple[Parser, dict[str, frozenset[str]]]:
    """The parser, and for each verb that plays a recipe its own options: others are settings."""
    parser = Parser(
        prog="ganvas",
        description="Train, measure, understand and ship generative adversarial networks.",
        epilog="Begin with `ganvas train`: digits in five minutes, on any machine.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ganvas {__version__}")
    verbs = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    def verb(name: str, module: str, call: str, text: str) -> argparse.ArgumentParser:
        command = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(module=module, call=call)
        return command

    train = verb(
        "train", "train", "train", "Train a recipe, or your own images, in a new run folder."
    )
    train.epilog = f"{SETTINGS}; --dry-run shows them all."
    _add_recipe(train)
    train.add_argument(
        "--data", metavar="SRC", help="folder, archive, idx or npz file, or built-in name"
    )
    _add_channels(train)
    train.add_argument(
        "--out", default="runs", metavar="DIR", help="where run folders lie (default: runs)"
    )
    train.add_argument("--name", help="this run's name (default: the recipe's)")
    train.add_argument(
        "--from",
        dest="start",
        metavar="RUN",
        help="begin with the weights of another run (and its recipe, where none is named)",
    )
    train.add_argument("--dry-run", action="store_true", help="print the resolved recipe and stop")
    _add_plugin(train)
    length = train.add_mutually_exclusive_group()
    length.add_argument("--images", type=int, metavar="N", help="total images to see")
    length.add_argument(
        "--minutes", type=float, metavar="M", help="stop after M minutes, start-up included"
    )
    _add_shortcuts(train, "batch", "seed", "device", "precision")

    resume = verb(
        "resume", "train", "resume", "Continue a run exactly where its checkpoint stands."
    )
    resume.add_argument("run", metavar="RUN")
    resume.add_argument("--data", metavar="SRC", help="where the same images lie now")
    resume.add_argument(
        "--new-data", action="store_true", help="go on although the data has changed"
    )
    resume.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        help="go on elsewhere than where it was; precision and threads are chosen anew there",
    )
    _add_plugin(resume)
    length = resume.add_mutually_exclusive_group()
    length.add_argument("--images", type=int, metavar="N", help="a new total")
    length.add_argument("--minutes", type=float, metavar="M", help="stop after M minutes")

    sample = verb("sample", "sample", "sample", "Draw images from a run.")
    sample.add_argument("run", metavar="RUN")
    sample.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="grid.png, samples.npz, FOLDER/, or a way through samples: clip.gif, clip.webp",
    )
    sample.add_argument(
        "--count", type=int, metavar="N", help="how many (default: 64, in an animation 8)"
    )
    sample.add_argument("--seed", type=int, metavar="S", help="of all of them (default: 0)")
    sample.add_argument("--seeds", metavar="A-B", help="one image a seed, such as 0-31 or 1,5,9")
    sample.add_argument(
        "--truncation",
        type=float,
        metavar="T",
        help="largest latent number: less variety, fewer slips",
    )
    told = sample.add_mutually_exclusive_group()
    told.add_argument("--label", metavar="L", help="of a conditional run: the class of all of them")
    told.add_argument(
        "--attr",
        action="append",
        metavar="NAME=V",
        help="of a run that knows attributes: Smiling=1; may be said again",
    )
    _add_overwrite(sample)
    sample.add_argument("--at", **AT)
    _add_plugin(sample)

    _add_evaluate(verb)
    bench = _add_bench(verb)
    compare = verb("compare", "compare", "run", "Set the figures of several runs side by side.")
    compare.add_argument("runs", nargs="+", metavar="RUN")
    _add_plugin(compare)
    compare.add_argument(
        "--out", default="compare.html", metavar="FILE", help="plots (default: compare.html)"
    )
    _add_overwrite(compare)
    recipes = verb("recipes", "show", "recipes", "List the recipes.")
    recipes.add_argument("name", nargs="?", metavar="RECIPE", help="show one whole")
    _add_plugin(recipes)
    show = verb("show", "show", "show", "Show what a run is and how far it is.")
    show.add_argument("run", metavar="RUN")
    _add_plugin(show)
    runs = verb("runs", "show", "runs", "List runs, or delete some.")
    runs.add_argument("action", nargs="?", choices=("list", "delete"), default="list")
    runs.add_argument("names", nargs="*", metavar="RUN", help="folders to delete")
    runs.add_argument("--out", metavar="DIR", help="list those in this folder (default: runs)")
    runs.add_argument("--yes", action="store_true", help="delete without asking")
    _add_plugin(runs)
    data = verb(
        "data", "show", "data", "Tell what is in a source of images, and what a training would see."
    )
    data.add_argument("source", metavar="SRC")
    data.add_argument(
        "--split", default="all", help="train, test, all or positions such as 0:50000"
    )
    data.add_argument("--size", type=int, metavar="N", help="the shorter side in pixels")
    data.add_argument(
        "--fit",
        default="keep",
        choices=("keep", "crop", "pad", "stretch"),
        help="what becomes of other shapes (default: keep)",
    )
    _add_channels(data)
    data.add_argument(
        "--white",
        type=int,
        metavar="V",
        help="the value that becomes white, such as 4095 of 12 bits in 16-bit files",
    )
    data.add_argument(
        "--out", default="contact-sheet.png", metavar="FILE", help="where the contact sheet goes"
    )
    _add_overwrite(data)
    playing = {"train": train, "bench": bench}
    return parser, {name: frozenset(v._option_string_actions) for name, v in playing.items()}


SHORTCUTS = {
    "batch": "images a turn; auto finds how many suit this machine",
    "seed": "of everything random",
    "device": "auto, cpu, cuda or mps",
    "precision": "auto, fp32 or bf16",
}
"""Recipe settings that have an option of their own."""


def _add_channels(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--channels",
        type=int,
        choices=(1, 3),
        help="read images as grey (1) or in colour (3) (default: by what they all are)",
    )


def _add_recipe(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="a name (`ganvas recipes`) or a .yaml file; mnist, or folder with --data",
    )


def _add_overwrite(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a file that ganvas did not write (its own it replaces, and says so)",
    )


def _add_plugin(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--plugin", metavar="FILE.py", help="a Python file with parts of your own; it is run"
    )


def _add_shortcuts(command: argparse.ArgumentParser, *names: str) -> None:
    for name in names:
        command.add_argument(f"--{name}", metavar=name[0].upper(), help=SHORTCUTS[name])
    command.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="record whole rounds as CUDA graphs (default: where a trial finds it faster)",
    )


def _add_bench(
    verb: Callable[[str, str, str, str], argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    bench = verb("bench", "bench", "run", "Measure how fast a recipe plays here, and why.")
    bench.epilog = f"{SETTINGS}."
    _add_recipe(bench)
    bench.add_argument(
        "--data", metavar="SRC", help="play with these images (default: random ones, or MNIST)"
    )
    bench.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="to play each side (default: 10)"
    )
    bench.add_argument(
        "--no-plain", dest="plain", action="store_false", help="leave the plain loop out"
    )
    bench.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that load the plain loop's images (default: 0)",
    )
    bench.add_argument("--json", action="store_true", help="print a record, nothing else")
    bench.add_argument("--out", metavar="FILE", help="a picture: bench.png or bench.html")
    _add_overwrite(bench)
    _add_plugin(bench)
    _add_shortcuts(bench, "batch", "device", "precision")
    return bench


def _add_evaluate(verb: Callable[[str, str, str, str], argparse.ArgumentParser]) -> None:
    evaluate = verb(
        "evaluate", "evaluate", "run", "Measure a run's samples, or any, against real images."
    )
    evaluate.add_argument("samples", metavar="RUN|SAMPLES", help="a run, a .npz, or a folder")
    evaluate.add_argument(
        "--data", metavar="SRC", help="the real images (default: what the run was trained on)"
    )
    evaluate.add_argument(
        "--metrics", metavar="A,B", help="which (default: all that apply); path-length for runs"
    )
    evaluate.add_argument(
        "--features",
        default="auto",
        metavar="NAME",
        help="digits, fashion, stacked-digits, efficientnet-lite0, inception, inception=FILE, "
        "dinov2, pixels, or module:callable (default: by the data)",
    )
    evaluate.add_argument(
        "--count", type=int, default=10_000, metavar="N", help="samples (default: 10,000)"
    )
    evaluate.add_argument(
        "--reference",
        default="auto",
        choices=("auto", "held-out", "training"),
        help="compare with which images (default: held-out ones where there are any)",
    )
    evaluate.add_argument(
        "--fit",
        choices=("keep", "crop", "pad", "stretch"),
        help="bring real images of another size to that of the samples",
    )
    _add_channels(evaluate)
    evaluate.add_argument("--at", **AT)
    evaluate.add_argument("--seed", type=int, default=0, metavar="S", help="of the samples")
    evaluate.add_argument("--truncation", type=float, metavar="T", help="largest latent number")
    evaluate.add_argument(
        "--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="(default: auto)"
    )
    evaluate.add_argument(
        "--neighbours",
        metavar="FILE.png",
        help="samples beside their nearest training images (default: in the run)",
    )
    _add_overwrite(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print records, nothing else")
    _add_plugin(evaluate)
