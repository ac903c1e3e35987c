"""One small run for all tests of the command line in a file."""

from pathlib import Path

import pytest

from ganvas.cli.main import main

from .small import SMALL


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs")
    assert main(["train", *SMALL, "--out", str(out)]) == 0
    (path,) = out.iterdir()
    return path
