"""What a run remembers of its machine."""

import platform

import pytest
import torch

from ganvas.engine.device import processor
from ganvas.recipes.build.choices import Choices
from ganvas.store.record import Record
from ganvas.version import versions

CPU = Choices("cpu", "fp32", "contiguous", 1)


def recorded(machine: str) -> Record:
    return Record(CPU, (1, 8, 8), "f", "d", 1, "now", versions(), machine)


def here() -> str:
    return f"{processor(torch.device('cpu'))}, {platform.system()}"


def before() -> str:
    """As runs wrote it before they knew processors by name."""
    used = torch.backends.cpu.get_cpu_capability()
    return f"{platform.machine()} CPU ({used}), {platform.system()}"


@pytest.mark.parametrize("machine", [here, before])
def test_the_same_machine_makes_no_difference(machine) -> None:
    assert recorded(machine()).differences() == []


@pytest.mark.parametrize("machine", ["Intel(R) Xeon(R) (AMX), Linux", "riscv CPU (RVV), Linux"])
def test_another_processor_is_told(machine: str) -> None:
    (text,) = recorded(machine).differences()
    assert f"machine {machine}, now {here()}" in text
