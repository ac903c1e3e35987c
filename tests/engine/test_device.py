"""What is said of a processor."""

from pathlib import Path

import pytest
import torch

from ganvas.engine import device
from ganvas.engine.device import X86, instructions, processor


@pytest.mark.parametrize(
    ("has", "used", "words"),
    [
        (["AMX", "AVX-512 bf16", "AVX-512", "AVX2"], "AVX512", "AMX, AVX-512 bf16, AVX-512, AVX2"),
        (["AVX-512", "AVX2"], "AVX512", "AVX-512, AVX2"),
        (["AVX2"], "AVX2", "AVX2"),
        (["AVX-512", "AVX2"], "AVX2", "AVX-512, AVX2, of which PyTorch uses AVX2"),
        (["AVX2"], "DEFAULT", "AVX2, of which PyTorch uses none"),
        ([], "SVE256", "SVE256"),
        ([], "DEFAULT", ""),
    ],
)
def test_instruction_sets_are_those_there_and_what_is_used_of_them(
    monkeypatch, has, used, words
) -> None:
    for name, ask in X86.items():
        monkeypatch.setattr(torch.cpu, ask, lambda name=name: name in has)
    assert ", ".join(instructions(used)) == words


def test_they_are_what_the_kernel_says() -> None:
    known = Path("/proc/cpuinfo")
    flags = known.read_text().split() if known.is_file() else []
    if "avx2" not in flags:
        pytest.skip("needs Linux on an x86 processor, whose flags it reads")
    found = instructions(torch.backends.cpu.get_cpu_capability())
    expected = {"AMX": "amx_tile", "AVX-512 bf16": "avx512_bf16", "AVX2": "avx2"}
    for name, flag in expected.items():
        assert (name in found) == (flag in flags)


def test_a_name_has_no_gaps(monkeypatch, tmp_path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nmodel name\t: Intel(R)  Xeon(R)   CPU @ 2.70GHz\nflags : x\n")
    monkeypatch.setattr(device, "Path", lambda _: file)
    assert processor(torch.device("cpu")).startswith("Intel(R) Xeon(R) CPU @ 2.70GHz")
