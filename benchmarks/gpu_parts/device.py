"""The tests of ``tests/device``, with what each of them said."""

import argparse
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def measure(tell: Callable[..., None], options: argparse.Namespace) -> None:
    report = options.out / "device.xml"
    words = [sys.executable, "-m", "pytest", "tests/device", "-q", "-o", "addopts=", "--tb=short"]
    words += ["-p", "no:cacheprovider", f"--junitxml={report}"]
    subprocess.run(words, cwd=ROOT, check=False)
    for case in ET.parse(report).getroot().iter("testcase"):
        problem = next((case.find(kind) for kind in ("failure", "error", "skipped")
                        if case.find(kind) is not None), None)  # fmt: skip
        name = case.get("name", "").removeprefix("test_").replace("_", " ")
        if problem is None:
            tell(name, f"{float(case.get('time', 0)):.1f} s", True)
        else:
            why = (problem.get("message") or "").splitlines() or [""]
            tell(name, why[0][:300], None if problem.tag == "skipped" else False)
