"""One check of everything that a GPU changes: is it right, and how fast? At most five minutes.

    python benchmarks/gpu.py [--out gpu-results] [--parts device,speed] [--quick] [--long CIFAR]

Runs from the source folder with Python 3.10 or later and needs no network. On a machine that lacks
some of the packages, gather them first where there is a network (``gpu_kit.py``) and take the
folder ``.gpu-kit/`` along.

Each part plays in a process of its own within its own bound, and what it had found by then counts:

    device      tests/device: what a device computes against the CPU
    exactness   killed and resumed against never stopped, with and without CUDA graphs
    graphs      rounds as CUDA graphs against single kernels, for each kind of game
    speed       the tutorials against the loops they print; R3GAN and StyleGAN2, their memory and
                their share of the matrix rate
    modes       how long until Stacked-MNIST has all of its 1,000 modes
    long        only with --long: the largest recipe of CIFAR-10 for eight minutes, and its distance

The folder holds ``gpu.json``, ``rows.md`` (for RESULTS.md) and a log of each part. ``--quick`` is
the same in two minutes of a CPU, with everything small: its figures mean nothing.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
KIT = ROOT / ".gpu-kit"


@dataclass(frozen=True)
class Part:
    """seconds: its bound. beside: it measures no time, so parts like it play at once."""

    name: str
    seconds: int
    beside: bool = False


PARTS = (
    Part("device", 90, beside=True),
    Part("exactness", 75, beside=True),
    Part("graphs", 105),
    Part("speed", 60),
    Part("modes", 45),
)
LONG = Part("long", 600)
QUICK = 30
"""Seconds that bound a part of a quick check, on two quiet cores."""

NEEDED = ("torch", "torchvision", "numpy", "pillow", "safetensors", "rich", "pydantic", "pyyaml")
"""Packages without which nothing runs here."""


def install_kit() -> dict[str, str]:
    """The environment of the parts: this source, and those wheels of the kit that are not there, or
    there but older: what else is in the kit may need the newer ones.

    Raises:
        SystemExit: the kit is for another Python.
    """
    places = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    lacking = [wheel for wheel in sorted(KIT.glob("*.whl")) if not is_there(wheel)]
    if lacking:
        site = tempfile.mkdtemp(prefix="gpu-kit-")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
        if subprocess.run([*pip, "--no-compile", "--target", site, *lacking]).returncode:
            raise SystemExit(
                f"the wheels of {KIT.name}/ do not suit this machine: gather them again with "
                f"`python benchmarks/gpu_kit.py --python {platform.python_version()}`"
            )
        places.insert(1, site)
        sys.path.insert(0, site)
    path = os.pathsep.join(filter(None, places))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def is_there(wheel: Path) -> bool:
    """Whether this Python has a wheel's package, and no older one."""
    name, version = wheel.name.split("-")[:2]
    try:
        return numbers(importlib.metadata.version(name)) >= numbers(version)
    except importlib.metadata.PackageNotFoundError:
        return False


def check_versions() -> list[str]:
    """What is older here than pyproject.toml asks for.

    Raises:
        SystemExit: something is missing.
    """
    versions, missing = {}, []
    for name in NEEDED:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        raise SystemExit(
            f"this Python lacks {', '.join(missing)}: run `python benchmarks/gpu_kit.py` where "
            f"there is a network, and bring the folder {KIT.name}/ here"
        )
    asked = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("]")[0]
    wanted = dict(line.strip(' ",').split(">=") for line in asked.splitlines() if ">=" in line)
    return [
        f"{name} {version} is older than {wanted[name]}, which pyproject.toml asks for: a failure "
        f"below may come from that"
        for name, version in versions.items()
        if name in wanted and numbers(version) < numbers(wanted[name])
    ]


def numbers(version: str) -> tuple[int, ...]:
    """2.11.0+cu130 as (2, 11, 0)."""
    plain = version.partition("+")[0].split(".")
    return tuple(int(each) for each in plain if each.isdigit())


BEGUN: list[subprocess.Popen[bytes]] = []
"""The parts' processes, each the first of a group of all that it begins itself."""


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a part and whatever it began: what trained on would slow the parts that come after."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def play(part: Part, options: argparse.Namespace, environment: dict[str, str]) -> dict[str, Any]:
    """One part in its own process; what it found until it ended or its bound was reached."""
    bound = options.bound or (QUICK if options.quick else part.seconds)
    found, log = options.out / f"{part.name}.jsonl", options.out / f"{part.name}.log"
    found.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--inside", part.name, "--out", options.out]
    command += ["--quick"] * options.quick + (["--long", options.long] if options.long else [])
    began = time.monotonic()
    environment = {**environment, "GANVAS_CACHE": str(options.out / "cache" / part.name)}
    with log.open("w") as stream:
        words = list(map(str, command))
        process = subprocess.Popen(
            words, stdout=stream, stderr=stream, env=environment, start_new_session=True
        )
        BEGUN.append(process)
        try:
            ended = f"exit {process.wait(bound)}"
        except subprocess.TimeoutExpired:
            ended = f"stopped at its bound of {bound} s"
        stop(process)
    lines = found.read_text().splitlines() if found.exists() else []
    report = {
        "part": part.name,
        "ended": ended,
        "seconds": round(time.monotonic() - began, 1),
        "found": [json.loads(line) for line in lines],
    }
    print("\n".join(summary(report, log)), flush=True)
    return report


def summary(report: dict[str, Any], log: Path) -> list[str]:
    """What a part found, line by line, and the end of its log if it failed."""
    lines = [f"== {report['part']}: {report['ended']}, {report['seconds']} s"]
    lines += [f"   {mark(each['ok'])} {each['what']}: {each['words']}" for each in report["found"]]
    if report["ended"] != "exit 0":
        lines += [f"   | {line}" for line in log.read_text().splitlines()[-12:]]
    return lines


def mark(ok: bool | None) -> str:
    """Whether something held; blank where it is only a figure."""
    return {True: "ok    ", False: "FAILED", None: "      "}[ok]


def rows(reports: list[dict[str, Any]], machine: str) -> str:
    """A table for RESULTS.md."""
    lines = [f"Machine: {machine}.", "", "| part | what | result |", "|---|---|---|"]
    for report in reports:
        for each in report["found"]:
            words = each["words"].replace("|", "/")
            failed = "**failed** " if each["ok"] is False else ""
            lines.append(f"| {report['part']} | {each['what']} | {failed}{words} |")
        if report["ended"] != "exit 0":
            lines.append(f"| {report['part']} | (all) | {report['ended']} |")
    return "\n".join(lines) + "\n"


MACHINE = """
import torch
on = torch.cuda.is_available()
name = torch.cuda.get_device_name() if on else "no GPU"
print(f"{name}, PyTorch {torch.__version__}, CUDA {torch.version.cuda if on else 'none'}")
"""


def check_all(options: argparse.Namespace) -> bool:
    """Play every part that was asked for; whether all went well."""
    environment = install_kit()
    for problem in check_versions():
        print(f"note: {problem}")
    words = [sys.executable, "-c", MACHINE]
    card = subprocess.run(words, capture_output=True, text=True, env=environment, check=True)
    machine = f"{card.stdout.strip()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    print(machine, flush=True)
    chosen = [part for part in PARTS if part.name in options.parts] + [LONG] * bool(options.long)
    reports: list[dict[str, Any]] = []

    def run(part: Part) -> None:
        reports.append(play(part, options, environment))

    beside = [part for part in chosen if part.beside]
    together = [threading.Thread(target=run, args=(part,), daemon=True) for part in beside]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    for part in chosen:
        if not part.beside:
            run(part)
    order = [part.name for part in chosen]
    reports.sort(key=lambda report: order.index(report["part"]))
    record = {"machine": machine, "quick": options.quick, "parts": reports}
    (options.out / "gpu.json").write_text(json.dumps(record, indent=1))
    (options.out / "rows.md").write_text(rows(reports, machine))
    print(f"\nresults: {options.out / 'gpu.json'}, {options.out / 'rows.md'}")
    well = [report["ended"] == "exit 0" for report in reports]
    return all(well) and all(each["ok"] is not False for r in reports for each in r["found"])


def inside(options: argparse.Namespace) -> None:
    """One part, in its own process."""
    sys.path.insert(0, str(HERE))
    module = importlib.import_module(f"gpu_parts.{options.inside}")
    with (options.out / f"{options.inside}.jsonl").open("a") as lines:

        def tell(what: str, words: str, ok: bool | None = None, **figures: Any) -> None:
            """Keep what was found at once: the part may be stopped at any moment."""
            lines.write(json.dumps({"what": what, "words": words, "ok": ok, **figures}) + "\n")
            lines.flush()

        module.measure(tell, options)


def names(text: str) -> list[str]:
    """Parts with commas between."""
    known, asked = [part.name for part in PARTS], text.split(",")
    if unknown := [name for name in asked if name not in known]:
        raise argparse.ArgumentTypeError(f"no part {unknown[0]!r}: there are {', '.join(known)}")
    return asked


def main() -> None:
    """Run the parts one after the other; exit code 1 if something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("gpu-results"))
    every = ",".join(part.name for part in PARTS)
    parser.add_argument("--parts", type=names, default=every, help="some, with commas between")
    parser.add_argument("--quick", action="store_true", help="small, on whatever device there is")
    parser.add_argument("--long", metavar="CIFAR", help="a folder or archive of CIFAR-10's images")
    parser.add_argument("--bound", type=float, help="seconds of every part, instead of its own")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.inside:
        inside(options)
        return
    try:
        sys.exit(0 if check_all(options) else 1)
    finally:
        for process in BEGUN:
            if process.poll() is None:
                stop(process)


if __name__ == "__main__":
    main()
