"""How much memory playing takes beyond what was there before."""

import sys
from collections.abc import Callable
from pathlib import Path

import torch

from ganvas.engine.device import release_memory

STATUS = Path("/proc/self/status")


def watch(place: torch.device | str) -> Callable[[], int | None]:
    """Begin; what is returned tells, when called, by how many bytes memory grew at its peak.

    On CUDA this is memory of the device, as PyTorch allocated it. Elsewhere it is the process's
    resident memory; None where the system does not tell (Windows).
    """
    device = torch.device(place)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        return lambda: torch.cuda.max_memory_allocated(device) - before
    release_memory()
    resident, peak = _now(), _peak()
    if peak is None:
        return lambda: None
    start = peak if resident is None else resident

    def grown() -> int | None:
        now = _peak()
        return None if now is None else max(0, now - start)

    return grown


def _now() -> int | None:
    """Resident bytes; the peak starts from here afterwards. None outside Linux."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        return _status("VmRSS")
    except OSError:
        return None


def _peak() -> int | None:
    """The largest number of resident bytes so far."""
    if STATUS.is_file() and (known := _status("VmHWM")) is not None:
        return known
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _status(name: str) -> int | None:
    lines = STATUS.read_text().splitlines()
    found = next((line for line in lines if line.startswith(f"{name}:")), None)
    return None if found is None else int(found.split()[1]) * 1024
