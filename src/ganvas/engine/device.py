"""Where a run lives: device, precision and memory format, decided once, then written down."""

import ctypes
import gc
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch

from ganvas.errors import UsageError

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "fp32", "bf16"]
MemoryFormat = Literal["auto", "contiguous", "channels-last"]


def choose_device(wanted: Device) -> torch.device:
    """The device that is wanted, or the best one there is.

    Raises:
        UsageError: a device that this machine does not have.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return torch.device(next(name for name, here in there.items() if here))
    if not there[wanted]:
        raise UsageError(f"this machine has no {wanted} device: use `device=auto` or cpu")
    return torch.device(wanted)


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 natively (on a CPU: AMX or AVX-512 BF16)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return False


def choose_precision(wanted: Precision, device: torch.device) -> Literal["fp32", "bf16"]:
    """``auto`` is bf16 where the hardware has it natively: a rule, so that runs can be repeated."""
    if wanted == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    return wanted


FIRST_THREADS = torch.get_num_threads()
"""PyTorch's number as this process found it; runs set their own."""


def available_threads() -> int:
    """How many CPU threads this process may keep busy.

    PyTorch's own number, or a container's share of the processors if that is less. (PyTorch does
    not know of such a limit, and many threads that wait for a share are far slower than few.)
    """
    return max(1, min(FIRST_THREADS, _quota() or FIRST_THREADS))


def _quota(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int | None:
    """Whole processors of a container's limit; None where there is none."""
    try:
        share, period = file.read_text().split()
        return max(1, int(share) // int(period))
    except (OSError, ValueError):
        return None


def keep_memory() -> None:
    """Let glibc keep freed memory instead of giving every large temporary back to the system.

    To get it back costs a page fault every 4 kB, about 5% of a CPU training step. Without glibc
    this does nothing.
    """
    trim_threshold, mmap_threshold, largest = -1, -3, 32 << 20
    mallopt = _glibc("mallopt")
    if mallopt is not None:
        mallopt(mmap_threshold, largest)
        mallopt(trim_threshold, 2**31 - 1)


def release_memory() -> None:
    """Give memory that was freed, but kept for later, back to the system and to the GPU."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _glibc(name: str) -> Any:
    """A function of the C library, if it is glibc's and has it."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


def choose_memory_format(wanted: MemoryFormat) -> Literal["contiguous", "channels-last"]:
    """``auto`` is channels-last, which the convolution kernels of CPUs and GPUs prefer."""
    return "channels-last" if wanted == "auto" else wanted


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was not enough, on whatever device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = ("allocate memory", "not enough memory", "out of memory")  # Linux, Windows, GPUs
    return isinstance(error, RuntimeError) and any(words in str(error) for words in said)


@contextmanager
def repeatable() -> Iterator[None]:
    """For a while, let cuDNN choose among those algorithms alone that give the same bits again."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all that it was given; a CPU always has."""
    if device.type != "cpu":
        torch.get_device_module(device).synchronize()


def processor(device: torch.device) -> str:
    """The name that the system gives the processor, and a CPU's instruction sets.

    For example ``Intel(R) Xeon(R) Platinum 8481C (AMX, AVX-512 bf16, AVX-512, AVX2)``.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.is_file() else []
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    name = " ".join(names[0].split()) if names else platform.processor() or platform.machine()
    able = instructions(torch.backends.cpu.get_cpu_capability())
    return f"{name} ({', '.join(able)})" if able else name


X86 = {
    "AMX": "_is_amx_tile_supported",
    "AVX-512 bf16": "_is_avx512_bf16_supported",
    "AVX-512": "_is_avx512_supported",
    "AVX2": "_is_avx2_supported",
}
"""Instruction sets that speeds and last bits depend on, and how PyTorch is asked for them."""


def instructions(used: str) -> list[str]:
    """The instruction sets of this CPU, the widest first.

    Args:
        used: what PyTorch's own kernels use, as it says itself. It is added where that is not the
            best there is, as under ``ATEN_CPU_CAPABILITY``, and stands alone where the CPU has none
            of the sets in ``X86`` (``SVE256``).
    """
    there = [name for name, ask in X86.items() if getattr(torch.cpu, ask)()]
    if not there:
        return [] if used in ("DEFAULT", "NO AVX") else [used]
    own = {"AVX512": "AVX-512", "AVX2": "AVX2"}.get(used, "none")
    widest = next((name for name in ("AVX-512", "AVX2") if name in there), "none")
    return there if own == widest else [*there, f"of which PyTorch uses {own}"]
