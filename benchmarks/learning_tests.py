"""Do the learning tests hold? Plays each from several seeds, and where rounding differs.

A game is chaotic: how one processor rounds decides where a seed ends. So a test that a game learns
must hold for any seed, well within its bound:

    python -m benchmarks.learning_tests [--seeds 5] [--only NAME] [--under NAME ...]

For each test the table has the largest share of a bound that its errors came to, seed by seed;
at 1.00 the test fails.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import pytest
import torch

from ganvas.engine.engine import Engine

UNDER = {
    "as it is": {},
    "bf16": {"LEARNING_BF16": "1"},
    "two threads": {"LEARNING_THREADS": "2", "OMP_NUM_THREADS": "2"},
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
    "SSE": {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"},
    "AVX-512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
}
"""How else the numbers may be rounded: environment variables."""


def pytest_configure(config: pytest.Config) -> None:
    """This file is a plug-in of the tests that it starts."""
    torch.set_num_threads(int(os.environ.get("LEARNING_THREADS", "1")))
    assert Engine.__init__.__kwdefaults__ is not None
    Engine.__init__.__kwdefaults__["bf16"] = "LEARNING_BF16" in os.environ


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the learning tests alone."""
    items[:] = [item for item in items if "within" in getattr(item, "fixturenames", ())]


def shares(seed: int, under: str, only: str) -> dict[str, float]:
    """The largest share of a bound of each learning test, from one seed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = ["-q", "-n0", "-p", "benchmarks.learning_tests", "-k", only]
        words += [f"--seed={seed}", f"--junitxml={report}"]
        files = [path for path in Path("tests").rglob("test_*.py") if "within(" in path.read_text()]
        subprocess.run(
            [sys.executable, "-m", "pytest", *words, *map(str, files)],
            env=os.environ | UNDER[under],
            stdout=subprocess.DEVNULL,
        )
        found: dict[str, float] = defaultdict(float)
        for case in ET.parse(report).iter("testcase"):
            for share in case.iter("property"):
                name = f"{case.attrib['classname'].split('.')[-1]} {case.attrib['name']}"
                found[name] = max(found[name], float(share.attrib["value"]))
    return found


def main() -> None:
    """Run them from several seeds, and print how near each came to its bound."""
    parser = argparse.ArgumentParser(description="Do the learning tests hold?")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="as pytest's -k")
    parser.add_argument("--under", nargs="+", choices=UNDER, default=["as it is"])
    asked = parser.parse_args()
    for under in asked.under:
        rows: dict[str, list[float]] = defaultdict(list)
        for seed in range(asked.seeds):
            for name, share in shares(seed, under, asked.only).items():
                rows[name].append(share)
                print(f"{under}, seed {seed}: {name} {share:.2f}", flush=True)
        for name, row in rows.items():
            print(f"| {under} | {name} | {' '.join(f'{share:.2f}' for share in row)} |")


if __name__ == "__main__":
    main()
