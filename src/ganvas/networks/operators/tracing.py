"""Whether a forward is being written down: for ``torch.jit.trace``, an export or a compiler.

None of these sees into an ``autograd.Function`` of ours, nor into what Python decides by the size
of a batch. An operator that has either asks here, and then takes its plain form: PyTorch's own
operations alone, with the same results but for rounding.
"""

import torch


def traced() -> bool:
    """Whether a tracer, an exporter or a compiler follows the computation."""
    trace = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    return trace or torch.compiler.is_compiling()
