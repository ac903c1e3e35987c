"""The tests of ``tests/device``, with what each of them said."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Telling:
    """A plug-in that tells of each test as soon as it has ended."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self.tell = tell

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Report a test file that cannot be read."""
        if report.failed:
            self.tell(report.nodeid, why(report), False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Report a test, and how long it took."""
        name = report.location[2].removeprefix("test_").replace("_", " ")
        if not report.passed:
            self.tell(name, why(report), None if report.skipped else False)
        elif report.when == "call":
            self.tell(name, f"{report.duration:.1f} s", True)


def why(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The first line of what is wrong, or why it was skipped."""
    said = report.longrepr
    crash = getattr(said, "reprcrash", None)
    words = said[2] if isinstance(said, tuple) else str(said if crash is None else crash.message)
    return (words.splitlines() or [""])[0][:300]


def measure(tell: Callable[..., None], options: argparse.Namespace) -> None:
    """Run the tests of tests/device."""
    words = [str(ROOT / "tests" / "device"), "-q", "--tb=short", "-p", "no:cacheprovider"]
    words += [f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml"), "-o", "addopts="]
    code = pytest.main(words, plugins=[Telling(tell)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(int(code))
